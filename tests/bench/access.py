"""`make bench-access`: the access layer beside its floor and its peers, in one run on one scratch server.

Four phases a case: the first apply, nothing to do, one change (six privileges for one role in one schema), and the
repair of one object that was changed by hand. Wall time is the least of the runs, CPU (program and server) the median.
Exits 1 where a limit is broken, or where the competitors leave different rights behind.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench import access_cases, access_peers
from tests.bench.access_cases import CASES, DATABASE, Case
from tests.bench.access_measure import Sample, run
from tests.bench.access_peers import NOTHING, Competitor, competitors
from tests.bench.access_server import RIGHTS, Bench
from tests.live.access.scratch import packaged, scratch_server

PHASES = ("first apply", NOTHING, "one change", "drift of one object")
# Seconds: (case, phase) -> wall, CPU. What the issue and the README promise.
LIMITS: Mapping[tuple[str, str], tuple[float | None, float | None]] = {
    ("S", "first apply"): (1.0, 1.0),
    ("S", NOTHING): (None, 0.4),
    ("L", "first apply"): (4.0, None),
    ("L", NOTHING): (None, 1.5),
}
MOST_MEMORY = 200 * 1000**2
MOST_STATEMENTS = 5  # for each schema and privilege set
MOST_READS = 2  # of state, in a check: one of the cluster and one of the database

Samples = Mapping[tuple[str, str], Sequence[Sample]]


def phases(bench: Bench, case: Case, one: Competitor) -> tuple[dict[str, Sample], str]:
    """One run through all phases, and a digest of the rights it left behind."""
    bench.fresh()
    found: dict[str, Sample] = {}
    for phase in PHASES:
        suffix = "" if phase in PHASES[:2] else "-changed"
        if phase == "drift of one object":
            bench.sql(f"REVOKE SELECT ON s05.t003 FROM {case.grantees[-1]}", database=DATABASE)
        found[phase] = run(one.command(phase, suffix), bench.postmaster)
        if phase == NOTHING and one.count(found[phase].said):
            raise RuntimeError(f"{one.name} found something to do after its first apply: {found[phase].said[:500]}")
    return found, bench.one(RIGHTS)


def bring_about(desired: Bench, case: Case) -> None:
    """What pg-delta shall make of the first server, before and after the change."""
    desired.template(case)
    for suffix in ("", "_changed"):
        name = f"{DATABASE}{suffix}"
        if not suffix:
            desired.sql("DROP DATABASE IF EXISTS bench_changed WITH (FORCE)")
            desired.fresh(name)
        else:
            desired.sql(f"CREATE DATABASE {name} OWNER {access_cases.OWNER} TEMPLATE bench_template")
        wish = access_peers.floor(desired, name).command("first apply", suffix.replace("_", "-"))
        run(wish, desired.postmaster)


def measure(bench: Bench, desired: Bench | None, case: Case, repeats: int, *, peers: bool) -> list[str]:
    """Prints one case; returns the limits that it broke."""
    bench.template(case)
    access_cases.write(case, bench.files)
    if desired:
        bring_about(desired, case)
    samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    chosen = [one for one in competitors(bench, desired) if one.takes(case) and (peers or not one.peer)]
    left: dict[str, str] = {}
    for turn in range(repeats):
        for one in list(chosen):
            if one.peer and turn and case.name != "S":
                continue  # minutes each: once
            try:
                found, left[one.name] = phases(bench, case, one)
            except RuntimeError as error:
                if not one.peer:
                    raise
                print(f"{case.name}: {one.name} did not get through: {error}")
                chosen.remove(one)
                continue
            for phase, sample in found.items():
                samples[one.name, phase].append(sample)
    show(case, chosen, samples)
    broken = [*_broken(case, samples), *_worse(case, chosen, samples)]
    if len(set(left.values())) > 1:
        broken.append(f"{case.name}: the competitors left different rights behind: {left}")
    else:
        print(f"  the same rights after {', '.join(left)}: md5 {next(iter(left.values()))}")
    return broken


def show(case: Case, chosen: Sequence[Competitor], samples: Samples) -> None:
    """The table of one case. `ours x` is how much more CPU a competitor took than we did."""
    ran = "; ".join(f"{one.name} {len(samples[one.name, NOTHING])}" for one in chosen)
    print(f"\n{case.name}: {case.what}; runs: {ran}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    heads = ("wall s", "CPU s", "client", "server", "MB", "sent", "x floor", "ours x")
    print(f"  {'':29}", *(f"{head:>7}" for head in heads))
    for phase in PHASES:
        base, ours = _cpu(samples["floor", phase]), _cpu(samples["ours", phase])
        for one in chosen:
            runs = samples[one.name, phase]
            said = one.count(runs[0].said)
            print(
                f"  {phase:20}  {one.name:8} {_wall(runs):7.2f} {_cpu(runs):7.2f} {_median(runs, 'client'):7.2f} "
                f"{_median(runs, 'server'):7.2f} {_peak(runs) / 1e6:7.0f} {'' if said is None else said:>7} "
                f"{_cpu(runs) / base:7.1f} {_cpu(runs) / ours:7.1f}"
            )


def _wall(runs: Sequence[Sample]) -> float:
    return min(one.wall for one in runs)


def _cpu(runs: Sequence[Sample]) -> float:
    return statistics.median(one.cpu for one in runs)


def _median(runs: Sequence[Sample], what: str) -> float:
    return float(statistics.median(getattr(one, what) for one in runs))


def _peak(runs: Sequence[Sample]) -> int:
    return max(one.peak for one in runs)


def _broken(case: Case, samples: Samples) -> Iterator[str]:
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


def _worse(case: Case, chosen: Sequence[Competitor], samples: Samples) -> Iterator[str]:
    for one in chosen:
        for phase in PHASES if one.peer else ():
            ours, theirs = _cpu(samples["ours", phase]), _cpu(samples[one.name, phase])
            if ours > theirs:
                yield f"{case.name}, {phase}: {ours:.2f} CPU s, {one.name} took {theirs:.2f}"


def reads(bench: Bench) -> int:
    """How many reads of state a check sends, however large the server is."""
    bench.sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    track = "options='-c pg_stat_statements.track=all'"
    command = [sys.executable, "-m", "components.access", "check", str(bench.files / "ours-changed.yaml")]
    bench.sql("SELECT pg_stat_statements_reset()")
    run([*command, "--url", f"{bench.url} dbname=postgres {track}"], bench.postmaster)
    # Row policies are asked for besides, once for each distinct expression.
    counted = "SELECT sum(calls) FROM pg_stat_statements WHERE toplevel AND query ~ 'json_build_object'"
    return int(bench.one(f"{counted} AND query !~ 'pg_stat_statements'", "postgres"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the chosen cases."""
    parser = argparse.ArgumentParser(prog="make bench-access", description=__doc__)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="case S once, for CI")
    parser.add_argument("--peers", action="store_true", help="build what takes long to build: pgroles, 25 minutes")
    parser.add_argument("--alone", action="store_true", help="without the peers")
    given = parser.parse_args(arguments)
    cases, repeats = (["S"], 1) if given.short else (given.cases, given.repeats)
    if not given.alone:
        access_peers.fetch(build=given.peers)
    broken: list[str] = []
    counted: dict[str, int] = {}
    with ExitStack() as stack:
        files = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [Bench(socket=stack.enter_context(scratch_server(packaged())), files=files)]
        if access_peers.has_pg_delta() and not given.alone:
            servers.append(Bench(socket=stack.enter_context(scratch_server(packaged())), files=files))
        for server in servers:
            server.prepare()
        for name in cases:
            desired = servers[1] if servers[1:] else None
            broken += measure(servers[0], desired, CASES[name], repeats, peers=not given.alone)
            counted[name] = reads(servers[0])
    print(f"\nreads of state in a check: {counted}, the limit is {MOST_READS}")
    if any(count > MOST_READS for count in counted.values()):
        broken.append(f"more reads of state than {MOST_READS}: {counted}")
    print("\n".join(f"over the limit: {line}" for line in broken) or "every limit holds")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
