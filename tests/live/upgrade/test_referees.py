"""Other people's word: real servers on what catalogues lost, and pg_upgrade itself on what it refuses."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from components.access.session import Target
from components.upgrade.catalogue import HERE
from components.upgrade.look import look
from tests.live.access.scratch import majors
from tests.live.upgrade.planted import IN_DATABASE, OF_THE_SERVER
from tests.ports import free_port
from tools.catalogue import run, scratch_server, server_user
from tools.setup.majors import programs
from tools.setup.trixie import binaries as unpacked

pytestmark = pytest.mark.live
LIMIT_S = 120
OLD, NEW = 15, 17  # both of Debian's packages, which bring pg_upgrade; npm's do not
BOTH = {major: path for major, path in ((OLD, programs(OLD)), (NEW, unpacked())) if path is not None}
COLUMNS = """
SELECT format('%s.%s', c.relname, a.attname)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') AND a.attnum > 0
"""
FUNCTIONS = "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace"
RENAMED = {"pg_timezone_abbrevs"}  # the view of this name is still there; nobody calls the function


def test_what_catalogues_lost_is_what_the_servers_say() -> None:
    known: dict[int, tuple[set[str], set[str]]] = {}
    for major in majors():
        binaries = programs(major)
        assert binaries is not None
        with scratch_server(binaries) as words, psycopg.connect(words) as connection:
            columns, functions = (
                {str(name) for (name,) in connection.execute(query.encode()).fetchall()}
                for query in (COLUMNS, FUNCTIONS)
            )
            known[major] = columns, functions
    lost = json.loads((HERE / "removed.json").read_text(encoding="utf-8"))
    for major in sorted(known)[1:]:
        if major - 1 in known:
            said = lost.get(str(major), {"columns": [], "functions": []})
            assert set(said["columns"]) == known[major - 1][0] - known[major][0]
            assert set(said["functions"]) == known[major - 1][1] - known[major][1] - RENAMED


@contextmanager
def clusters() -> Iterator[Path]:
    """Data of two majors below a folder of the servers' account."""
    home = Path(tempfile.mkdtemp(prefix="upgrade-"))
    try:
        if user := server_user():
            shutil.chown(home, user)
        home.chmod(0o700)
        for major, path in BOTH.items():
            words = ("-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale")
            run(f"{path}/initdb", "-D", f"{home}/{major}", *words)
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def started(home: Path, port: int) -> Iterator[Target]:
    options = f"-c listen_addresses='' -c unix_socket_directories={home} -p {port} -c max_prepared_transactions=5"
    words = ("-D", f"{home}/{OLD}", "-w", "-l", f"{home}/log")
    run(f"{BOTH[OLD]}/pg_ctl", *words, "-o", options, "start")
    try:
        yield Target.at(f"host={home} port={port} user=postgres dbname=postgres")
    finally:
        run(f"{BOTH[OLD]}/pg_ctl", "-D", f"{home}/{OLD}", "-w", "-m", "fast", "stop")


def pg_upgrade(home: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [
        f"{BOTH[NEW]}/pg_upgrade", "-b", str(BOTH[OLD]), "-B", str(BOTH[NEW]), "-d", f"{home}/{OLD}",
        "-D", f"{home}/{NEW}", "-U", "postgres", "-p", str(free_port()), "-P", str(free_port()), "-s", str(home),
        *more,
    ]  # fmt: skip
    options = "-c max_prepared_transactions=5"
    command += ["-o", options, "-O", options]
    return subprocess.run(
        command, cwd=home, user=server_user(), capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


REFUSED = ("regproc", "row type", "aclitem", "invalid database", "closed database", "prepared transaction")
needs_both = pytest.mark.skipif(
    not all((path / "pg_upgrade").exists() for path in BOTH.values()) or len(BOTH) < 2,
    reason="pg_upgrade of both majors is not here (make trixie brings one)",
)


@needs_both
def test_pg_upgrade_agrees() -> None:
    """It takes a clean server and refuses one with each of the faults that it looks for; so do we."""
    with clusters() as home:
        port = free_port()
        clean = pg_upgrade(home, "--check")
        assert clean.returncode == 0, clean.stdout
        for fault in (one for one in (*IN_DATABASE, *OF_THE_SERVER) if one.name in REFUSED):
            with started(home, port) as target:
                with target.open(autocommit=True) as connection:
                    connection.execute("SET search_path = public, pg_catalog")
                    for statement in fault.sql:
                        connection.execute(statement.encode())
                assert len(look(target, OLD, NEW).stopping) == 1, fault.name
            done = pg_upgrade(home, "--check")
            assert done.returncode != 0, f"{fault.name}: pg_upgrade takes it: {done.stdout}"
            with started(home, port) as target, target.open(autocommit=True) as connection:
                connection.execute("SET search_path = public, pg_catalog")
                for statement in fault.clean or ("DROP TABLE t",):
                    connection.execute(statement.encode())


@needs_both
def test_a_view_on_what_is_gone_breaks_a_real_upgrade() -> None:
    """--check does not see it; the upgrade itself fails half way, and we say so before."""
    (view,) = [one for one in IN_DATABASE if one.name == "view on what 17 lost"]
    with clusters() as home:
        with started(home, free_port()) as target:
            with target.open(autocommit=True) as connection:
                connection.execute("SET search_path = public, pg_catalog")
                connection.execute(view.sql[0].encode())
            (found,) = look(target, OLD, NEW).stopping
            assert "pg_stat_bgwriter.buffers_backend" in found.object
        assert pg_upgrade(home, "--check").returncode == 0
        assert pg_upgrade(home).returncode != 0
