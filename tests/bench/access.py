"""`make bench-access`: the access layer beside its floor and its peers, in one run on one scratch server.

Four phases a case: the first apply, nothing to do, one change (six privileges for one role in one schema), and the
repair of one object that was changed by hand. Wall time is the least of the runs, CPU (program and server) the median.
Exits 1 where a limit is broken, or where the competitors leave different rights behind.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.bench import access_cases
from tests.bench.access_cases import CASES, DATABASE, OWNER, Case
from tests.bench.access_measure import Sample, run
from tests.live.access.scratch import packaged, port, scratch_server

PHASES = ("first apply", "nothing to do", "one change", "drift of one object")
# Seconds: (case, phase) -> wall, CPU. What the issue and the README promise.
LIMITS: Mapping[tuple[str, str], tuple[float | None, float | None]] = {
    ("S", "first apply"): (1.0, 1.0),
    ("S", "nothing to do"): (None, 0.4),
    ("L", "first apply"): (4.0, None),
    ("L", "nothing to do"): (None, 1.5),
}
MOST_MEMORY = 200 * 1000**2
MOST_STATEMENTS = 5  # for each schema and privilege set
CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "postgres-platform"
QUIET = (
    "log_statement = 'none'",
    "log_min_duration_statement = -1",
    "autovacuum = off",
    "pg_stat_statements.track = 'none'",
)
RIGHTS = """
SELECT md5(string_agg(line, ';' ORDER BY line)) FROM (
    SELECT format('%s.%s %s %s', n.nspname, c.relname, pg_get_userbyid(x.grantee), x.privilege_type) AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
         aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
    WHERE c.relkind = 'r' AND n.nspname ~ '^s[0-9]+$' AND x.grantee <> c.relowner
    UNION ALL
    SELECT format('%s %s %s', n.nspname, pg_get_userbyid(x.grantee), x.privilege_type)
    FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) x
    WHERE n.nspname ~ '^s[0-9]+$' AND x.grantee <> n.nspowner
    UNION ALL
    SELECT format('%s %s %s', c.relname, p.polname, p.polpermissive)
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
) held
"""


@dataclass(frozen=True, kw_only=True)
class Competitor:
    """A program: its command for a spec (with or without the change), and how many statements its output tells of."""

    name: str
    command: Callable[[str, str], Sequence[str]]  # of the phase and the suffix of the file
    count: Callable[[str], int | None]
    row_policies: bool = True


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A running scratch server and the folder of the case's files."""

    socket: Path
    files: Path

    @property
    def url(self) -> str:
        return f"host={self.socket} port={port(self.socket)} user=postgres"

    @property
    def postmaster(self) -> int:
        return int((self.socket / "data" / "postmaster.pid").read_text().split()[0])

    def sql(self, *statements: str, database: str = "postgres") -> None:
        with psycopg.connect(f"{self.url} dbname={database}", autocommit=True) as session:
            for statement in statements:
                session.execute(statement.encode())

    def number(self, query: str, database: str = DATABASE) -> str:
        with psycopg.connect(f"{self.url} dbname={database}") as session:
            row = session.execute(query.encode()).fetchone()
        assert row is not None
        return str(row[0])


def competitors(bench: Bench) -> Iterator[Competitor]:
    """Ours and the floor, and the peers that this machine has."""
    ours = [sys.executable, "-m", "components.access", "apply"]
    url = f"{bench.url} dbname=postgres"
    yield Competitor(
        name="ours",
        command=lambda _, suffix: [*ours, str(bench.files / f"ours{suffix}.yaml"), "--url", url],
        count=lambda said: said.count(";  -- "),
    )
    floor = [sys.executable, "-m", "tests.bench.access_floor", f"{bench.url} dbname={DATABASE}"]
    yield Competitor(
        name="floor",
        command=lambda phase, suffix: [
            *floor, str(bench.files / f"floor{suffix}.json"), *(["--apply"] if phase != "nothing to do" else [])
        ],
        count=int,
    )  # fmt: skip
    if pgroles := peer("pgroles"):
        at = f"postgresql://postgres@localhost/{DATABASE}?host={bench.socket}&port={port(bench.socket)}"
        yield Competitor(
            name="pgroles",
            command=lambda _, suffix: [
                pgroles, "apply", "--file", str(bench.files / f"pgroles{suffix}.yaml"), "--database-url", at
            ],
            count=lambda _: None,
            row_policies=False,
        )  # fmt: skip


def peer(name: str) -> str | None:
    """A peer's program: on PATH, or in this project's cache."""
    return shutil.which(name) or shutil.which(name, path=f"{CACHE / 'peers' / 'bin'}")


def fresh(bench: Bench, case: Case) -> None:
    """The database and the cluster as they were before anybody applied anything."""
    with psycopg.connect(f"{bench.url} dbname=postgres", autocommit=True) as session:
        session.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)".encode())
        session.execute("CHECKPOINT")
        strategy = " STRATEGY file_copy" if session.info.server_version >= 150000 else ""
        session.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER} TEMPLATE bench_template{strategy}".encode())
        there = session.execute(r"SELECT rolname FROM pg_roles WHERE rolname ~ '^bench_(app|group)'").fetchall()
        if there:
            session.execute(f"DROP ROLE {', '.join(name for (name,) in there)}".encode())


def phases(bench: Bench, case: Case, one: Competitor) -> tuple[dict[str, Sample], str]:
    """One run through all phases, and a digest of the rights it left behind."""
    fresh(bench, case)
    found: dict[str, Sample] = {}
    for phase in PHASES:
        suffix = "" if phase in PHASES[:2] else "-changed"
        if phase == "drift of one object":
            bench.sql(f"REVOKE SELECT ON s05.t003 FROM {case.grantees[-1]}", database=DATABASE)
        found[phase] = run(one.command(phase, suffix), bench.postmaster)
        if phase == "nothing to do" and one.count(found[phase].said):
            raise RuntimeError(f"{one.name} found something to do after its first apply: {found[phase].said[:500]}")
    return found, bench.number(RIGHTS)


def measure(bench: Bench, case: Case, repeats: int) -> list[str]:
    """Prints one case; returns the limits that it broke."""
    bench.sql("DROP DATABASE IF EXISTS bench_template", f"CREATE DATABASE bench_template OWNER {OWNER}")
    bench.sql(access_cases.fixture(case), database="bench_template")
    access_cases.write(case, bench.files)
    samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    chosen = [one for one in competitors(bench) if one.row_policies or not case.row_policies]
    left: dict[str, str] = {}
    for _ in range(repeats):
        for one in chosen:
            found, left[one.name] = phases(bench, case, one)
            for phase, sample in found.items():
                samples[one.name, phase].append(sample)
    print(f"\n{case.name}: {case.what}; {repeats} runs each")
    heads = ("wall s", "CPU s", "client", "server", "MB", "sent", "x floor")
    print(f"  {'':29}", *(f"{head:>7}" for head in heads))
    for phase in PHASES:
        base = _cpu(samples["floor", phase])
        for one in chosen:
            runs = samples[one.name, phase]
            said = one.count(runs[0].said)
            print(
                f"  {phase:20}  {one.name:8} {_wall(runs):7.2f} {_cpu(runs):7.2f} {_median(runs, 'client'):7.2f} "
                f"{_median(runs, 'server'):7.2f} {_peak(runs) / 1e6:7.0f} {'' if said is None else said:>7} "
                f"{_cpu(runs) / base:7.1f}"
            )
    broken = [*_broken(case, samples), *_worse(case, chosen, samples)]
    if len(set(left.values())) > 1:
        broken.append(f"{case.name}: the competitors left different rights behind: {left}")
    return broken


def _wall(runs: Sequence[Sample]) -> float:
    return min(one.wall for one in runs)


def _cpu(runs: Sequence[Sample]) -> float:
    return statistics.median(one.cpu for one in runs)


def _median(runs: Sequence[Sample], what: str) -> float:
    return float(statistics.median(getattr(one, what) for one in runs))


def _peak(runs: Sequence[Sample]) -> int:
    return max(one.peak for one in runs)


def _broken(case: Case, samples: Mapping[tuple[str, str], Sequence[Sample]]) -> Iterator[str]:
    for phase in PHASES:
        runs = samples["ours", phase]
        wall, cpu = LIMITS.get((case.name, phase), (None, None))
        if wall is not None and _wall(runs) > wall:
            yield f"{case.name}, {phase}: {_wall(runs):.2f} s, the limit is {wall} s"
        if cpu is not None and _cpu(runs) > cpu:
            yield f"{case.name}, {phase}: {_cpu(runs):.2f} CPU s, the limit is {cpu}"
        if _peak(runs) > MOST_MEMORY:
            yield f"{case.name}, {phase}: {_peak(runs) / 1e6:.0f} MB, the limit is {MOST_MEMORY / 1e6:.0f}"
    said = samples["ours", "first apply"][0].said.splitlines()
    rights = sum(line.startswith(("GRANT", "REVOKE", "ALTER DEFAULT")) and " ON " in line for line in said)
    most = MOST_STATEMENTS * case.schemas * 2  # privilege sets: readers and writers
    if rights > most:
        yield f"{case.name}: {rights} statements on rights, the limit is {most}"


def _worse(
    case: Case, chosen: Sequence[Competitor], samples: Mapping[tuple[str, str], Sequence[Sample]]
) -> Iterator[str]:
    for one in chosen:
        for phase in PHASES if one.name not in ("ours", "floor") else ():
            ours, theirs = _cpu(samples["ours", phase]), _cpu(samples[one.name, phase])
            if ours > theirs:
                yield f"{case.name}, {phase}: {ours:.2f} CPU s, {one.name} took {theirs:.2f}"


def reads(bench: Bench) -> int:
    """How many reads of the catalogue a check sends, however large the server is."""
    bench.sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    track = "options='-c pg_stat_statements.track=all'"
    command = [sys.executable, "-m", "components.access", "check", str(bench.files / "ours-changed.yaml")]
    bench.sql("SELECT pg_stat_statements_reset()")
    run([*command, "--url", f"{bench.url} dbname=postgres {track}"], bench.postmaster)
    # Row policies are asked for besides, once for each distinct expression.
    counted = "SELECT sum(calls) FROM pg_stat_statements WHERE query ~ 'json_build_object' AND query !~ 'statements'"
    return int(bench.number(counted, "postgres"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the chosen cases."""
    parser = argparse.ArgumentParser(prog="make bench-access", description=__doc__)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="case S once, for CI")
    given = parser.parse_args(arguments)
    cases, repeats = (["S"], 1) if given.short else (given.cases, given.repeats)
    if peer("pgroles") is None:
        print(
            f"pgroles is neither on PATH nor in {CACHE}/peers/bin, so it is left out: cargo install pgroles-cli@0.15.0"
        )
    broken: list[str] = []
    counted: dict[str, int] = {}
    with scratch_server(packaged()) as socket, tempfile.TemporaryDirectory() as files:
        bench = Bench(socket=socket, files=Path(files))
        bench.sql(*(f"ALTER SYSTEM SET {one}" for one in QUIET), "SELECT pg_reload_conf()", f"CREATE ROLE {OWNER}")
        for name in cases:
            broken += measure(bench, CASES[name], repeats)
            counted[name] = reads(bench)
    print(f"\nreads of a check, all sizes alike: {counted}")
    if len(set(counted.values())) > 1:
        broken.append(f"the number of reads depends on the size: {counted}")
    print("\n".join(f"over the limit: {line}" for line in broken) or "every limit holds")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
