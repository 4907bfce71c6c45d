"""Names that AWS takes, and would not lower-case or refuse an hour later."""

from __future__ import annotations

import re
from collections.abc import Iterator

from components.settings.finding import Finding
from components.settings.model import Settings
from components.settings.rds.replicas import identifier, replica_identifier, replicas

IDENTIFIER = re.compile(r"[a-z](-?[a-z0-9])*")
DATABASE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
HOST = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
ROLE = re.compile(r"[\w+=,.@-]{1,64}")
LONGEST_IDENTIFIER, LONGEST_USERNAME, LONGEST_DATABASE, LONGEST_TAG = 63, 16, 63, 256
TAGS = 45  # AWS takes 50; ours are among them

# PostgreSQL's reserved words (its appendix C, category "reserved"), none of which RDS takes as a user or database.
WORDS = """
all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
column concurrently constraint create cross current_catalog current_date current_role current_schema
current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for
foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral
leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps
placing primary references returning right select session_user similar some symmetric system_user table
tablesample then to trailing true union unique user using variadic verbose when where window with
"""
RESERVED = frozenset(WORDS.split())
GUESSED = frozenset({"postgres", "admin", "administrator", "root", "master", "dba", "superuser", "test", "guest"})


def identifiers(settings: Settings) -> Iterator[Finding]:
    """Of the instance or cluster, and of each replica behind it."""
    name = identifier(settings)
    own = ("rds", "identifier") if settings.rds.identifier else ("name",)
    yield from _identifier(own, name)
    for index, replica in enumerate(replicas(settings)):
        whole = replica_identifier(settings, replica)
        if len(whole) > LONGEST_IDENTIFIER >= len(name):
            path = ("rds", "replicas", str(index), "name") if settings.rds.replicas is not None else own
            yield Finding(
                path,
                f"makes the identifier {whole!r} of {len(whole)} characters; allowed are {LONGEST_IDENTIFIER}; shorten"
                " it, or the identifier before it",
            )


def _identifier(path: tuple[str, ...], name: str) -> Iterator[Finding]:
    if len(name) > LONGEST_IDENTIFIER:
        yield Finding(path, f"found {len(name)} characters; allowed are {LONGEST_IDENTIFIER}; shorten it")
    elif not IDENTIFIER.fullmatch(name):
        nearest = re.sub(r"-+", "-", re.sub(r"[^a-z0-9]", "-", name.lower())).strip("-0123456789") or "main"
        yield Finding(
            path,
            f"found {name!r}; allowed are small letters, digits and single inner hyphens, first a letter (RDS would"
            f" change anything else, and differ from this file for ever); take {nearest!r}",
        )


def user_name(settings: Settings) -> Iterator[Finding]:
    """RDS's master user."""
    name, path = settings.rds.username, ("rds", "username")
    if not DATABASE.fullmatch(name) or len(name) > LONGEST_USERNAME:
        yield Finding(
            path,
            f"found {name!r}; allowed are 1 to {LONGEST_USERNAME} letters, digits and underscores, first a letter;"
            " choose another name",
        )
    elif name.lower() in RESERVED or name.lower().startswith(("pg_", "rds")):
        yield Finding(path, f"found {name!r}, which PostgreSQL or RDS keeps for itself; choose another name")
    elif name.lower() in GUESSED:
        yield Finding(
            path, f"found {name!r}, a name that everybody tries first; choose one of your own, such as platform_admin"
        )


def database_name(settings: Settings) -> Iterator[Finding]:
    """The database that RDS makes with the instance."""
    name = settings.rds.database
    if name is None:
        return
    if not DATABASE.fullmatch(name) or len(name) > LONGEST_DATABASE:
        yield Finding(
            ("rds", "database"),
            f"found {name!r}; allowed are 1 to {LONGEST_DATABASE} letters, digits and underscores, first a letter",
        )
    elif name.lower() in RESERVED or name.lower() in ("postgres", "rdsadmin", "template0", "template1"):
        yield Finding(
            ("rds", "database"), f"found {name!r}, which PostgreSQL or RDS has already; choose another or remove it"
        )


def iam_logins(settings: Settings) -> Iterator[Finding]:
    """Names of IAM roles; logins by token need IAM authentication, and are not the administrator's."""
    if settings.rds.iam.logins and not settings.rds.iam.enabled:
        yield Finding(
            ("rds", "iam", "enabled"), "found false, but rds.iam.logins names logins by token; set it to true"
        )
    for login, roles in settings.rds.iam.logins.items():
        if login == settings.rds.username:
            yield Finding(
                ("rds", "iam", "logins", login),
                "is the administrator, whose password login rds_iam would turn off; give the token to a login of its"
                " own",
            )
        for index, role in enumerate(roles):
            if not ROLE.fullmatch(role):
                yield Finding(
                    ("rds", "iam", "logins", login, str(index)),
                    f"found {role!r}; allowed is the name of an IAM role, 1 to 64 letters, digits and + = , . @ - _"
                    " (no ARN)",
                )


def dns_names(settings: Settings) -> Iterator[Finding]:
    """Host names, each once, and a hosted zone's ID."""
    dns = settings.rds.dns
    if dns is None:
        return
    if not re.fullmatch(r"Z[A-Z0-9]{4,31}", dns.zone):
        yield Finding(
            ("rds", "dns", "zone"), f"found {dns.zone!r}; allowed is the ID of a hosted zone, such as Z0123456"
        )
    seen: dict[str, str] = {}
    for field in ("writer", "reader", "pooled", "pooled_reader"):
        name = getattr(dns, field)
        if name is None:
            continue
        if not HOST.fullmatch(name):
            yield Finding(("rds", "dns", field), f"found {name!r}; allowed is a full host name in small letters")
        elif name in seen:
            yield Finding(("rds", "dns", field), f"found {name!r}, the name of {seen[name]}; give each its own")
        elif field.startswith("pooled") and settings.rds.pooler.kind == "none":
            yield Finding(("rds", "dns", field), "has nothing to point at: rds.pooler.kind is none; remove it")
        seen.setdefault(name, field)


def tags(settings: Settings) -> Iterator[Finding]:
    """What AWS takes as tags, and does not keep for itself."""
    if len(settings.rds.tags) > TAGS:
        yield Finding(("rds", "tags"), f"found {len(settings.rds.tags)} tags; allowed are {TAGS}; remove some")
    for key, value in settings.rds.tags.items():
        if key.lower().startswith("aws:") or not 1 <= len(key) <= LONGEST_TAG // 2 or len(value) > LONGEST_TAG:
            yield Finding(
                ("rds", "tags", key),
                "allowed are keys of 1 to 128 characters that do not begin with aws:, and values of up to 256",
            )


def parameter_group_name(name: str) -> str | None:
    """What is wrong with the name of a parameter group, as a sentence; None when nothing is."""
    if len(name) > 255 or not IDENTIFIER.fullmatch(name):
        return (
            f"found {name!r}; a parameter group's name has up to 255 small letters, digits and single inner hyphens,"
            " first a letter, and no dot"
        )
    return None


def final_snapshot_name(name: str) -> str | None:
    """What is wrong with the name of the last snapshot, as a sentence; None when nothing is."""
    if len(name) > 255 or not IDENTIFIER.fullmatch(name.lower()):
        return (
            f"found {name!r}; a snapshot's name has up to 255 letters, digits and single inner hyphens, first a letter"
        )
    return None


def password_problem(password: str) -> str | None:
    """What is wrong with an administrator's password; the sentence never holds it."""
    if not 8 <= len(password) <= 128:
        return "has a length that RDS refuses; allowed are 8 to 128 characters"
    if any(not 33 <= ord(letter) <= 126 or letter in '/"@' for letter in password):
        return 'holds a character that RDS refuses; allowed are printable ASCII characters but / " @ and the space'
    return None


RULES = (identifiers, user_name, database_name, iam_logins, dns_names, tags)
