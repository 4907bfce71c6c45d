"""Reads what there is: two statements, whatever the size of the server. Takes no lock that anybody waits for."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg.errors import InsufficientPrivilege

from components.access import model
from components.access.model import Access, Acl, Cluster, Default, Facts, Grant, Object, Policy, Table
from components.access.powers import Powers
from components.access.retiring import Retiring

Connection = psycopg.Connection[Any]

# Logins of the platform itself, which must get into every database however hardened: PgBouncer asks for a client's
# verifier in the very database that the client wants.
INFRASTRUCTURE = ("pgbouncer",)
_QUERIES = Path(__file__).parent / "queries"
_SINCE = re.compile(rb" -- (\d\d)$", re.MULTILINE)
_COMMANDS = {"*": "all", "r": "select", "a": "insert", "w": "update", "d": "delete"}


def server(connection: Connection, extensions: Iterable[str] = ()) -> model.Server:
    """Version, login, and which of `extensions` the server could have."""
    read = _read(connection, "server", extensions=sorted(extensions), infrastructure=list(INFRASTRUCTURE))
    available = {
        name: model.Available(
            default=one["default"],
            versions=one["versions"],
            requires=tuple(sorted(one["requires"] or ())),
            untrusted=one["untrusted"],
        )
        for name, one in (read["available"] or {}).items()
    }
    return model.Server(
        version=read["version"],
        me=read["me"],
        powers=_powers(read["powers"]),
        available=available,
        preloaded=read["preloaded"],
        cron_database=read["cron_database"],
        connections=read["connections"],
        infrastructure=tuple(sorted(read["infrastructure"] or ())),
    )


def _powers(read: Mapping[str, Any] | None) -> Powers | None:
    if read is None:
        return None
    known: dict[str, Any] = {
        word: frozenset(found or ()) for word, found in read.items() if not isinstance(found, bool)
    }
    return Powers(**{**read, **known})


def cluster(
    connection: Connection,
    *,
    roles: Iterable[str],
    databases: Iterable[str],
    groups: Iterable[str] = (),
    retired: Iterable[str] = (),
) -> tuple[Cluster, frozenset[str]]:
    """The named roles and databases as they are, and which of `groups` exist."""
    names = sorted(roles)
    named = {"databases": sorted(databases), "groups": sorted(groups), "retired": sorted(retired)}
    read = _read(connection, "cluster", roles=names, **named)
    digests = _password_digests(connection, names)
    found = Cluster(
        roles={
            row[0]: _role(row, model.UNREADABLE if digests is None else digests.get(row[0]))
            for row in read["roles"] or ()
        },
        memberships=frozenset(_membership(row) for row in read["members"] or ()),
        settings={
            model.SettingsOf(role, database or ""): dict(entry.split("=", 1) for entry in entries)
            for role, database, entries in read["settings"] or ()
        },
        databases=frozenset(read["databases"] or ()),
        outside=_outside(read["objects"] or ()),
        retiring={name: _retiring(*rest) for name, *rest in read["retiring"] or ()},
    )
    return found, frozenset(read["groups"] or ())


def database(
    connection: Connection,
    known: model.Server,
    *,
    schemas: Iterable[str],
    row_security: Iterable[str] = (),
    named: Iterable[str] = (),
) -> tuple[Access, Facts]:
    """The access of the connection's database, in `schemas`; columns only of `row_security`'s tables.

    `named` are objects outside schemas, as kind/name, that are read even if an extension brought them.
    """
    words = {"row_security": sorted(row_security), "named": sorted(named)}
    read = _read(connection, "database", schemas=sorted(schemas), **words)
    acls, owners = _acls(read)
    access = Access(
        database=connection.info.dbname,
        acls=acls,
        owners=owners,
        extensions={
            name: model.Extension(name=name, version=version, schema=schema)
            for name, version, schema in read["extensions"] or ()
        },
        defaults={
            Default(creator, schema, kind): frozenset(Grant(*entry) for entry in entries)
            for creator, schema, kind, entries in read["defaults"] or ()
        },
        security={Table(*row[:2]): model.Security(*row[2:]) for row in read["security"] or ()},
        policies=_policies(read["policies"] or ()),
    )
    return access, _facts(read, known)


def _read(connection: Connection, query: str, **parameters: Any) -> dict[str, Any]:
    major = connection.info.server_version // 10000
    row = connection.execute(_query(query, major), parameters).fetchone()
    assert row is not None
    found: dict[str, Any] = json.loads(row[0] or "{}")
    return found


@cache
def _query(name: str, major: int) -> bytes:
    """Less the lines that end in the number of a later major: a catalog cannot be asked where it is not."""
    lines = (_QUERIES / f"{name}.sql").read_bytes().splitlines(keepends=True)
    return b"".join(line for line in lines if not (found := _SINCE.search(line)) or int(found[1]) <= major)


def _password_digests(connection: Connection, roles: list[str]) -> dict[str, str | None] | None:
    """None where they may not be read: some services refuse it to whom the server's own rights would let in."""
    allowed = connection.execute("SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT')").fetchone()
    if not (allowed and allowed[0]):
        return None
    try:
        with connection.transaction():
            return _read(connection, "passwords", roles=roles)
    except InsufficientPrivilege:
        return None


def _role(row: list[Any], password: str | None) -> model.Role:
    return model.Role(
        name=row[0],
        login=row[1],
        superuser=row[2],
        inherit=row[3],
        createdb=row[4],
        createrole=row[5],
        replication=row[6],
        bypassrls=row[7],
        connection_limit=row[8],
        valid_until=row[9],
        comment=row[10],
        password=password,
    )


def _outside(rows: Iterable[list[Any]]) -> Access:
    acls, owners = {}, {}
    for kind, name, owner, entries in rows:
        item = Object(kind, "", name)
        acls[item] = frozenset(Grant(*entry) for entry in entries or ())
        owners[item] = owner
    return Access(database="", acls=acls, owners=owners)


def _retiring(
    login: bool, sessions: int, databases: list[str] | None, closed: list[str] | None, shared: bool
) -> Retiring:
    return Retiring(
        login=login,
        sessions=sessions,
        databases=tuple(sorted(databases or ())),
        closed=tuple(sorted(closed or ())),
        shared=shared,
    )


def _membership(row: list[Any]) -> model.Membership:
    role, member, member_inherits, admin, inherit, may_set, grantor = row
    return model.Membership(
        role,
        member,
        inherit=member_inherits if inherit is None else inherit,
        set=True if may_set is None else may_set,
        admin=admin,
        grantor=grantor or "",
    )


def _acls(read: Mapping[str, Any]) -> tuple[dict[Object, Acl], dict[Object, str]]:
    """Every object's ACL; objects of one ACL share one value, which the plan makes use of."""
    entries: dict[int, list[Grant]] = defaultdict(list)
    for number, *grant in read["acls"] or ():
        entries[number].append(Grant(*grant))
    acls: dict[Object, Acl] = {}
    owners: dict[Object, str] = {}
    shared: dict[Acl, Acl] = {}
    for number, kind, owner, objects in read["objects"] or ():
        acl = frozenset(entries.get(number, ()))
        acl = shared.setdefault(acl, acl)
        for place in objects:
            item = Object(kind, *place)
            acls[item], owners[item] = acl, owner
    return acls, owners


def _policies(rows: Iterable[list[Any]]) -> dict[Table, dict[str, Policy]]:
    found: dict[Table, dict[str, Policy]] = defaultdict(dict)
    for schema, table, name, command, permissive, roles, using, check in rows:
        found[Table(schema, table)][name] = Policy(
            name=name,
            command=_COMMANDS[command],
            permissive=permissive,
            roles=tuple(sorted(roles)),
            using=using,
            check=check,
        )
    return dict(found)


def _facts(read: Mapping[str, Any], known: model.Server) -> Facts:
    relations = {
        Table(schema, name): model.Relation(
            columns=columns or {},
            indexed=frozenset(indexed or ()),
            partition_of=Table(*parent) if parent else None,
            uniques=tuple((called, tuple(of or ())) for called, of in uniques or ()),
            references=tuple((called, tuple(of), Table(*there)) for called, of, *there in references or ()),
        )
        for schema, name, columns, indexed, parent, uniques, references in read["relations"] or ()
    }
    return Facts(
        server=known,
        exists=True,
        relations=relations,
        routines={
            Object("routine", schema, name, types): model.Routine(owner=owner, settings=tuple(settings or ()))
            for schema, name, types, owner, settings in read["routines"] or ()
        },
        definer_views={
            Object("view", schema, name): frozenset(Table(*table) for table in tables or ())
            for schema, name, tables in read["definer_views"] or ()
        },
        sessions=read["sessions"] or {},
        members=_by_member(read["memberships"] or ()),
        bypass=frozenset(read["bypass"] or ()),
        superusers=frozenset(read["superusers"] or ()),
    )


def _by_member(pairs: Iterable[list[str]]) -> dict[str, frozenset[str]]:
    direct: dict[str, set[str]] = defaultdict(set)
    for member, group in pairs:
        direct[member].add(group)
    return {member: frozenset(groups) for member, groups in direct.items()}
