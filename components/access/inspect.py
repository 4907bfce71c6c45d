"""Reads what there is: two statements, whatever the size of the server. Takes no lock that anybody waits for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from psycopg.errors import InsufficientPrivilege

from components.access import model, snapshot
from components.access.model import Access, Acl, Cluster, Default, Facts, Grant, Object, Policy, Table
from components.access.powers import Powers
from components.access.retiring import Retiring

Connection = psycopg.Connection[Any]

# Logins of the platform itself, which must get into every database however hardened: PgBouncer asks for a client's
# verifier in the very database that the client wants.
INFRASTRUCTURE = ("pgbouncer",)
_COMMANDS = {"*": "all", "r": "select", "a": "insert", "w": "update", "d": "delete"}


def server(connection: Connection, extensions: Iterable[str] = ()) -> model.Server:
    """Version, login, and which of `extensions` the server could have."""
    return _server(snapshot.ask(connection, "server", **_of_server(extensions))["server"])


def _of_server(extensions: Iterable[str] = ()) -> dict[str, list[str]]:
    return {"extensions": sorted(extensions), "infrastructure": list(INFRASTRUCTURE)}


def _server(read: Mapping[str, Any]) -> model.Server:
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
        cron_database=read["cron_database"] or None,
        connections=read["connections"],
        infrastructure=tuple(sorted(read["infrastructure"] or ())),
        pooler_table=bool(read["pooler_table"]),
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
) -> tuple[Cluster, frozenset[str], model.Server]:
    """The named roles and databases as they are, which of `groups` exist, and `server` less extensions."""
    named = {"databases": sorted(databases), "groups": sorted(groups), "retired": sorted(retired)}
    words = {"roles": sorted(roles), **named, **_of_server()}
    whole = _asked_of_the_cluster(connection, words)
    read, digests = whole["cluster"], whole["passwords"]
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
    return found, frozenset(read["groups"] or ()), _server(whole["server"])


def _asked_of_the_cluster(connection: Connection, words: Mapping[str, Any]) -> dict[str, Any]:
    """Some services shut passwords even to whom the server's own rights would let in: those are then unreadable."""
    try:
        with connection.transaction():
            return snapshot.ask(connection, "server", "cluster", "passwords", **words)
    except InsufficientPrivilege:
        return snapshot.ask(connection, "server", "cluster", **words) | {"passwords": None}


def database(
    connection: Connection,
    *,
    schemas: Iterable[str],
    extensions: Iterable[str] = (),
    row_security: Iterable[str] = (),
    named: Iterable[str] = (),
    columned: Iterable[str] = (),
    journal: bool = False,
) -> tuple[Access, Facts]:
    """The access of the connection's database, in `schemas`; columns only of the tables of `row_security`.

    The names of columns, of views as well, are read of the schemas in `columned`, where single columns are granted.
    `named` are objects outside schemas, as kind/name, that are read even if an extension brought them.
    `journal`: and which scripts ran.
    """
    words = {"row_security": sorted(row_security), "named": sorted(named), "columned": sorted(columned)}
    words |= {"schemas": sorted(schemas), **_of_server(extensions)}
    whole = snapshot.ask(connection, "server", "database", "journal", journal=journal, **words)
    read = whole["database"]
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
    return access, _facts(read, _server(whole["server"]), whole["journal"] or {})


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
    """Tables of equal policies share one value of each."""
    found: dict[Table, dict[str, Policy]] = defaultdict(dict)
    for name, command, permissive, roles, using, check, tables in rows:
        policy = Policy(
            name=name,
            command=_COMMANDS[command],
            permissive=permissive,
            roles=tuple(sorted(roles)),
            using=using,
            check=check,
        )
        for place in tables:
            found[Table(*place)][name] = policy
    return dict(found)


def _facts(read: Mapping[str, Any], known: model.Server, journal: Mapping[str, str]) -> Facts:
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
        columns={Table(schema, name): frozenset(columns or ()) for schema, name, columns in read["columns"] or ()},
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
        journal=journal,
    )


def _by_member(pairs: Iterable[list[str]]) -> dict[str, frozenset[str]]:
    direct: dict[str, set[str]] = defaultdict(set)
    for member, group in pairs:
        direct[member].add(group)
    return {member: frozenset(groups) for member, groups in direct.items()}
