"""Access specs on RDS by the whole program: the engine, an emulated cloud, a real server with a master like RDS's.

What stands in: moto for AWS, the stand-in provider for Pulumi's, and localhost for the names that AWS would give.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest

from components.access.spec.load import load
from components.access.verify import verify
from tests.live.access.process_list import ProcessList
from tests.live.rds.emulated import PROJECT
from tests.live.rds.emulator import emulator
from tests.live.rds.server import rds_server
from tests.live.rds.tasks import task
from tests.live.rds.whole import SYSTEM, Whole
from tests.ports import free_port

pytestmark = pytest.mark.live
APPLICATION = f"{SYSTEM}_app.{SYSTEM}"
GIVEN = "#Thaw$in2k77! é'\"\\%:@/"
ROTATED = {"credentials": {"version": 2}}
SPEC = Path(__file__).parents[3] / "sql" / SYSTEM / "access.yaml"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Tests of this file run in their order, on one stack."""
    with rds_server() as server, emulator() as address:
        yield Whole(tmp_path_factory.mktemp("whole"), address, server, free_port())


def secret(stack: Whole, arn: str) -> dict[str, str]:
    """What Secrets Manager holds."""
    found: dict[str, str] = json.loads(stack.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
    return found


def passwords(stack: Whole) -> set[str]:
    """All that must show nowhere: of the logins, the administrator, the pooler."""
    found = {unquote(str(urlsplit(one["direct"]).password)) for one in stack.urls()}
    manager = stack.client("secretsmanager")
    for one in manager.list_secrets()["SecretList"]:
        held = secret(stack, one["ARN"])
        found |= {held["password"]} if "password" in held else {held["userlist"].split('"')[3], held["key"]}
    return found


def test_a_preview_of_nothing_shows_the_sql(stack: Whole) -> None:
    changes, said = stack.run("preview")
    assert set(changes) == {"create"}
    assert "planned against an empty server" in said
    assert "not reached: the server or its administrator's identity is yet to be made" in said
    assert "CREATE ROLE \"faevision_app\" LOGIN CONNECTION LIMIT 40 PASSWORD '<hidden>'" in said
    assert "CREATE ROLE \"pgbouncer\" LOGIN PASSWORD '<hidden>'" in said
    assert "run script 002_organizations.sql as faevision_owner" in said
    assert stack.client("rds").describe_db_instances()["DBInstances"] == []


def test_up_from_nothing_applies_the_spec_as_a_master_without_superuser(stack: Whole) -> None:
    with ProcessList() as processes:
        changes, _ = stack.run("up")
    assert set(changes) == {"create"}
    with stack.superuser().open() as connection:
        found = connection.execute("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = 'platform_admin'")
        assert found.fetchone() == (False, True)
    assert any("pulumi" in text for text in processes.seen), "it did watch"
    for secret in passwords(stack):
        assert not any(secret in text for text in [*stack.states(), *stack.shown, *processes.seen])


def test_isolation_holds(stack: Whole) -> None:
    """What the spec says of itself, on the server that the program made so."""
    outcomes = verify(stack.superuser(), load(SPEC, name="access.yaml"), SPEC.parent)
    assert len(outcomes) > 20
    assert [one for one in outcomes if not one.passed] == []


def test_each_login_gets_in_by_its_secret_and_sees_nothing_without_a_tenant(stack: Whole) -> None:
    arns = stack.outputs()["login_secrets"]
    assert set(arns) == {f"faevision_{one}.faevision" for one in ("app", "executive", "jobs", "migrator", "monitor")}
    held = secret(stack, arns[APPLICATION])
    assert held["pooled_ca"].startswith("-----BEGIN CERTIFICATE-----")
    assert held["direct_ca_url"].endswith("eu-central-1-bundle.pem")
    with psycopg.connect(stack.placed(held["direct"])) as connection:
        assert connection.info.pgconn.ssl_in_use
        assert connection.execute("SELECT current_user, count(*) FROM app.projects").fetchone() == ("faevision_app", 0)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM private.personal_data_keys")


def test_isolation_holds_through_the_pooler_that_the_task_definition_describes(stack: Whole, tmp_path: Path) -> None:
    """The system's own tests, pooled and direct: PgBouncer lets in by the table, and passes SCRAM through."""
    held = secret(stack, stack.outputs()["login_secrets"][APPLICATION])
    authority, file = tmp_path / "pooler-ca.pem", tmp_path / "urls.json"
    authority.write_text(held["pooled_ca"])
    file.touch(mode=0o600)
    file.write_text(json.dumps(stack.urls(authority)))
    command = [sys.executable, "-m", "pytest", "-q", f"tests/live/seeds/test_{SYSTEM}.py"]
    folder = Path(tempfile.mkdtemp(prefix="task-"))
    try:
        with task(stack, folder):
            known = os.environ | {"POSTGRES_PLATFORM_URLS": str(file)}
            done = subprocess.run(command, cwd=PROJECT, env=known, capture_output=True, text=True, check=False)
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


def test_a_second_up_changes_nothing(stack: Whole) -> None:
    assert set(stack.run("up")[0]) == {"same"}


def test_drift_is_shown_by_refresh_and_preview_and_repaired(stack: Whole) -> None:
    """A dropped row policy, a login's row that is gone from the pooler's table, the pooler's password, its function."""
    with stack.superuser().open(SYSTEM) as connection:
        connection.execute("DROP POLICY org_isolation_projects ON app.projects")
    with stack.superuser().open() as connection:
        connection.execute("DELETE FROM pgbouncer.verifier WHERE login = 'faevision_app'")
        connection.execute("ALTER ROLE pgbouncer PASSWORD 'of somebody else' CREATEDB")
        connection.execute("GRANT SELECT ON pgbouncer.verifier TO PUBLIC")
        connection.execute("ALTER FUNCTION pgbouncer.get_auth(text) RESET search_path")

    seen = (
        'CREATE POLICY "org_isolation_projects"',
        "faevision_app",
        "INSERT INTO pgbouncer.verifier (login, verifier) VALUES ('faevision_app', '<hidden>')",
        "ALTER ROLE \"pgbouncer\" NOCREATEDB PASSWORD '<hidden>'",
        'REVOKE SELECT ON TABLE pgbouncer.verifier FROM PUBLIC',
        "CREATE OR REPLACE FUNCTION pgbouncer.get_auth",
    )  # fmt: skip
    changes, said = stack.run("refresh")
    assert [one for one in seen if one not in said] == []
    assert changes["update"] == 3
    changes, said = stack.run("preview")
    assert [one for one in seen if one not in said] == []
    assert "pooled sessions cannot be told to RECONNECT here: they are as before for up to 1800 s" in said
    assert changes["update"] == 3
    assert stack.run("up")[0]["update"] == 3
    assert set(stack.run("up")[0]) == {"same"}
    test_isolation_holds(stack)


def test_other_passwords_and_a_replica_more(stack: Whole) -> None:
    """The administrator's is counted up in the settings: the new one is what the same run goes on with. A login's is
    given by the stack: its secret and the pooler's table have it after the same run. The replica's name makes the
    server's names unknown, but not who writes: no preview of an empty server then.
    """
    before = passwords(stack)
    stack.run("up", ROTATED, secrets={"faevision_app": GIVEN})
    assert len(passwords(stack) - before) == 2
    held = secret(stack, stack.outputs()["login_secrets"][APPLICATION])
    assert held["password"] == GIVEN
    with psycopg.connect(stack.placed(held["direct"])) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("faevision_app",)
    with stack.superuser().open() as connection:
        query = "SELECT rolpassword = verifier FROM pg_authid JOIN pgbouncer.verifier ON rolname = login"
        assert connection.execute(query).fetchall() == [(True,)] * 5
    changes, said = stack.run("preview", ROTATED, replicas=3, secrets={"faevision_app": GIVEN})
    assert changes["create"] > 3
    assert "planned against an empty server" not in said
    assert 'CREATE ROLE "faevision_app"' not in said
    assert GIVEN not in "".join([*stack.shown, *stack.states()])


def test_destroy_leaves_nothing_of_the_stack(stack: Whole) -> None:
    stack.run("destroy")
    assert stack.client("rds").describe_db_instances()["DBInstances"] == []
    left = stack.client("secretsmanager").list_secrets()["SecretList"]
    assert [one["Name"] for one in left] == []
