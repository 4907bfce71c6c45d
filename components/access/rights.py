"""One function a statement on rights: GRANT, REVOKE and ALTER DEFAULT PRIVILEGES."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import LiteralString

from psycopg import sql

from components.access import quoting as q
from components.access.model import RELATIONS, Default, Hazard, Object, Phase, Statement

# What GRANT calls the kinds of object.
_NOUNS: dict[str, LiteralString] = {
    "database": "DATABASE",
    "schema": "SCHEMA",
    "relation": "TABLE",
    "sequence": "SEQUENCE",
    "routine": "ROUTINE",
    "type": "TYPE",
    "language": "LANGUAGE",
    "foreign data wrapper": "FOREIGN DATA WRAPPER",
    "foreign server": "FOREIGN SERVER",
    "large object": "LARGE OBJECT",
    "parameter": "PARAMETER",
    "tablespace": "TABLESPACE",
}
_DEFAULT_NOUNS: dict[str, LiteralString] = {
    "tables": "TABLES",
    "sequences": "SEQUENCES",
    "functions": "FUNCTIONS",
    "types": "TYPES",
}
_ON_RELATIONS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")
_PRIVILEGES = frozenset((*_ON_RELATIONS, "USAGE", "CREATE", "EXECUTE", "CONNECT", "TEMPORARY", "SET", "ALTER SYSTEM"))


def family(kind: str) -> str:
    """Kinds that one GRANT can name together."""
    return "relation" if kind in RELATIONS else kind


def grant(privileges: Iterable[str], objects: Sequence[Object], grantees: Iterable[str]) -> Statement:
    """Gives privileges on objects of one family to roles."""
    who = sorted(grantees)
    text = q.text("GRANT {} ON {} TO {}", _words(privileges), _objects(objects), q.roles(who))
    return Statement(sql=text, why=f"{_people(who)} may {_said(privileges)} {_things(objects)}")


def revoke(
    privileges: Iterable[str],
    objects: Sequence[Object],
    grantees: Iterable[str],
    *,
    grantor: str = "",
    grant_option_only: bool = False,
    hazard: Hazard | None = None,
) -> Statement:
    """Takes privileges, or only the right to pass them on. A grant of a third role is taken back as that role."""
    who = sorted(grantees)
    template: LiteralString = (
        "REVOKE GRANT OPTION FOR {} ON {} FROM {}" if grant_option_only else "REVOKE {} ON {} FROM {}"
    )
    text = q.text(template, _words(privileges), _objects(objects), q.roles(who))
    given = f", given by {grantor}" if grantor else ""
    verb = "pass on" if grant_option_only else ""
    why = f"not declared: {_people(who)} may {verb}{' ' if verb else ''}{_said(privileges)} {_things(objects)}{given}"
    return Statement(sql=text, why=why, run_as=grantor or None, hazard=hazard)


def grant_columns(columns: Iterable[tuple[str, Sequence[str]]], table: Object, grantees: Iterable[str]) -> Statement:
    """Gives privileges on columns: pairs of a privilege and its columns."""
    who = sorted(grantees)
    text = q.text("GRANT {} ON TABLE {} TO {}", _column_words(columns), q.name(table.schema, table.name), q.roles(who))
    return Statement(sql=text, why=f"{_people(who)} may use some columns of {table.schema}.{table.name}")


def revoke_columns(
    columns: Iterable[tuple[str, Sequence[str]]], table: Object, grantees: Iterable[str], *, grantor: str = ""
) -> Statement:
    """Takes privileges on columns."""
    who = sorted(grantees)
    target = q.name(table.schema, table.name)
    text = q.text("REVOKE {} ON TABLE {} FROM {}", _column_words(columns), target, q.roles(who))
    why = f"not declared: {_people(who)} may use columns of {table.schema}.{table.name}"
    return Statement(sql=text, why=why, run_as=grantor or None)


def default_grant(privileges: Iterable[str], defaults: Default, grantees: Iterable[str]) -> Statement:
    """ALTER DEFAULT PRIVILEGES ... GRANT: what objects of a creator will be born with."""
    who = sorted(grantees)
    text = q.text(
        "ALTER DEFAULT PRIVILEGES FOR ROLE {}{} GRANT {} ON {} TO {}",
        q.name(defaults.creator),
        _in_schema(defaults),
        _words(privileges),
        sql.SQL(_DEFAULT_NOUNS[defaults.kind]),
        q.roles(who),
    )
    why = f"{_people(who)} may {_said(privileges)} {defaults.kind} that {defaults.creator} will make{_where(defaults)}"
    return Statement(sql=text, why=why, phase=Phase.DEFAULTS)


def default_revoke(privileges: Iterable[str], defaults: Default, grantees: Iterable[str]) -> Statement:
    """ALTER DEFAULT PRIVILEGES ... REVOKE."""
    who = sorted(grantees)
    text = q.text(
        "ALTER DEFAULT PRIVILEGES FOR ROLE {}{} REVOKE {} ON {} FROM {}",
        q.name(defaults.creator),
        _in_schema(defaults),
        _words(privileges),
        sql.SQL(_DEFAULT_NOUNS[defaults.kind]),
        q.roles(who),
    )
    why = f"not declared: {_people(who)} would {_said(privileges)} {defaults.kind} of {defaults.creator}"
    return Statement(sql=text, why=f"{why}{_where(defaults)}", phase=Phase.DEFAULTS)


def _in_schema(defaults: Default) -> sql.Composable:
    return sql.SQL(" IN SCHEMA {}").format(q.name(defaults.schema)) if defaults.schema else sql.SQL("")


def _where(defaults: Default) -> str:
    return f" in schema {defaults.schema}" if defaults.schema else " in any schema"


def _words(privileges: Iterable[str]) -> sql.Composable:
    chosen = sorted(privileges)
    assert _PRIVILEGES.issuperset(chosen), chosen
    return q.words(chosen)


def _column_words(columns: Iterable[tuple[str, Sequence[str]]]) -> sql.Composable:
    parts = [sql.SQL("{} ({})").format(_words([privilege]), q.names(named)) for privilege, named in columns]
    return sql.SQL(", ").join(parts)


def _objects(objects: Sequence[Object]) -> sql.Composable:
    kind = family(objects[0].kind)
    return sql.SQL("{} {}").format(sql.SQL(_NOUNS[kind]), sql.SQL(", ").join(_reference(one) for one in objects))


def _reference(item: Object) -> sql.Composable:
    if item.kind == "large object":
        return q.value(int(item.name))
    if item.kind == "parameter":  # app.tenant is one parameter whose name has two parts
        return q.name(*item.name.split("."))
    plain = q.name(*(part for part in (item.schema, item.name) if part))
    # The argument types are the server's own text, which it quotes where it must.
    return plain + sql.SQL(f"({item.detail})") if item.kind == "routine" else plain


def _people(grantees: Sequence[str]) -> str:
    return ", ".join(grantees) if len(grantees) <= 4 else f"{len(grantees)} roles"


def _said(privileges: Iterable[str]) -> str:
    return ", ".join(sorted(privileges)).lower()


def _things(objects: Sequence[Object]) -> str:
    if len(objects) > 2:
        kinds = {family(one.kind) for one in objects}
        noun = {"relation": "tables", "routine": "functions"}.get(kinds.pop(), f"{objects[0].kind}s")
        return f"{len(objects)} {noun} in {objects[0].schema or 'the database'}"
    outside = "" if objects[0].schema or objects[0].kind in ("schema", "database") else f"{objects[0].kind} "
    return outside + ", ".join(map(str, objects))
