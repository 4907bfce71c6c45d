"""PostgreSQL 17 as a newcomer gets it: `make up STACK=local17`, all six systems. The tests run in their order."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from components.embedded import installed
from tests.live.seeds.logins import stand_in
from tests.live.seventeen.stack import STACK, SYSTEMS, Stack, loaded, postmaster
from tests.project_copy import settings

RECOVERY_S = 60.0


def test_a_second_up_changes_nothing(seventeen: Stack) -> None:
    assert "nothing to change" in seventeen.run("up")


def test_every_member_runs_17_from_where_it_was_found_and_loads_nothing_else(seventeen: Stack) -> None:
    server = installed.find(17)
    assert server is not None
    unpacked = server.binaries.is_relative_to(installed.SHARED) or "postgres-platform" in server.binaries.parts
    folder = server.binaries.parents[4]  # <folder>/usr/lib/postgresql/17/bin
    for member in seventeen.known()["members"].values():
        [(version,)] = seventeen.ask("SHOW server_version", port=member["port"])
        assert version.startswith("17.")
        mapped = loaded(postmaster(member))
        assert str(server.binaries / "postgres") in mapped
        assert any("timescaledb" in name for name in mapped)
        if unpacked:  # a library of the machine's own beside Debian 13's C library would end in a crash, some day
            assert {name for name in mapped if not Path(name).is_relative_to(folder)} == set()


def test_postmaster_is_a_child_of_what_supervises_it(seventeen: Stack) -> None:
    for member in seventeen.known()["members"].values():
        supervisor = json.loads(Path(member["status_file"]).read_text())["pid"]
        pid = postmaster(member)
        assert Path(f"/proc/{pid}/comm").read_text() == "postgres\n"
        parents = []
        while pid > 1:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            parents.append(pid)
        assert supervisor in parents


def test_what_the_systems_ask_for_is_there(seventeen: Stack) -> None:
    names = {name for (name,) in seventeen.ask("SELECT datname FROM pg_database")}
    assert set(SYSTEMS) <= names
    query = "SELECT extname FROM pg_extension"
    assert {("timescaledb",), ("vector",)} <= set(seventeen.ask(query, "corporate_intel"))
    assert ("timescaledb",) in seventeen.ask(query, "faevision")  # optional there: made where it can be had
    assert ("pgaudit",) in seventeen.ask(query, "devmentor")
    [(jobs,)] = seventeen.ask("SELECT count(*) FROM cron.job WHERE database = 'corporate_intel'")
    assert jobs == 2
    [(workers,)] = seventeen.ask("SELECT current_setting('max_worker_processes')::int")
    assert workers == 24


def test_an_optional_extension_that_is_missing_is_left_out_and_told(seventeen: Stack) -> None:
    server = installed.find(17)
    assert server is not None
    if "postgis" in server.offered():
        pytest.skip("this machine's PostgreSQL 17 has PostGIS")
    assert "extension postgis is left out (it is optional)" in seventeen.told
    assert ("postgis",) not in seventeen.ask("SELECT extname FROM pg_extension", "faevision")


def test_what_the_orm_makes_later_is_pending_and_then_granted(seventeen: Stack) -> None:
    migration = stand_in("aves")
    assert migration is not None
    [direct] = [one["direct"] for one in seventeen.json("urls") if one["role"] == "aves_migrator"]
    with psycopg.connect(direct, autocommit=True) as session:
        session.execute(migration)
    told = seventeen.run("up")
    assert 'CREATE POLICY "user_own_data' in told
    assert "nothing to change" in seventeen.run("preview")


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_promise_of_its_spec_holds(seventeen: Stack, system: str) -> None:
    found = seventeen.verify(system)
    assert len(found) >= 10 and [one for one in found if not one["passed"]] == []


def test_the_edition_of_timescaledb_is_told_and_used(seventeen: Stack) -> None:
    features = dict(seventeen.ask("SELECT * FROM ops.features", "corporate_intel"))
    assert features.pop("hypertable")
    # The Apache edition has none of the rest, the community's must use all of it.
    assert len(set(features.values())) == 1


def test_drift_is_shown_and_repaired(seventeen: Stack) -> None:
    seventeen.ask("GRANT SELECT ON app.metrics TO corporate_intel_jobs", "corporate_intel")
    seventeen.ask("ALTER ROLE corporate_intel_app CONNECTION LIMIT 1")
    _, primary = seventeen.leader()
    seventeen.ask("ALTER SYSTEM SET work_mem = '99MB'", port=primary["port"])
    told = seventeen.run("preview")
    for line in (
        'REVOKE SELECT ON TABLE "app"."metrics" FROM "corporate_intel_jobs"',
        'ALTER ROLE "corporate_intel_app" CONNECTION LIMIT 60',
        "ALTER SYSTEM set work_mem to 99MB",
    ):
        assert line in told, line
    seventeen.run("up")
    assert "nothing to change" in seventeen.run("preview")


def test_a_killed_primary_is_replaced_and_comes_back(seventeen: Stack) -> None:
    """pg_rewind, pg_controldata and a base backup at need: all of Patroni's programs of that major."""
    name, member = seventeen.leader()
    os.kill(postmaster(member), signal.SIGKILL)
    deadline = time.monotonic() + RECOVERY_S
    while True:
        with contextlib.suppress(psycopg.Error, AssertionError, ValueError, OSError):
            [(replicas,)] = seventeen.ask("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")
            if replicas == 2 and seventeen.leader()[0] != name:
                break
        assert time.monotonic() < deadline, "not whole again"
        time.sleep(0.5)
    assert seventeen.json("status", "--json")["faults"] == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"major": 16}, ["Pulumi.local17.yaml:", "major: PostgreSQL 16 is not on this machine", "Set major to", "17"]),
        ({"major": 99}, ["Pulumi.local17.yaml:", "major:", "99"]),
    ],
)
def test_a_major_that_cannot_be_had_is_one_report_and_nothing_is_touched(
    seventeen: Stack, change: dict[str, int], told: list[str]
) -> None:
    if installed.find(16) is not None and change["major"] == 16:
        pytest.skip("this machine has PostgreSQL 16")
    settings(seventeen.project, change, stack=STACK)
    try:
        said = seventeen.refused("preview")
    finally:
        settings(seventeen.project, {"major": 17}, stack=STACK)
    assert all(word in said for word in told), said
    assert "nothing to change" in seventeen.run("preview")


def test_a_required_extension_that_is_missing_is_said_with_its_line(seventeen: Stack) -> None:
    spec = seventeen.project / "sql/corporate_intel/access.yaml"
    before = spec.read_text()
    spec.write_text(before.replace("      vector: {", "      citus: {}\n      vector: {"))
    line = spec.read_text().splitlines().index("      citus: {}") + 1
    try:
        said = seventeen.refused("preview")
    finally:
        spec.write_text(before)
    assert f"access.yaml:{line}: databases.corporate_intel.extensions.citus: PostgreSQL 17 on this machine" in said


def test_down_leaves_nothing(seventeen: Stack) -> None:
    folder = seventeen.folder
    place = folder.resolve()
    seventeen.run("down")
    assert not folder.exists()
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True, timeout=30).stdout
    assert str(place) not in processes and str(folder) not in processes
