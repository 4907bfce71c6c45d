"""One function a statement on roles, databases, schemas and extensions: names and values in, SQL and its reason out.

Statements on rights are in `rights.py`, those on row policies in `row_statements.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import LiteralString

from psycopg import sql

from components.access import quoting as q
from components.access.model import Extension, Hazard, Membership, Phase, Role, Server, SettingsOf, Statement
from components.access.passwords import Verifier
from components.access.powers import Need

# Settings that are lists of names: the server keeps each element quoted by itself, so they are given one by one.
LIST_SETTINGS = frozenset(
    {
        "search_path",
        "temp_tablespaces",
        "local_preload_libraries",
        "session_preload_libraries",
        "shared_preload_libraries",
        "unix_socket_directories",
    }
)
_ATTRIBUTES: tuple[tuple[str, LiteralString, LiteralString], ...] = (
    ("login", "LOGIN", "NOLOGIN"),
    ("superuser", "SUPERUSER", "NOSUPERUSER"),
    ("inherit", "INHERIT", "NOINHERIT"),
    ("createdb", "CREATEDB", "NOCREATEDB"),
    ("createrole", "CREATEROLE", "NOCREATEROLE"),
    ("replication", "REPLICATION", "NOREPLICATION"),
    ("bypassrls", "BYPASSRLS", "NOBYPASSRLS"),
)


def _over(role: str) -> tuple[Need, ...]:
    return (Need("administer", role),)


def _as(role: str) -> tuple[Need, ...]:
    return (Need("use", role),) if role else ()


def _both(owner: str, before: str) -> tuple[Need, ...]:
    return (*_as(owner), *_as(before))


def join(role: str, server: Server) -> Statement:
    """GRANT role TO the login in use, which must have an owner's rights to work on what it owns."""
    given = grant_memberships([Membership(role, server.me, inherit=True)], server.version)
    return dataclasses.replace(given, why=f"{server.me} is no superuser and works on what {role} owns")


def create_role(role: Role, verifier: Verifier | None) -> Statement:
    """CREATE ROLE with all that differs from PostgreSQL's defaults."""
    options = _options(Role(name=role.name), role, verifier)
    text = q.text("CREATE ROLE {}{}", q.name(role.name), options)
    return Statement(
        sql=text, why=f"role {role.name} is declared and not there", phase=Phase.STRUCTURE, needs=(Need("create role"),)
    )


def alter_role(before: Role, after: Role, verifier: Verifier | None) -> Statement:
    """ALTER ROLE with exactly what differs."""
    changed = [name for name, _, _ in _ATTRIBUTES if getattr(before, name) != getattr(after, name)]
    changed += [
        name
        for name in ("connection_limit", "valid_until", "password")
        if getattr(before, name) != getattr(after, name)
    ]
    text = q.text("ALTER ROLE {}{}", q.name(after.name), _options(before, after, verifier))
    return Statement(
        sql=text,
        why=f"{', '.join(changed)} of role {after.name} differs",
        phase=Phase.STRUCTURE,
        needs=_over(after.name),
    )


def _options(before: Role, after: Role, verifier: Verifier | None) -> sql.Composable:
    parts: list[sql.Composable] = [
        sql.SQL(yes if getattr(after, attribute) else no)
        for attribute, yes, no in _ATTRIBUTES
        if getattr(after, attribute) != getattr(before, attribute)
    ]
    if after.connection_limit != before.connection_limit:
        parts.append(sql.SQL("CONNECTION LIMIT {}").format(q.value(after.connection_limit)))
    if after.valid_until != before.valid_until:
        until = f"{after.valid_until}+00" if after.valid_until else "infinity"
        parts.append(sql.SQL("VALID UNTIL {}").format(q.value(until)))
    if after.password != before.password:
        parts.append(sql.SQL("PASSWORD {}").format(q.value(verifier.reveal() if verifier else None)))
    return sql.Composed([sql.SQL(" ") + part for part in parts])


def comment_on_role(role: Role) -> Statement:
    """COMMENT ON ROLE; None removes it."""
    text = q.text("COMMENT ON ROLE {} IS {}", q.name(role.name), q.value(role.comment))
    return Statement(
        sql=text, why=f"the comment of role {role.name} differs", phase=Phase.STRUCTURE, needs=_over(role.name)
    )


def grant_memberships(edges: Sequence[Membership], version: int) -> Statement:
    """GRANT one role TO roles, with equal options; before PostgreSQL 16 only ADMIN can be said of one membership."""
    edge = edges[0]
    if version >= 160000:
        flags = f"INHERIT {edge.inherit}, SET {edge.set}, ADMIN {edge.admin}".upper()
        options = sql.SQL(f" WITH {flags}")
    else:
        options = sql.SQL(" WITH ADMIN OPTION" if edge.admin else "")
    text = q.text("GRANT {} TO {}{}", q.name(edge.role), q.names(one.member for one in edges), options)
    declared = f"{edge.member} is declared a member" if len(edges) == 1 else f"{len(edges)} roles are declared members"
    return Statement(sql=text, why=f"{declared} of {edge.role}", phase=Phase.STRUCTURE, needs=_over(edge.role))


def revoke_memberships(edges: Sequence[Membership], server: Server, *, option: str = "") -> Statement:
    """REVOKE one role, or one option of it, FROM roles. Since PostgreSQL 16 a REVOKE reaches one grantor's grant."""
    edge = edges[0]
    what = sql.SQL(f"{option.upper()} OPTION FOR ") if option else sql.SQL("")
    by = sql.SQL(" GRANTED BY {}").format(q.name(edge.grantor)) if edge.grantor and server.major >= 16 else sql.SQL("")
    text = q.text("REVOKE {}{} FROM {}{}", what, q.name(edge.role), q.names(one.member for one in edges), by)
    said = {"": "a member of", "admin": "to grant", "inherit": "to inherit", "set": "to SET ROLE to"}[option]
    given = f", given by {edge.grantor}" if by.as_string(None) else ""
    who = f"{edge.member} is" if len(edges) == 1 else f"{len(edges)} roles are"
    return Statement(
        sql=text,
        why=f"{who} not declared {said} {edge.role}{given}",
        phase=Phase.STRUCTURE,
        needs=(*_over(edge.role), *_as(edge.grantor)),
    )


def set_setting(of: SettingsOf, setting: str, content: str) -> Statement:
    """ALTER ROLE ... [IN DATABASE ...] SET."""
    values = list_items(content) if setting.lower() in LIST_SETTINGS else [content]
    text = q.text(
        "ALTER ROLE {}{} SET {} TO {}",
        q.name(of.role),
        _in_database(of),
        _setting(setting),
        sql.SQL(", ").join(q.value(item) for item in values),
    )
    return Statement(sql=text, why=f"{setting} of {_whose(of)} differs", phase=_phase(of), needs=_over(of.role))


def reset_setting(of: SettingsOf, setting: str) -> Statement:
    """ALTER ROLE ... [IN DATABASE ...] RESET."""
    text = q.text("ALTER ROLE {}{} RESET {}", q.name(of.role), _in_database(of), _setting(setting))
    return Statement(sql=text, why=f"{setting} of {_whose(of)} is not declared", phase=_phase(of), needs=_over(of.role))


def list_items(content: str) -> list[str]:
    """The elements of a list of names, unquoted."""
    items = []
    for item in content.split(","):
        bare = item.strip()
        quoted = len(bare) > 1 and bare[0] == bare[-1] == '"'
        items.append(bare[1:-1].replace('""', '"') if quoted else bare)
    return items


def _setting(name: str) -> sql.Composable:
    """app.tenant is one setting whose name has two parts."""
    return q.name(*name.split("."))


def _in_database(of: SettingsOf) -> sql.Composable:
    return sql.SQL(" IN DATABASE {}").format(q.name(of.database)) if of.database else sql.SQL("")


def _whose(of: SettingsOf) -> str:
    return f"role {of.role} in database {of.database}" if of.database else f"role {of.role}"


def _phase(of: SettingsOf) -> Phase:
    """A database is there only after its CREATE, which runs apart."""
    return Phase.DEFAULTS if of.database else Phase.STRUCTURE


def create_database(name: str, owner: str) -> Statement:
    """CREATE DATABASE, which no transaction can hold."""
    text = q.text("CREATE DATABASE {} OWNER {}", q.name(name), q.name(owner))
    return Statement(
        sql=text,
        why=f"database {name} is declared and not there",
        phase=Phase.APART,
        needs=(Need("create database"), *_as(owner)),
    )


def close_database(name: str) -> Statement:
    """PUBLIC out of a database just made, before anybody gets in."""
    text = q.text("REVOKE ALL ON DATABASE {} FROM PUBLIC", q.name(name))
    return Statement(sql=text, why=f"harden: database {name} is new and open to PUBLIC", phase=Phase.DEFAULTS)


def alter_database_owner(name: str, owner: str, before: str) -> Statement:
    """ALTER DATABASE ... OWNER TO."""
    text = q.text("ALTER DATABASE {} OWNER TO {}", q.name(name), q.name(owner))
    return Statement(
        sql=text, why=f"database {name} has another owner", phase=Phase.STRUCTURE, needs=_both(owner, before)
    )


def create_schema(name: str, owner: str) -> Statement:
    """CREATE SCHEMA ... AUTHORIZATION."""
    text = q.text("CREATE SCHEMA {} AUTHORIZATION {}", q.name(name), q.name(owner))
    return Statement(sql=text, why=f"schema {name} is declared and not there", phase=Phase.STRUCTURE, needs=_as(owner))


def alter_schema_owner(name: str, owner: str, before: str) -> Statement:
    """ALTER SCHEMA ... OWNER TO."""
    text = q.text("ALTER SCHEMA {} OWNER TO {}", q.name(name), q.name(owner))
    return Statement(
        sql=text, why=f"schema {name} has another owner", phase=Phase.STRUCTURE, needs=_both(owner, before)
    )


def create_extension(wanted: Extension) -> Statement:
    """CREATE EXTENSION with its schema always said: what search_path would choose is nobody's choice."""
    where = sql.SQL(" SCHEMA {}").format(q.name(wanted.schema)) if wanted.schema else sql.SQL("")
    version = sql.SQL(" VERSION {}").format(q.value(wanted.version)) if wanted.version else sql.SQL("")
    text = q.text("CREATE EXTENSION {}{}{}", q.name(wanted.name), where, version)
    return Statement(sql=text, why=f"extension {wanted.name} is declared and not there", phase=Phase.STRUCTURE)


def update_extension(wanted: Extension, before: str) -> Statement:
    """ALTER EXTENSION ... UPDATE TO."""
    text = q.text("ALTER EXTENSION {} UPDATE TO {}", q.name(wanted.name), q.value(wanted.version))
    why = f"extension {wanted.name} is at {before}"
    return Statement(sql=text, why=why, phase=Phase.STRUCTURE)


def move_extension(name: str, schema: str, before: str | None) -> Statement:
    """ALTER EXTENSION ... SET SCHEMA."""
    text = q.text("ALTER EXTENSION {} SET SCHEMA {}", q.name(name), q.name(schema))
    why = f"extension {name} is in schema {before}"
    return Statement(sql=text, why=why, phase=Phase.STRUCTURE, hazard=Hazard.MOVES_EXTENSION)
