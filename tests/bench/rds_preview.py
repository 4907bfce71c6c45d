"""`make bench-preview-rds`: preview of an unchanged prod stack on RDS, against a program that has nothing to decide.

That program declares as many resources of the same two plugins: AWS's, all of one type and with a few inputs, and
Pulumi's own for dynamic providers, with one that is empty. It imports Pulumi alone. Each preview is a process of its
own, so what is imported counts. The stacks are up in an emulated cloud, with the stand-in provider of tests/plugins;
they are measured in turn. Exits 1 when the ratio of the medians is over 1.5.

A third program has AWS's resources alone, so that one plugin less is started. The ratio to it is printed too: it holds
what dynamic providers cost, which is the start of a Python, whatever they do. Seconds of CPU, of each program with the
engine and the plugins, stand beside: on a busy machine they tell more than the clock, which alone decides.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

LIMIT = 1.5
WAIT_S = 300.0
PROGRAMS = ("prod", "nothing", "aws")
DYNAMIC = 4  # of the prod stack: two passwords, a certificate, what runs
PROJECT = Path(__file__).resolve().parents[2]
IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/pgbouncer@sha256:" + "1a2b3c4d" * 8


def prod() -> None:
    """The prod stack: settings, rules and all resources."""
    from components.rds.cluster import RdsCluster
    from components.settings.load import load

    rds = {"region": "eu-central-1", "account": "123456789012", "pooler": {"image": IMAGE}}
    settings = load({"platform": "rds", "name": "main", "replicas": 2, "access": [], "rds": rds})
    RdsCluster(settings.name, settings)


def nothing(count: int, dynamic: int) -> None:
    """As many resources, each with an input of the usual size and a tag; so many of them of dynamic providers."""
    import pulumi

    tags = {"name": "main", "environment": "production", "managed-by": "pulumi"}
    above = pulumi.ComponentResource("bench:index:Nothing", "nothing")
    options = pulumi.ResourceOptions(parent=above, version="7.51.1")
    below = pulumi.ResourceOptions(parent=above)
    if dynamic:
        from tests.bench.empty_provider import Empty, EmptyProvider

        for number in range(dynamic):
            Empty(EmptyProvider(), f"empty-{number}", {"name": "main"}, below)
    for number in range(count - dynamic):
        inputs = {"name": f"/bench/{dynamic}/{number}", "retentionInDays": 365, "tags": tags}
        pulumi.CustomResource("aws:cloudwatch/logGroup:LogGroup", f"log-{number}", inputs, options)


def operate(verb: str, which: str, count: int, home: Path, address: str) -> int:
    """One operation in this process; how many resources there are. A preview that finds a change is an error."""
    from tests.live.rds.emulated import environment, workspace

    floor = partial(nothing, count, DYNAMIC if which == "nothing" else 0)
    stack = workspace(home, environment(home, address), prod if which == "prod" else floor)
    if verb == "up":
        return sum((stack.up().summary.resource_changes or {}).values())
    found = {str(getattr(kind, "value", kind)): amount for kind, amount in stack.preview().change_summary.items()}
    if set(found) != {"same"}:
        raise SystemExit(f"the preview of {which} is not unchanged: {found}")
    return found["same"]


@dataclass(frozen=True)
class Took:
    """One operation: seconds by the clock, seconds of CPU of all its processes, and the resources that it counted."""

    clock: float
    cpu: float
    resources: int


def child(*words: str) -> Took:
    """An operation as a process of its own."""
    begin, before = time.monotonic(), _cpu()
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.rds_preview", *words],
        cwd=PROJECT, capture_output=True, text=True, timeout=WAIT_S, check=False,
    )  # fmt: skip
    clock, cpu = time.monotonic() - begin, _cpu() - before
    if done.returncode:
        raise SystemExit(
            f"{' '.join(words[:2])} ended with {done.returncode}:\n{done.stdout[-1500:]}{done.stderr[-1500:]}"
        )
    return Took(clock, cpu, int(done.stdout.split()[-1]))


def _cpu() -> float:
    """Of the children that have ended, with what they waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(rounds: int) -> float:
    """Brings all up, previews them in turn, prints each time; the ratio of the medians."""
    from tests.live.rds.emulator import emulator

    with tempfile.TemporaryDirectory(prefix="bench-rds-") as folder, emulator() as address:
        where = {which: str(Path(folder) / which) for which in PROGRAMS}
        for home in where.values():
            Path(home).mkdir()
        count = child("up", "prod", "0", where["prod"], address).resources
        own = 2  # the stack and the component, which both have
        for which in PROGRAMS[1:]:
            child("up", which, str(count - own), where[which], address)
        runs: dict[str, list[Took]] = {which: [] for which in PROGRAMS}
        for number in range(rounds):
            for which in PROGRAMS if number % 2 else reversed(PROGRAMS):
                took = child("preview", which, str(count - own), where[which], address)
                assert took.resources == count, f"{which} has {took.resources} resources, not {count}"
                runs[which].append(took)
                print(f"  {which:<8} {took.clock:6.2f} s  CPU {took.cpu:6.2f} s", flush=True)
    clocks = [statistics.median(one.clock for one in runs[which]) for which in PROGRAMS]
    print(f"{count} resources: {_told(clocks)}; CPU: {_told([_median_cpu(runs[which]) for which in PROGRAMS])}")
    return clocks[0] / clocks[1]


def _median_cpu(runs: list[Took]) -> float:
    return statistics.median(one.cpu for one in runs)


def _told(medians: list[float]) -> str:
    whole, floor, aws = medians
    return (
        f"{whole:.2f} s, ratio {whole / floor:.2f} to a program that decides nothing ({floor:.2f} s), "
        f"{whole / aws:.2f} to one without dynamic providers ({aws:.2f} s)"
    )


def main() -> int:
    """Measures, or does one operation for a measurement."""
    parser = argparse.ArgumentParser(prog="make bench-preview-rds", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="previews of each, in turn (default 5)")
    parser.add_argument("operation", nargs="*", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.operation:
        verb, which, count, home, address = given.operation
        print(operate(verb, which, int(count), Path(home), address))
        return 0
    ratio = measure(given.rounds)
    if ratio > LIMIT:
        print(f"over the limit of {LIMIT}")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
