"""`make bench-up`: from nothing to a ready cluster, as a ratio to its bare parts in the same run.

Ready: the writer answers, every replica streams, and a login through the pooled port reads. What the tools need
(packages, environments, the CLI) is installed before the clock starts. Runs in a copy of the project with ports and a
folder of its own, beside a cluster that may be up. Exits 1 when the median ratio is over the limit.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.bench.bare_parts import bare_parts
from tests.project_copy import copy_of_project, make

LIMIT = 3.0  # what issue and README promise: ready within three times the bare parts
READY = """
SELECT count(*) FROM pg_stat_replication WHERE application_name LIKE 'pg-%' AND state = 'streaming'
"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Seconds of one bring-up: until the cluster is ready, until `make up` ended, and of the bare parts."""

    ready: float
    whole: float
    floor: Mapping[str, float]

    @property
    def ratio(self) -> float:
        return self.ready / sum(self.floor.values())


def must(copy: Path, target: str) -> None:
    """One make target in the copy, quiet unless it fails."""
    done = make(copy, target)
    if done.returncode:
        raise RuntimeError(f"make {target} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def is_ready(copy: Path, replicas: int) -> bool:
    """Does the writer answer, with all replicas streaming, and is the pooled port open?"""
    file = copy / ".local" / "cluster.json"
    try:
        known = json.loads(file.read_text())
        words = {
            "host": "localhost", "dbname": "postgres", "user": "postgres", "sslmode": "verify-full",
            "sslrootcert": known["ca"], "sslcert": known["admin_certificate"], "sslkey": known["admin_key"],
            "connect_timeout": 2,
        }  # fmt: skip
        with psycopg.connect(**words, port=known["gateway"]["writer"]) as session:
            found = session.execute(READY).fetchone()
        return found is not None and int(found[0]) == replicas and _pooled_answers(known)
    except (OSError, ValueError, KeyError, psycopg.Error):
        return False


def _pooled_answers(known: Mapping[str, object]) -> bool:
    """PgBouncer reaches the primary: a stranger is refused by the pooler's own login check, which asks the server."""
    gateway = known["gateway"]
    assert isinstance(gateway, dict)
    try:
        psycopg.connect(host="localhost", port=gateway["pooled"], user="nobody_at_all", password="-", dbname="postgres",
                        sslmode="verify-full", sslrootcert=str(known["ca"]), connect_timeout=2)  # fmt: skip
    except psycopg.OperationalError as refused:
        # PgBouncer's words before and since 1.21; while it cannot reach the primary it says neither.
        return any(words in str(refused) for words in ("no such user", "authentication failed"))
    return False


def ready_after(copy: Path, replicas: int, start: float, ended: threading.Event, found: list[float]) -> None:
    """Polls until ready; the seconds since `start` go to `found`."""
    while not ended.is_set():
        if is_ready(copy, replicas):
            found.append(time.perf_counter() - start)
            return
        time.sleep(0.05)


def bring_up(copy: Path, replicas: int) -> tuple[float, float]:
    """One `make up` from nothing: seconds until ready, seconds of the whole command."""
    ended, found = threading.Event(), list[float]()
    start = time.perf_counter()
    watcher = threading.Thread(target=ready_after, args=(copy, replicas, start, ended, found))
    watcher.start()
    try:
        must(copy, "up")
        whole = time.perf_counter() - start
        watcher.join(30)
    finally:
        ended.set()
        watcher.join()
    if not found:
        raise RuntimeError("make up ended well, but the cluster was not ready within 30 s after")
    return found[0], whole


def measure(copy: Path, count: int, binaries: Path, patroni: Path) -> list[Run]:
    """`count` bring-ups, each beside its own floor, so that a busy moment slows both."""
    runs = []
    for number in range(1, count + 1):
        floor = bare_parts(binaries, patroni)
        try:
            ready, whole = bring_up(copy, replicas=2)
        finally:
            must(copy, "down")
        runs.append(Run(ready=ready, whole=whole, floor=floor))
        bare, ratio = sum(floor.values()), runs[-1].ratio
        print(
            f"run {number}: ready {ready:.1f} s, `make up` {whole:.1f} s, bare {bare:.1f} s, ratio {ratio:.2f}",
            flush=True,
        )
    return runs


def report(runs: Sequence[Run]) -> bool:
    """Prints the table; says whether the limit holds."""
    for part in runs[0].floor:
        print(f"  {part:<22} {statistics.median(run.floor[part] for run in runs):6.2f} s (median)")
    ratios = sorted(run.ratio for run in runs)
    median = statistics.median(ratios)
    print(f"ready / bare parts: min {ratios[0]:.2f}, median {median:.2f}, max {ratios[-1]:.2f} (limit {LIMIT:.1f})")
    return median <= LIMIT


def main() -> int:
    """Options: --count, how many bring-ups (3)."""
    parser = argparse.ArgumentParser(prog="make bench-up", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=3, metavar="N", help="bring-ups to measure (default 3)")
    count = parser.parse_args().count
    patroni = Path(os.environ["POSTGRES_PLATFORM_PATRONI"])
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3])).parent
    # Not below /root, where the servers' user may not go; a short path, for Unix sockets.
    with tempfile.TemporaryDirectory(prefix="bench-up-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        copy = copy_of_project(Path(name))
        print("installing what the copy needs; the clock is not running", flush=True)
        must(copy, "preview")
        return 0 if report(measure(copy, count, binaries, patroni)) else 1


if __name__ == "__main__":
    sys.exit(main())
