"""The competitors of `make bench-access`: ours, the floor, and the peers, each told the same wish in its own language.

pg-delta (npm) is fetched by the bench itself; pgroles (cargo) takes 25 CPU minutes to build, so only --peers does it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.access_cases import DATABASE, Case
from tests.bench.access_server import Bench
from tools.setup.places import cache
from tools.setup.progress import SetupError, run, say

PGROLES, PG_DELTA = "0.15.0", "1.0.0-alpha.34"
NOTHING = "nothing to do"


@dataclass(frozen=True, kw_only=True)
class Competitor:
    """A program: its command for a phase and the suffix of its file, and how many statements its output tells of."""

    name: str
    command: Callable[[str, str], Sequence[str]]
    count: Callable[[str], int | None]
    takes: Callable[[Case], bool] = lambda _: True
    peer: bool = False


def pgroles_home() -> Path:
    """Where pgroles is installed, its version in the name."""
    return cache() / f"pgroles-{PGROLES}"


def pg_delta_home() -> Path:
    """Where pg-delta is installed, its version in the name."""
    return cache() / f"pg-delta-{PG_DELTA}"


def fetch(*, build: bool) -> None:
    """Brings the peers that can be had; one line for each that cannot."""
    try:
        _fetch_pg_delta()
    except SetupError as error:
        say(f"pg-delta is left out: {error}; npm install @supabase/pg-delta@{PG_DELTA} --prefix {pg_delta_home()}")
    if _pgroles() is None and build:
        command = ["cargo", "install", "pgroles-cli", "--version", PGROLES, "--locked", "--root", str(pgroles_home())]
        try:
            run(f"building pgroles {PGROLES}, about 25 minutes", ["nice", "-n", "15", *command], limit=7200)
        except SetupError as error:
            say(f"pgroles cannot be built: {error}")
    if _pgroles() is None:
        say(f"pgroles {PGROLES} is left out: make bench-access ARGS=--peers builds it with cargo, in about 25 minutes")


def _fetch_pg_delta() -> None:
    if _pg_delta() is not None:
        return
    if shutil.which("npm") is None:
        raise SetupError("there is no npm")
    pg_delta_home().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=pg_delta_home().parent, prefix="fetching-") as scratch:
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", scratch]
        run(f"pg-delta {PG_DELTA}", [*command, f"@supabase/pg-delta@{PG_DELTA}"], limit=300)
        shutil.rmtree(pg_delta_home(), ignore_errors=True)
        os.rename(scratch, pg_delta_home())  # noqa: PTH104  # one step: it is there whole or not at all
        Path(scratch).mkdir()


def _pgroles() -> str | None:
    return shutil.which("pgroles", path=str(pgroles_home() / "bin"))


def _pg_delta() -> str | None:
    return shutil.which("pgdelta", path=str(pg_delta_home() / "node_modules" / ".bin"))


def competitors(bench: Bench, desired: Bench | None) -> Iterator[Competitor]:
    """Those that are here. `desired` is a second server, which holds what pg-delta shall bring about."""
    yield _ours(bench)
    yield floor(bench)
    if program := _pgroles():
        yield _as_pgroles(program, bench)
    if (program := _pg_delta()) and desired:
        yield _as_pg_delta(program, bench, desired)


def has_pg_delta() -> bool:
    """Whether a second server is needed."""
    return _pg_delta() is not None


def _ours(bench: Bench) -> Competitor:
    ours = [sys.executable, "-m", "components.access", "apply"]
    return Competitor(
        name="ours",
        command=lambda _, suffix: [
            *ours, str(bench.files / f"ours{suffix}.yaml"), "--url", f"{bench.url} dbname=postgres"
        ],
        count=lambda said: said.count(";  -- "),
    )  # fmt: skip


def floor(bench: Bench, database: str = DATABASE) -> Competitor:
    """The least that any program must do."""
    program = [sys.executable, "-m", "tests.bench.access_floor", f"{bench.url} dbname={database}"]
    return Competitor(
        name="floor",
        command=lambda phase, suffix: [
            *program, str(bench.files / f"floor{suffix}.json"), *(["--apply"] if phase != NOTHING else [])
        ],
        count=int,
    )  # fmt: skip


def _as_pgroles(program: str, bench: Bench) -> Competitor:
    def count(said: str) -> int | None:
        return 0 if "No changes needed" in said else None

    return Competitor(
        name="pgroles",
        command=lambda _, suffix: [
            program, "apply", "--file", str(bench.files / f"pgroles{suffix}.yaml"), "--database-url", bench.uri()
        ],
        count=count,
        takes=lambda case: not case.row_policies and case.logins + case.groups <= 1024,
        peer=True,
    )  # fmt: skip


def _as_pg_delta(program: str, bench: Bench, desired: Bench) -> Competitor:
    """It compares two databases. The one that is as wished costs it nothing here: its server is not counted."""
    plan = bench.files / "pg-delta.json"

    def command(phase: str, suffix: str) -> list[str]:
        wish = desired.uri(f"{DATABASE}{suffix.replace('-', '_')}")
        planning = [program, "plan", "--source", bench.uri(), "--desired", wish, "--out", str(plan)]
        applying = [program, "apply", "--plan", str(plan), "--target", bench.uri()]
        steps = [planning] if phase == NOTHING else [planning, applying]
        return ["sh", "-c", " && ".join(map(shlex.join, steps))]

    def count(said: str) -> int | None:
        found = re.search(r"actions:\s+(\d+)", said)
        return int(found[1]) if found else None

    return Competitor(name="pg-delta", command=command, count=count, takes=lambda case: case.name != "L", peer=True)
