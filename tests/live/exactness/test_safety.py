"""Fifty applies of two specs at once under a peer's locks, and passwords: in no log, process list, state or preview."""

from __future__ import annotations

import base64
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from components.access import preview, session
from components.access.apply import Done
from components.access.session import Target
from tests.live.access.process_list import ProcessList
from tests.live.access.shop import Shop

pytestmark = pytest.mark.live

RUNS = 50
PASSWORD = "Tr0ub4dor&3 '\\\" %s çé é {} ;--"


@contextmanager
def peer_holding_locks(shop: Shop) -> Iterator[list[int]]:
    """Somebody's session that takes and leaves locks on the tables all along; yields how often it did."""
    ended, taken = threading.Event(), [0]

    def hold() -> None:
        while not ended.is_set():
            with shop.admin() as connection:
                connection.execute("LOCK app.users, app.orders IN ROW EXCLUSIVE MODE")
                taken[0] += 1
                time.sleep(0.3)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        yield taken
    finally:
        ended.set()
        holder.join(30)


def test_fifty_applies_of_two_specs_under_a_peers_locks(
    target: Target, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each spec's harm is repaired once, nothing is lost, and nobody fails."""
    monkeypatch.setattr(session, "TABLE_LOCK_LIMIT_S", 2)
    shops = [Shop(target, f"{mark}{letter}") for letter in "ab"]
    for shop in shops:
        shop.apply()
        shop.run("DROP POLICY tenant_floor ON app.users", 'GRANT DELETE ON app.orders TO "MARK_readers"')

    def one(number: int) -> list[Done]:
        return shops[number % 2].apply()

    with peer_holding_locks(shops[0]) as taken, ThreadPoolExecutor(RUNS) as pool:
        done = list(pool.map(one, range(RUNS)))
    assert taken[0] > 0
    changed = [number % 2 for number, parts in enumerate(done) if any(part.statements for part in parts)]
    assert sorted(changed) == [0, 1], "one run of each spec did the work, the others found it done"
    assert [shop.plan() for shop in shops] == [[], []]


def test_a_password_is_nowhere_to_be_found(server: Path, target: Target, mark: str) -> None:
    """The server logs every statement; and a wrong statement in the same apply is logged with its text as well."""
    shop = Shop(target, mark, passwords={"app": PASSWORD})
    shown: list[str] = []
    with ProcessList() as processes:
        shown += map(str, _previews(shop))
        shown += map(repr, shop.apply(report=shown.append))
        shop.passwords["app"] = PASSWORD + "2"
        shown += map(str, _previews(shop))
        shown += map(repr, shop.apply(report=shown.append))
        shop.run(f"ALTER ROLE \"{mark}_app\" PASSWORD 'drifted by hand'")
        shown += map(repr, shop.apply(report=shown.append))
        shown += map(str, shop.passwords.keys())
    with target.open() as connection:
        row = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [f"{mark}_app"]).fetchone()
    assert row is not None
    verifier = str(row[0])
    secrets = [PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), verifier, verifier.split("$")[2]]
    log = (server / "log").read_text(errors="replace")
    assert "drifted by hand" in log, "the server does log what is sent, so that the search could find something"
    for place, text in {"log": log, "process list": "\n".join(processes.seen), "output": "\n".join(shown)}.items():
        for secret in secrets:
            assert secret not in text, f"a secret is in the {place}"
    assert "SCRAM-SHA-256$" not in log


def test_a_failing_apply_tells_no_password(server: Path, target: Target, mark: str) -> None:
    """The server refuses the very statement that holds the verifier, and logs refused statements."""
    shop = Shop(target, mark, passwords={"app": PASSWORD})
    with target.open(autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{mark}_guard"'.encode())
    before = len((server / "log").read_text(errors="replace"))
    holder = target.open()
    holder.execute(f'CREATE ROLE "{mark}_app"'.encode())  # not committed: the apply meets it in the middle
    threading.Timer(1, holder.commit).start()
    told = ""
    try:
        shop.apply()
    except Exception as error:
        told = f"{error!r} {error}"
    time.sleep(1.2)
    holder.close()
    logged = (server / "log").read_text(errors="replace")[before:]
    assert told, "the apply met the other session's role"
    assert "SCRAM-SHA-256$" not in told + logged
    assert PASSWORD not in told + logged
    shop.apply()
    assert shop.plan() == []


def _previews(shop: Shop) -> list[str]:
    part = preview.cluster(shop.target, shop.spec, shop.verifiers, major=15)
    return [*part.statements(), *preview.lines(part), repr(part)]


def test_the_command_line_tells_no_password(target: Target, mark: str, tmp_path: Path) -> None:
    """By the environment and never by an argument; a connection that fails says nothing of the URL's password."""
    bad = f"postgresql://postgres:{mark}hunter2@localhost:1/postgres"
    spec = tmp_path / "access.yaml"
    spec.write_text("version: 1\nscope: { roles: ^x }\n")
    command = [sys.executable, "-m", "components.access", "plan", str(spec)]
    done = subprocess.run(command, env={"ACCESS_URL": bad}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "hunter2" not in done.stdout + done.stderr
    with pytest.raises(psycopg.OperationalError):
        Target.at(bad).open()
    assert "hunter2" not in repr(Target.at(bad))
