"""`make up` and what follows it, on the whole project: the tests run in their order on one cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.live.platform.conftest import THORNY
from tests.live.seeds.logins import SYSTEMS, stand_in
from tests.project_copy import ROOT, make, settings

pytestmark = pytest.mark.live


def urls(project: Path) -> list[dict[str, Any]]:
    done = make(project, "urls")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def known(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / ".local" / "cluster.json").read_text())
    return found


def as_administrator(project: Path, *statements: str, port: int | None = None, database: str = "postgres") -> None:
    cluster = known(project)
    with psycopg.connect(
        host="localhost", port=port or cluster["gateway"]["writer"], dbname=database, user="postgres",
        sslmode="verify-full", sslrootcert=cluster["ca"], sslcert=cluster["admin_certificate"],
        sslkey=cluster["admin_key"], autocommit=True,
    ) as session:  # fmt: skip
        for statement in statements:
            session.execute(statement.encode())


def changes(project: Path, verb: str = "preview") -> str:
    done = make(project, verb)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_second_up_changes_nothing_and_says_so(project: Path) -> None:
    told = changes(project, "up")
    assert "nothing to change" in told
    assert "warning" not in told


def test_every_url_works_as_it_stands(project: Path) -> None:
    found = urls(project)
    assert {record["database"] for record in found} == set(SYSTEMS)
    for record in found:
        for way in ("pooled", "direct", "read_only"):
            done = subprocess.run(
                ["psql", "-X", record[way], "-Atc", "SELECT session_user, pg_is_in_recovery()"],
                capture_output=True, text=True, check=False, timeout=30,
            )  # fmt: skip
            assert done.stdout == f"{record['role']}|{'t' if way == 'read_only' else 'f'}\n", (record["role"], way)


def test_a_thorny_password_passes_urls_and_environment_files(project: Path) -> None:
    file = make(project, "urls", arguments="--environment sh --role pretamane_app").stdout
    for variable in ("DATABASE_URL", "DIRECT_URL", "READ_ONLY_URL"):
        script = f'set -a; . /dev/stdin; exec psql -X "${variable}" -Atc "SELECT current_user"'
        done = subprocess.run(["sh", "-c", script], input=file, capture_output=True, text=True, check=False, timeout=30)
        assert (done.stdout, done.stderr) == ("pretamane_app\n", "")
    script = 'set -a; . /dev/stdin; printf %s "$PGPASSWORD"; exec psql -X -Atc "SELECT current_user" >&2'
    done = subprocess.run(["sh", "-c", script], input=file, capture_output=True, text=True, check=False, timeout=30)
    assert (done.stdout, done.stderr) == (THORNY, "pretamane_app\n")


def test_tables_that_an_orm_makes_get_their_rights_with_the_next_up(project: Path) -> None:
    migration = stand_in("aves")
    assert migration is not None
    [direct] = [record["direct"] for record in urls(project) if record["role"] == "aves_migrator"]
    with psycopg.connect(direct, autocommit=True) as session:
        session.execute(migration)
    assert 'CREATE POLICY "user_own_data' in changes(project, "up")
    assert "nothing to change" in changes(project)


def test_the_seeds_hold_on_this_cluster(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "urls.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(urls(project)))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/live/seeds"],
        cwd=ROOT, env=os.environ | {"POSTGRES_PLATFORM_URLS": str(file)}, capture_output=True, text=True, check=False,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_drift_of_every_kind_is_shown_and_repaired(project: Path) -> None:
    members = known(project)["members"]
    as_administrator(
        project,
        "ALTER ROLE faevision_app CONNECTION LIMIT 3",
        "GRANT SELECT ON app.users TO faevision_monitor",
        "DROP POLICY org_isolation_projects ON app.projects",
        "ALTER TABLE app.users DISABLE ROW LEVEL SECURITY",
        database="faevision",
    )
    as_administrator(project, "ALTER SYSTEM SET work_mem = '123MB'", port=members["pg-1"]["port"])
    file = Path(members["pg-2"]["directory"]) / "patroni.yml"
    file.write_text(file.read_text().replace("checkpoint: fast", "checkpoint: spread"))
    supervisor = json.loads(Path(members["pg-3"]["status_file"]).read_text())["pid"]
    os.kill(supervisor, 9)

    told = changes(project)
    for line in (
        'ALTER ROLE "faevision_app" CONNECTION LIMIT 40',
        'REVOKE SELECT ON TABLE "app"."users" FROM "faevision_monitor"',
        'CREATE POLICY "org_isolation_projects" ON "app"."projects"',
        'ALTER TABLE "app"."users" ENABLE ROW LEVEL SECURITY',
        "drift: pg-1: ALTER SYSTEM set work_mem to 123MB",
        "drift: pg-2: patroni.yml is not what the last up wrote",
        "drift: pg-3: does not run",
    ):
        assert line in told, line
    assert "drift found" in changes(project, "refresh")
    changes(project, "up")
    assert "nothing to change" in changes(project)
    assert json.loads(make(project, "status", arguments="--json").stdout)["faults"] == []


def test_bad_settings_and_specs_are_one_report_and_nothing_is_touched(project: Path) -> None:
    timing = {"ttl": 30, "loop_wait": 10, "retry_timeout": 30}
    file = project / "Pulumi.local.yaml"
    before = file.read_text()
    settings(project, {"patroni": timing, "pooler": {"pool_mod": "session"}, "access": ["sql/nope/access.yaml"]})
    try:
        done = make(project, "up")
    finally:
        file.write_text(before)
    told = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in told
    assert "loop_wait" in told and "retry_timeout" in told and "did you mean pool_mode" in told
    assert "sql/nope/access.yaml: cannot be read" in told
    assert "nothing to change" in changes(project)


def test_nothing_acknowledged_is_lost_when_parts_are_killed(project: Path, tmp_path: Path) -> None:
    # One event of each: how long an outage lasts is measured by `make chaos-quick`, not judged here.
    result = tmp_path / "outages.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--count", "1", "--directory", str(project / ".local"),
         "--json", str(result), "--limit", "180"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    print(done.stdout, done.stderr)
    assert "of them lost 0\n" in done.stdout
    assert len(json.loads(result.read_text())) > 0


def test_down_leaves_no_process_no_port_and_no_file(project: Path) -> None:
    cluster = known(project)
    done = make(project, "down")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (project / ".local").exists()
    listening = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=True, timeout=30).stdout
    for member in cluster["members"].values():
        assert f":{member['port']} " not in listening
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True, timeout=30).stdout
    assert str(project / ".local") not in processes
