"""The access layer as Pulumi resources: preview shows the SQL, refresh shows drift, the state holds no secret."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import psycopg
import pulumi
import pytest
from pulumi import automation

from components.access import agreed, provider
from components.access.session import Target
from components.contract import Server
from components.settings.load import load
from tests.live.access.process_list import ProcessList
from tests.live.access.shop import SPEC, TABLES
from tools.setup.pulumi import ensure_pulumi, search_path

pytestmark = pytest.mark.live
GIVEN = "#Thaw$in2k77! é'\"\\%:@/"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A file backend and a passphrase of its own; the CLI and the launcher of dynamic providers on PATH."""
    checkout = Path(__file__).parents[3]
    folders = [str(checkout / ".venv/bin"), *search_path(ensure_pulumi()), os.environ["PATH"]]
    for folder in ("work", "backend"):
        (tmp_path / folder).mkdir()
    return {
        "PATH": os.pathsep.join(folders),
        "PYTHONPATH": str(checkout),
        "PULUMI_BACKEND_URL": (tmp_path / "backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "only for this test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


class Stack:
    """A stack whose whole program is the access layer."""

    def __init__(self, folder: Path, environment: dict[str, str], server: Server) -> None:
        self.folder, self.environment, self.server = folder, environment, server
        self.shown: list[str] = []

    def _stack(self) -> automation.Stack:
        def program() -> None:
            given = {
                "platform": "embedded",
                "access": [str(self.folder / "shop/access.yaml")],
                "secrets": {"app": GIVEN},
            }
            settings = load(given, default_major=15)
            pulumi.export("urls", provider.set_up_access(settings, self.server))

        options = automation.LocalWorkspaceOptions(work_dir=str(self.folder / "work"), env_vars=self.environment)
        return automation.create_or_select_stack("test", project_name="shop", program=program, opts=options)

    def _run(self, name: str) -> tuple[automation.UpResult | automation.PreviewResult | automation.RefreshResult, str]:
        output: list[str] = []
        try:
            result = getattr(self._stack(), name)(on_output=output.append)
        finally:
            self.shown += output
        return result, "\n".join(output)

    def up(self) -> tuple[automation.UpResult, str]:
        result, output = self._run("up")
        assert isinstance(result, automation.UpResult)
        return result, output

    def preview(self) -> str:
        return self._run("preview")[1]

    def refresh(self) -> str:
        return self._run("refresh")[1]

    def destroy(self) -> str:
        return self._run("destroy")[1]


@pytest.fixture
def stack(
    tmp_path: Path, environment: dict[str, str], contract_server: Server, mark: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stack]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "shop"
    (folder / "sql").mkdir(parents=True)
    text = SPEC.replace("    extensions:", "    sql: [sql]\n    extensions:").replace(
        "MARK_board: {}",
        "MARK_board: {}\n"
        "  MARK_made: { login: true, password: secret:made, connection_limit: 5, member_of: [MARK_readers] }",
    )
    (folder / "access.yaml").write_text(text.replace("MARK", mark))
    (folder / "sql/001_tables.sql").write_text(TABLES)
    yield Stack(tmp_path, environment, contract_server)


def test_preview_up_drift_refresh_and_destroy(
    stack: Stack, mark: str, target: Target, environment: dict[str, str]
) -> None:
    shown = stack.preview()
    assert f"CREATE ROLE \"{mark}_app\" LOGIN CONNECTION LIMIT 20 PASSWORD '<hidden>'" in shown
    assert "run script 001_tables.sql" in shown

    with ProcessList() as processes:
        result, _ = stack.up()
    urls = result.outputs["urls"]
    assert urls.secret
    assert sorted((one["role"], one["database"]) for one in urls.value) == [
        (f"{mark}_app", f"{mark}_shop"),
        (f"{mark}_made", f"{mark}_shop"),
    ]
    for one in urls.value:
        with psycopg.connect(one["direct"]) as connection:
            assert connection.execute("SELECT current_user, count(*) FROM app.orders").fetchone() == (one["role"], 0)

    again, output = stack.up()
    assert set(again.summary.resource_changes or {}) == {"same"}, output

    _break(target, mark)
    assert f'REVOKE TRUNCATE ON TABLE "app"."orders" FROM "{mark}_app"' in stack.preview()
    assert "drift: ALTER ROLE" in stack.refresh()
    assert (stack.up()[0].summary.resource_changes or {}).get("update") == 2
    last, output = stack.up()
    assert set(last.summary.resource_changes or {}) == {"same"}, output

    backend = Path(url2pathname(urlsplit(environment["PULUMI_BACKEND_URL"]).path))
    states = [file.read_text() for file in backend.rglob("*") if file.is_file()]
    made = [str(urlsplit(one["direct"]).password) for one in urls.value]
    assert any("pulumi" in text for text in processes.seen), "it did watch"
    for secret in ("SCRAM-SHA-256$", GIVEN, *made, *map(unquote, made)):
        assert not any(secret in text for text in [*states, *stack.shown, *processes.seen])

    stack.destroy()
    with target.open() as connection:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [f"{mark}_shop"]).rowcount
    assert found == 1, "data is not dropped because a line of a stack went"


def test_an_up_runs_the_sql_of_the_saved_plan_and_no_other(
    stack: Stack, mark: str, target: Target, tmp_path: Path
) -> None:
    def saved(name: str) -> str:
        folder = tmp_path / name
        folder.mkdir()
        stack.environment[agreed.SAVE_IN] = str(folder)
        stack.preview()
        del stack.environment[agreed.SAVE_IN]
        file = folder / "plan"
        file.write_text(json.dumps({"plans": agreed.collected(folder)}))
        return str(file)

    stack.environment[agreed.PLAN] = saved("first")
    stack.up()  # planned against an empty server, where nothing could be hurt
    del stack.environment[agreed.PLAN]

    _break(target, mark)
    plan = saved("looked at")
    with target.open(f"{mark}_shop") as connection:
        connection.execute(f'REVOKE SELECT ON app.orders FROM "{mark}_readers"'.encode())
    stack.environment[agreed.PLAN] = plan
    with pytest.raises(automation.CommandError):
        stack.up()
    said = "\n".join(stack.shown)
    assert f'+ GRANT SELECT ON TABLE "app"."orders" TO "{mark}_readers"' in said
    assert "Traceback" not in said
    with target.open(f"{mark}_shop") as connection:
        found = connection.execute("SELECT has_table_privilege(%s, 'app.orders', 'TRUNCATE')", [f"{mark}_app"])
        assert found.fetchone() == (True,), "nothing of the other plan was done"

    del stack.environment[agreed.PLAN]
    stack.environment[agreed.PLAN] = saved("looked at again")
    stack.up()
    del stack.environment[agreed.PLAN]
    last, output = stack.up()
    assert set(last.summary.resource_changes or {}) == {"same"}, output


def _break(target: Target, mark: str) -> None:
    with target.open(f"{mark}_shop") as connection:
        connection.execute(f'GRANT TRUNCATE ON app.orders TO "{mark}_app"'.encode())
        connection.execute(f'ALTER ROLE "{mark}_app" CREATEDB'.encode())


def test_a_preview_against_no_server_shows_the_plan(stack: Stack, mark: str) -> None:
    nobody = Server.from_dict({**stack.server.to_dict(), "writer": {"host": "localhost", "port": 1}})
    stack.server = nobody
    shown = stack.preview()
    assert "planned against an empty server" in shown
    assert f'CREATE DATABASE "{mark}_shop"' in shown
    assert 'CREATE SCHEMA "app"' in shown


def test_what_is_wrong_is_one_report_without_a_traceback(stack: Stack) -> None:
    file = stack.folder / "shop/access.yaml"
    file.write_text(file.read_text().replace("writer }", "writr }").replace("harden:", "hardn:"))
    with pytest.raises(automation.CommandError) as caught:
        stack.up()
    said = str(caught.value)
    assert "no such key: hardn; did you mean harden?" in said
    assert "Traceback" not in "\n".join(stack.shown)


def test_a_failing_script_is_told_with_its_line_and_leaves_nothing(stack: Stack, mark: str, target: Target) -> None:
    (stack.folder / "shop/sql/001_tables.sql").write_text("CREATE TABLE app.t (n int);\nSELECT no_such();\n")
    with pytest.raises(automation.CommandError):
        stack.up()
    said = "\n".join(stack.shown)
    assert "001_tables.sql:2: PostgreSQL says: function no_such() does not exist" in said
    assert "Traceback" not in said
    with target.open(f"{mark}_shop") as connection:
        assert connection.execute("SELECT to_regclass('app.t')").fetchone() == (None,)


def test_a_row_policy_that_does_not_parse_is_told_with_its_line(stack: Stack) -> None:
    file = stack.folder / "shop/access.yaml"
    file.write_text(file.read_text().replace('"org = :org"', '"org = = :org"'))
    (line,) = (number for number, text in enumerate(file.read_text().splitlines(), 1) if "= = :org" in text)
    with pytest.raises(automation.CommandError):
        stack.preview()
    shown = "".join("".join(stack.shown).split())  # wrapped by whoever prints it
    assert f"{file}:{line}:databases." in shown
    assert 'rls.tenant.using:PostgreSQLsays:syntaxerroratornear"="' in shown
