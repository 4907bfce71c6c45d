"""The scratch server of each test: of the machine's own major, or of each that ACCESS_MAJORS names."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from components.access.session import Connection, Target
from components.contract import Capabilities, Credentials, Endpoint, Server
from tests.live.access.scratch import majors, packaged, port, scratch_server


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module that says EVERY_MAJOR runs on all that can be had, others on ACCESS_MAJORS (default: the packaged)."""
    if "server" not in metafunc.fixturenames:
        return
    named = os.environ.get("ACCESS_MAJORS", "").split()
    chosen = [int(each) for each in named] or [packaged()]
    if getattr(metafunc.module, "EVERY_MAJOR", False):
        chosen = majors()
    metafunc.parametrize("server", chosen, ids=[f"pg{each}" for each in chosen], indirect=True, scope="session")


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Path]:
    """The folder of a running server's socket; its log lies there as `log`."""
    with scratch_server(request.param) as folder:
        yield folder


@pytest.fixture
def target(server: Path) -> Target:
    """The scratch server as its superuser."""
    return Target.at(f"host={server} port={port(server)} user=postgres dbname=postgres")


@pytest.fixture
def contract_server(server: Path) -> Server:
    """The scratch server as a platform would hand it over, one that has no poolers of its own to reconnect."""
    major = int((server / "data" / "PG_VERSION").read_text())
    here = Endpoint(host="localhost", port=port(server))
    admin = Credentials(user="postgres", certificate=f"{server}/pki/admin.crt", key=f"{server}/pki/admin.key")
    return Server(
        writer=here,
        reader=here,
        pooled=here,
        pooled_reader=here,
        admin=admin,
        ca=f"{server}/pki/ca.crt",
        major=major,
        capabilities=Capabilities(pgbouncer_reload=False),
    )


@pytest.fixture
def mark(target: Target) -> Iterator[str]:
    """A name that no other test's roles and databases begin with; what begins with it is dropped afterwards."""
    name = f"t{secrets.token_hex(4)}"
    yield name
    with target.open(autocommit=True) as connection:
        like = f"{name}%"
        for (database,) in connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", [like]
        ).fetchall():
            connection.execute(
                psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(psycopg.sql.Identifier(database))
            )
        _drop_roles(connection, like)


def _drop_roles(connection: Connection, like: str) -> None:
    """With rights on what belongs to no database; a role that granted a membership goes after the member."""
    names = connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE %s", [like]).fetchall()
    for last in (False, False, True):
        for (role,) in list(names):
            try:
                connection.execute(psycopg.sql.SQL("DROP OWNED BY {}").format(psycopg.sql.Identifier(role)))
                connection.execute(psycopg.sql.SQL("DROP ROLE {}").format(psycopg.sql.Identifier(role)))
                names.remove((role,))
            except psycopg.errors.DependentObjectsStillExist:
                if last:
                    raise
