"""Admissions on a real server and a real pooler: who is named gets in there, by that proof; nobody else, nowhere."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from components.access.admissions import admissions
from components.access.spec import loads
from components.render.sites import Certificate
from tests.live.render.servers import Stage, running, stage
from tests.live.render.test_pooler import administrator, installed_version, words

pytestmark = pytest.mark.live
STRANGE = 'all, "+x" @y #z'  # one name, in which pg_hba.conf could read several things
SPEC = f"""\
version: 1
harden: true
scope: {{ never: [oncall] }}
roles:
  owner: {{}}
  app: {{ login: true, password: secret:app, auth: scram }}
  batch: {{ login: true, password: secret:batch, auth: {{ by: cert, databases: [shop] }} }}
  afar: {{ login: true, password: secret:afar, auth: {{ by: scram, from: [10.0.0.0/8] }} }}
  near: {{ login: true, password: secret:near, auth: [cert, {{ by: scram, from: 127.0.0.0/8 }}] }}
  quiet: {{ login: true, password: secret:quiet }}
  '{STRANGE}': {{ login: true, password: secret:strange }}
databases:
  shop: {{ owner: owner, connect: [app, batch, afar, near, quiet] }}
  logs: {{ owner: owner, connect: ["*"] }}
  '{STRANGE}': {{ owner: owner, connect: ['{STRANGE}'] }}
"""
LOGINS = ("app", "batch", "afar", "near", "quiet", "oncall", "stranger", STRANGE)
REFUSED = r"no pg_hba.conf entry|pg_hba.conf rejects connection"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Stage]:
    with stage(admissions([loads(SPEC, "a.yaml").spec])) as made:
        made.certificate("batch")
        made.make_server()
        with running(*made.postgres(), what="PostgreSQL", port=made.member.port):
            made.post_init()
            with administrator(made) as connection:
                for name in LOGINS:
                    identifier, secret = psycopg.sql.Identifier(name), psycopg.sql.Literal("right")
                    connection.execute(psycopg.sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(identifier, secret))
                for name in ("shop", "logs", STRANGE):
                    connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
            pooler = made.sites.gateway.pooled
            made.write_pooler(pooler, installed_version())
            with running("pgbouncer", "-q", pooler.config_file, what="PgBouncer", port=pooler.port):
                yield made


def enters(
    made: Stage, route: str, user: str, database: str, tls: Certificate | None = None
) -> tuple[object, ...] | None:
    port = made.member.port if route == "direct" else made.sites.gateway.pooled.port
    given = {} if tls else {"password": "right"}
    with psycopg.connect(words(made, port, user, database=database, tls=tls), **given) as connection:
        return connection.execute("SELECT session_user, current_database()").fetchone()


def test_postgresql_takes_every_line(cluster: Stage) -> None:
    with administrator(cluster) as connection:
        rules = connection.execute(
            "SELECT database, user_name, auth_method, error FROM pg_hba_file_rules ORDER BY line_number"
        ).fetchall()
    assert [error for *_, error in rules if error] == []
    assert ([STRANGE], [STRANGE], "scram-sha-256", None) in rules
    assert rules[-1] == (["all"], ["all"], "reject", None)


@pytest.mark.parametrize("route", ["direct", "pooled"])
@pytest.mark.parametrize(
    "user, database",
    [
        ("app", "shop"),
        ("app", "logs"),
        ("quiet", "shop"),
        ("near", "shop"),
        ("oncall", "postgres"),
        ("oncall", "shop"),
        (STRANGE, STRANGE),
    ],
)
def test_who_is_named_gets_in(cluster: Stage, route: str, user: str, database: str) -> None:
    assert enters(cluster, route, user, database) == (user, database)


@pytest.mark.parametrize(
    "user, database",
    [
        pytest.param("app", "postgres", id="another database"),
        pytest.param("app", STRANGE, id="a database with a strange name"),
        pytest.param("afar", "shop", id="another network"),
        pytest.param("stranger", "shop", id="a login that no spec names"),
        pytest.param("stranger", STRANGE, id="nor does a name that looks like all name it"),
    ],
)
def test_nobody_else_does(cluster: Stage, user: str, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=REFUSED):
        enters(cluster, "direct", user, database)
    with pytest.raises(psycopg.OperationalError, match="login rejected"):
        enters(cluster, "pooled", user, database)


def test_a_certificate_is_the_way_of_one_login_to_one_database(cluster: Stage) -> None:
    tls = cluster_certificate(cluster)
    assert enters(cluster, "direct", "batch", "shop", tls) == ("batch", "shop")
    with pytest.raises(psycopg.OperationalError, match=REFUSED):
        enters(cluster, "direct", "batch", "logs", tls)
    with pytest.raises(psycopg.OperationalError, match="requires a valid client certificate"):
        enters(cluster, "direct", "batch", "shop")
    with pytest.raises(psycopg.OperationalError, match="login rejected"):
        enters(cluster, "pooled", "batch", "shop", tls)


def cluster_certificate(made: Stage) -> Certificate:
    """The one that was made before the server started."""
    server = made.member.server
    return Certificate(
        ca=server.ca,
        certificate=server.certificate.replace("server.crt", "batch.crt"),
        key=server.key.replace("server.key", "batch.key"),
    )
