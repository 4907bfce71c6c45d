"""After an apply a pooled session must not live on with what was true before: a real server behind a real PgBouncer."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from components.access import apply, preview, reconnecting
from components.access.passwords import Verifier, verifier
from components.access.scripts import Script, parse
from components.access.session import Target, reached
from components.access.spec import Spec, loads
from components.contract import Credentials, Endpoint, Server
from components.render.pgbouncer import PREPARED_STATEMENTS_SINCE
from tests.live.render.servers import Stage, running, stage
from tests.live.render.test_pooler import installed_version, words
from tests.ports import free_port

pytestmark = pytest.mark.live
PASSWORD = "only for this test"
SPEC = """\
version: 1
roles:
  owner: {{}}
  app: {{ login: true, password: secret:app, connection_limit: 20, settings: {{ statement_timeout: {timeout} }} }}
databases:
  shop:
    owner: owner
    connect: [app]
    schemas: {{ app: {{ access: {{ app: {{ schema: [usage], tables: [select] }} }} }} }}
"""
FIRST = "CREATE TABLE app.orders (id integer); INSERT INTO app.orders VALUES (1);"
SECOND = "ALTER TABLE app.orders ALTER COLUMN id TYPE text;"


@pytest.fixture(scope="module")
def made() -> Iterator[Stage]:
    with stage() as one:
        one.make_server()
        with running(*one.postgres(), what="PostgreSQL", port=one.member.port):
            one.post_init()
            yield one


@pytest.fixture
def pooler(made: Stage) -> Iterator[None]:
    site = made.sites.gateway.pooled
    made.write_pooler(site, installed_version())
    with running("pgbouncer", "-q", site.config_file, what="PgBouncer", port=site.port):
        yield


@pytest.fixture
def front(made: Stage) -> Server:
    here, pooled = (
        Endpoint(host="localhost", port=port) for port in (made.member.port, made.sites.gateway.pooled.port)
    )
    admin = Credentials(user="postgres", certificate=made.sites.admin.certificate, key=made.sites.admin.key)
    return Server(
        writer=here, reader=here, pooled=pooled, pooled_reader=pooled, admin=admin, ca=made.sites.ca, major=15
    )


@pytest.fixture
def target(front: Server) -> Iterator[Target]:
    found = Target.of(front)
    yield found
    with found.open(autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS shop WITH (FORCE)")
        connection.execute("ALTER DATABASE postgres RESET ALL")
        for role in ("app", "owner"):
            connection.execute(psycopg.sql.SQL("DROP ROLE IF EXISTS {}").format(psycopg.sql.Identifier(role)))


OPTIONS = apply.Options(poolers=True)


def spec(timeout: str = "30s") -> Spec:
    return loads(SPEC.format(timeout=timeout), "a.yaml").spec


def verifiers() -> dict[str, Verifier]:
    return {"app": verifier(PASSWORD, key=b"k" * 32, role="app", generation=0)}


def scripts(*texts: str) -> list[Script]:
    return parse({f"sql/{number:03}_x.sql": text.encode() for number, text in enumerate(texts, 1)})


def set_up(target: Target, *texts: str, timeout: str = "30s") -> None:
    """Both resources, without what follows the commit."""
    apply.apply_cluster(target, spec(timeout), verifiers(), OPTIONS)
    apply.apply_database(target, spec(timeout), "shop", scripts(*texts), OPTIONS)


def client(made: Stage, *, prepares: bool = False) -> psycopg.Connection[Any]:
    """A pooled client that stays, and with it PgBouncer's server session."""
    conninfo = words(made, made.sites.gateway.pooled.port, "app", database="shop")
    return psycopg.connect(conninfo, password=PASSWORD, autocommit=True, prepare_threshold=5 if prepares else None)


def value(session: psycopg.Connection[Any], statement: str) -> Any:
    row = session.execute(statement.encode()).fetchone()
    return row[0] if row else None


def test_a_held_session_sees_new_settings_right_after(made: Stage, pooler: None, front: Server, target: Target) -> None:
    set_up(target, FIRST)
    with client(made) as session:
        assert value(session, "SHOW statement_timeout") == "30s"
        backend = value(session, "SELECT pg_backend_pid()")
        set_up(target, FIRST, timeout="20s")
        # The server's session is as it was, which is why the pooler must be told.
        assert (value(session, "SHOW statement_timeout"), value(session, "SELECT pg_backend_pid()")) == ("30s", backend)
        assert reconnecting.settle(target, front, ["shop"]) == []
        assert value(session, "SHOW statement_timeout") == "20s"
        assert value(session, "SELECT pg_backend_pid()") != backend


def test_a_transaction_is_left_in_peace(made: Stage, pooler: None, front: Server, target: Target) -> None:
    set_up(target, FIRST)
    with client(made) as session:
        session.execute("BEGIN")
        backend = value(session, "SELECT pg_backend_pid()")
        set_up(target, FIRST, timeout="20s")
        assert reconnecting.settle(target, front, ["shop"]) == []
        assert value(session, "SELECT pg_backend_pid()") == backend
        session.execute("COMMIT")
        assert value(session, "SHOW statement_timeout") == "20s"


@pytest.mark.parametrize("told", [True, False])
def test_a_plan_from_before_is_not_met_again(
    made: Stage, pooler: None, front: Server, target: Target, told: bool
) -> None:
    """PREPARE by SQL stays with the server's session, like a protocol's prepared statement without pooling of those."""
    set_up(target, FIRST)
    with client(made) as session:
        session.execute("PREPARE look AS SELECT id FROM app.orders")
        assert value(session, "EXECUTE look") == 1
        apply.apply_database(target, spec(), "shop", scripts(FIRST, SECOND), OPTIONS)
        if told:
            assert reconnecting.settle(target, front, ["shop"]) == []
            with pytest.raises(psycopg.errors.InvalidSqlStatementName):  # a session that never heard of it
                session.execute("EXECUTE look")
            assert value(session, "SELECT id FROM app.orders") == "1"
        else:
            with pytest.raises(psycopg.errors.FeatureNotSupported, match="cached plan must not change result type"):
                session.execute("EXECUTE look")


@pytest.mark.skipif(
    installed_version() < PREPARED_STATEMENTS_SINCE, reason="this PgBouncer does not pool prepared statements"
)
@pytest.mark.parametrize("told", [True, False])
def test_a_clients_prepared_statement_lives_through_a_change_of_a_columns_type(
    made: Stage, pooler: None, front: Server, target: Target, told: bool
) -> None:
    set_up(target, FIRST)
    with client(made, prepares=True) as session:
        assert session.execute("SELECT id FROM app.orders", prepare=True).fetchone() == (1,)
        apply.apply_database(target, spec(), "shop", scripts(FIRST, SECOND), OPTIONS)
        if told:
            assert reconnecting.settle(target, front, ["shop"]) == []
            assert session.execute("SELECT id FROM app.orders", prepare=True).fetchone() == ("1",)
        else:
            with pytest.raises(psycopg.errors.FeatureNotSupported, match="cached plan must not change result type"):
                session.execute("SELECT id FROM app.orders", prepare=True)


def found(target: Target, *texts: str) -> str | None:
    """The mark, as the next preview finds it; it is a change where there is no other."""
    shop = preview.database(target, spec(), "shop", scripts(*texts or (FIRST,)), major=15, poolers=True)
    assert shop.changes == (shop.reconnect is not None)
    assert any("RECONNECT on the poolers" in line for line in preview.lines(shop)) == shop.changes
    return shop.reconnect


def test_what_was_not_there_before_is_in_nobodys_session(target: Target) -> None:
    set_up(target, FIRST)
    assert found(target) is None


@pytest.mark.parametrize("change", ["settings of a role", "a script"])
def test_an_interrupted_run_leaves_the_order_to_the_next(
    made: Stage, pooler: None, front: Server, target: Target, change: str
) -> None:
    texts = (FIRST, SECOND) if change == "a script" else (FIRST,)
    set_up(target, FIRST)
    set_up(target, *texts, timeout="30s" if change == "a script" else "20s")  # and killed before it told anybody
    assert found(target, *texts) is not None
    apply.apply_database(target, spec(), "shop", scripts(*texts), OPTIONS)  # finds nothing to do on the server
    assert reconnecting.settle(target, front, ["shop"]) == []
    assert found(target, *texts) is None


def test_a_pooler_that_is_down_is_told_of_and_told_later(made: Stage, front: Server, target: Target) -> None:
    gone = Endpoint(host="localhost", port=free_port())
    deaf = dataclasses.replace(front, pooled=gone, pooled_reader=gone)
    set_up(target, FIRST)
    set_up(target, FIRST, timeout="20s")
    answers = reconnecting.settle(target, deaf, ["shop"])
    assert answers and all(str(gone) in one and "refused" in one for one in answers)
    assert all(one.startswith("warning: pooler ") for one in reconnecting.warnings(answers))
    assert found(target) is not None
    site = made.sites.gateway.pooled
    made.write_pooler(site, installed_version())
    with running("pgbouncer", "-q", site.config_file, what="PgBouncer", port=site.port):
        assert reconnecting.settle(target, front, ["shop"]) == []
    assert found(target) is None


def test_rights_alone_need_no_new_sessions(target: Target) -> None:
    set_up(target, FIRST)
    with target.open("shop") as connection:
        connection.execute("REVOKE SELECT ON app.orders FROM app")
    done = apply.apply_database(target, spec(), "shop", scripts(FIRST), OPTIONS)
    assert [str(one) for one in done.statements] == ['GRANT SELECT ON TABLE "app"."orders" TO "app"']
    assert found(target) is None


def test_a_mark_made_meanwhile_stays(target: Target, front: Server) -> None:
    set_up(target, FIRST)
    with target.open() as connection:
        reconnecting.mark(connection, "shop", "not_there")
    since = found(target)
    assert since is not None
    with target.open() as connection:
        reconnecting.mark(connection, "shop")
    reconnecting._unmark(target, "shop", since)
    assert found(target) not in (None, since)


@pytest.mark.parametrize("name", ['with "quotes"', "a b'c", "é; SHUTDOWN"])
def test_any_name_is_only_a_name_to_the_console(front: Server, pooler: None, name: str) -> None:
    with reached(front) as target:
        assert reconnecting.tell(target, front, front.pooled, front.pooled, name) is None
        assert reconnecting.tell(target, front, front.pooled, front.pooled, "postgres") is None  # it is still there
