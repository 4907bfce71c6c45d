"""What a PgBouncer that may not read pg_authid needs on the server: its login, a table, a function. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from psycopg import sql

from components.access import quoting as q
from components.access import statements
from components.access.model import UNREADABLE, Cluster, Phase, Plan, Role, Statement
from components.access.passwords import Verifier
from components.access.roles import digest
from components.render import pgbouncer_verifiers as texts
from components.render.hba import POOLER

SCHEMA, TABLE, FUNCTION = "SCHEMA pgbouncer", "TABLE pgbouncer.verifier", "FUNCTION pgbouncer.get_auth(text)"
EVERYBODY = "PUBLIC"


class Right(NamedTuple):
    """Who may do what with one of the three."""

    item: str
    grantee: str
    privilege: str


WANTED = frozenset({Right(SCHEMA, POOLER, "USAGE"), Right(FUNCTION, POOLER, "EXECUTE")})
NOTHING: Mapping[str, Any] = {"schema": False, "table": False, "key": False, "function": None, "connect": True}


def plan(found: Mapping[str, Any], cluster: Cluster, verifier: Verifier, *, fits: bool) -> Plan:
    """`found` is what queries/pooler.sql says; `cluster` has the login, which `fits` if its password lets it in."""
    return Plan(
        statements=(
            *_login(cluster, verifier, fits=fits),
            *_memberships(cluster),
            *_objects(found),
            *_rights(found),
        )
    )


def _login(cluster: Cluster, verifier: Verifier, *, fits: bool) -> Iterator[Statement]:
    password = digest(verifier)
    wanted, there = Role(name=POOLER, login=True, password=password), cluster.roles.get(POOLER)
    if there is None:
        yield statements.create_role(wanted, verifier)
        return
    known = password if fits else UNREADABLE
    actual = dataclasses.replace(there, password=known, comment=None)
    if actual != wanted:
        yield statements.alter_role(actual, wanted, verifier)


def _memberships(cluster: Cluster) -> Iterator[Statement]:
    for edge in sorted(cluster.memberships):
        if edge.member == POOLER:
            text = q.text("REVOKE {} FROM {}", q.name(edge.role), q.name(POOLER))
            yield _step(text, f"the pooler's login is no member of {edge.role}")


def _objects(found: Mapping[str, Any]) -> Iterator[Statement]:
    if not found["schema"]:
        yield _step(texts.SCHEMA, "the pooler's table has a schema of its own")
    if not found["table"]:
        yield _step(texts.TABLE, "the pooler finds verifiers in a table, for nobody may read the server's own")
    elif not found["key"]:
        yield _step("ALTER TABLE pgbouncer.verifier ADD PRIMARY KEY (login)", "a login has one verifier")
    if _function(found) != (texts.BODY, True, "s", [f"search_path={texts.SEARCH_PATH}"]):
        why = "is another one" if found["function"] else "is not there"
        yield _step(texts.FUNCTION, f"the function by which the pooler asks for a verifier {why}")


def _function(found: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(found["function"] or ())


def _rights(found: Mapping[str, Any]) -> Iterator[Statement]:
    have = {Right(*one) for one in found.get("rights") or ()}
    if not found["function"]:
        have.add(Right(FUNCTION, EVERYBODY, "EXECUTE"))  # with which PostgreSQL makes each
    for item, grantee, privilege in sorted(have - WANTED):
        text = q.text("REVOKE {} ON {} FROM {}", _words(privilege), _words(item), q.role(grantee))
        yield _step(text, f"{grantee} is not to have {privilege} on it")
    for item, grantee, privilege in sorted(WANTED - have):
        text = q.text("GRANT {} ON {} TO {}", _words(privilege), _words(item), q.role(grantee))
        yield _step(text, f"{grantee} asks for verifiers")
    if found["connect"] is False:
        yield _step(f"GRANT CONNECT ON DATABASE postgres TO {POOLER}", f"{POOLER} asks for verifiers there")


def _words(known: str) -> sql.Composable:
    """Words that the server or this module said, nobody else."""
    return sql.SQL(cast(Any, known))


def _step(text: str, why: str) -> Statement:
    return Statement(sql=text, why=why, phase=Phase.STRUCTURE)
