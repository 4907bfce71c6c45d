"""The rendered pg_hba.conf, PgBouncer configuration and get_auth() together, on a real server."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from components.render.sites import Certificate
from tests.live.render.servers import Stage, running, stage

pytestmark = pytest.mark.live
PASSWORD = "#Thaw$in2k77! 'é%:@\\"


def installed_version() -> tuple[int, int]:
    words = subprocess.run(["pgbouncer", "--version"], capture_output=True, text=True, check=True).stdout.split()
    major, minor = words[1].split(".")[:2]
    return int(major), int(minor)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Stage]:
    with stage() as made:
        made.make_server()
        with running(*made.postgres(), what="PostgreSQL", port=made.member.port):
            made.post_init()
            made.post_init()  # a second run changes nothing
            with administrator(made) as connection:
                connection.execute("CREATE ROLE app LOGIN PASSWORD " + _literal(PASSWORD))
                connection.execute("CREATE DATABASE made_later")
            pooler = made.sites.gateway.pooled
            made.write_pooler(pooler, installed_version())
            with running("pgbouncer", "-q", pooler.config_file, what="PgBouncer", port=pooler.port):
                yield made


def _literal(text: str) -> str:
    return psycopg.sql.Literal(text).as_string(None)


def words(made: Stage, port: int, user: str, *, database: str = "postgres", tls: Certificate | None = None) -> str:
    given: dict[str, str | int] = {
        "host": "localhost",
        "port": port,
        "user": user,
        "dbname": database,
        "sslmode": "verify-full",
        "sslrootcert": made.sites.ca,
        "connect_timeout": 5,
    }
    if tls:
        given |= {"sslcert": tls.certificate, "sslkey": tls.key}
    return psycopg.conninfo.make_conninfo("", **given)


def administrator(made: Stage) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(words(made, made.member.port, "postgres", tls=made.sites.admin), autocommit=True)


def test_the_rendered_parameters_are_in_force(cluster: Stage) -> None:
    with administrator(cluster) as connection:
        for name, value in {"work_mem": "3MB", "ssl": "on", "log_statement": "none", "data_checksums": "on"}.items():
            assert connection.execute(f"SHOW {name}").fetchone() == (value,)
        errors = connection.execute("SELECT error FROM pg_file_settings WHERE error IS NOT NULL").fetchall()
        errors += connection.execute("SELECT error FROM pg_hba_file_rules WHERE error IS NOT NULL").fetchall()
        assert errors == []


def test_a_login_comes_through_the_pooler_into_a_database_made_later(cluster: Stage) -> None:
    conninfo = words(cluster, cluster.sites.gateway.pooled.port, "app", database="made_later")
    with psycopg.connect(conninfo, password=PASSWORD, prepare_threshold=None) as connection:
        row = connection.execute(
            "SELECT current_user, current_database(), ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        )
        assert row.fetchone() == ("app", "made_later", True)


@pytest.mark.parametrize("route", ["direct", "pooled"])
def test_a_wrong_password_is_refused(cluster: Stage, route: str) -> None:
    port = cluster.member.port if route == "direct" else cluster.sites.gateway.pooled.port
    with pytest.raises(psycopg.OperationalError, match=r"password authentication failed|SASL authentication failed"):
        psycopg.connect(words(cluster, port, "app"), password="wrong")


@pytest.mark.parametrize(
    "route, user, refusal",
    [
        ("direct", "postgres", "requires a valid client certificate"),
        ("direct", "pgbouncer", "requires a valid client certificate"),
        ("direct", "replicator", "rejects connection"),
        ("pooled", "postgres", "login rejected"),
        ("pooled", "pgbouncer", "login rejected"),
        ("pooled", "replicator", "no such user"),
    ],
)
def test_the_platforms_own_roles_do_not_log_in_by_password(cluster: Stage, route: str, user: str, refusal: str) -> None:
    with administrator(cluster) as connection:
        if user == "replicator":
            connection.execute("DROP ROLE IF EXISTS replicator")
            connection.execute("CREATE ROLE replicator LOGIN REPLICATION")
        connection.execute(f"ALTER ROLE {user} PASSWORD 'known'")
    port = cluster.member.port if route == "direct" else cluster.sites.gateway.pooled.port
    with pytest.raises(psycopg.OperationalError, match=refusal):
        psycopg.connect(words(cluster, port, user), password="known")


def console(
    made: Stage, user: str = "postgres", tls: Certificate | None = None
) -> psycopg.Connection[tuple[object, ...]]:
    conninfo = words(made, made.sites.gateway.pooled.port, user, database="pgbouncer", tls=tls)
    return psycopg.connect(conninfo, autocommit=True, password=PASSWORD)


def test_the_console_is_the_administrators_by_certificate(cluster: Stage) -> None:
    with console(cluster, tls=cluster.sites.admin) as connection:
        connection.execute("RECONNECT")
        assert connection.execute("SHOW SERVERS").description is not None


@pytest.mark.parametrize(
    "user, certificate, refusal",
    [
        pytest.param("postgres", None, "certificate authentication failed", id="a password is not enough"),
        pytest.param("postgres", "login", "certificate authentication failed", id="nor another's certificate"),
        pytest.param("app", None, "login rejected", id="no other login"),
        pytest.param("app", "admin", "login rejected", id="nor with the administrator's certificate"),
    ],
)
def test_nobody_else_gives_the_pooler_orders(cluster: Stage, user: str, certificate: str | None, refusal: str) -> None:
    known = {"login": cluster.sites.gateway.pooled.login, "admin": cluster.sites.admin}
    with pytest.raises(psycopg.OperationalError, match=refusal):
        console(cluster, user, known[certificate] if certificate else None)


def test_nobody_comes_in_without_tls(cluster: Stage) -> None:
    for port in (cluster.member.port, cluster.sites.gateway.pooled.port):
        conninfo = f"host=127.0.0.1 port={port} user=app dbname=postgres sslmode=disable connect_timeout=5"
        with pytest.raises(psycopg.OperationalError, match=r"rejects connection|SSL required|no encryption"):
            psycopg.connect(conninfo, password=PASSWORD)


def test_the_lookup_is_for_the_pooler_alone(cluster: Stage) -> None:
    conninfo = words(cluster, cluster.member.port, "app", database="made_later")
    with (
        psycopg.connect(conninfo, password=PASSWORD) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT * FROM pgbouncer.get_auth('app')")
    login = cluster.sites.gateway.pooled.login
    with psycopg.connect(words(cluster, cluster.member.port, "pgbouncer", tls=login)) as connection:
        found = connection.execute(
            "SELECT u, left(p, 13) FROM (VALUES ('app'), ('postgres'), ('pgbouncer')) AS asked (name),"
            " pgbouncer.get_auth(name)"
        )
        assert found.fetchall() == [("app", "SCRAM-SHA-256")]


def test_a_certificate_opens_only_its_own_role(cluster: Stage) -> None:
    login = cluster.sites.gateway.pooled.login
    with pytest.raises(psycopg.OperationalError, match="certificate authentication failed"):
        psycopg.connect(words(cluster, cluster.member.port, "postgres", tls=login))


def test_a_password_in_clear_is_neither_logged_nor_kept(cluster: Stage) -> None:
    with administrator(cluster) as connection:
        connection.execute("CREATE ROLE with_password LOGIN PASSWORD 'hunter2'")
        with pytest.raises(psycopg.errors.DuplicateObject):
            connection.execute("CREATE ROLE with_password LOGIN PASSWORD 'hunter2'")
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        kept = connection.execute("SELECT query FROM pg_stat_statements WHERE query LIKE '%hunter2%'").fetchall()
    assert kept == []
    logged = log_with(cluster, 'role "with_password" already exists')
    assert "hunter2" not in logged


def log_with(made: Stage, text: str) -> str:
    """The server's log, once it has `text`."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        logged = "".join(file.read_text() for file in Path(str(made.member.logs)).glob("postgresql-*.log"))
        if text in logged:
            return logged
        time.sleep(0.1)
    raise TimeoutError(f"the server's log does not say {text!r} after 10 s")
