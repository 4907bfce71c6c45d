"""`make bench-preview-rds`: preview of an unchanged prod stack on RDS, against a program that has nothing to decide.

That program declares as many resources of the same two plugins: AWS's, all of one type and with a few inputs, and
Pulumi's own for dynamic providers, with one that is empty. It imports Pulumi alone. Each preview is a process of its
own, so what is imported counts. Both stacks are up in an emulated cloud, with the stand-in provider of tests/plugins;
the two are measured in turn. Exits 1 when the ratio of the medians is over 1.5.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 1.5
WAIT_S = 300.0
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


def nothing(count: int) -> None:
    """As many resources, each with an input of the usual size and a tag."""
    import pulumi

    from tests.bench.empty_provider import Empty, EmptyProvider

    tags = {"name": "main", "environment": "production", "managed-by": "pulumi"}
    above = pulumi.ComponentResource("bench:index:Nothing", "nothing")
    options = pulumi.ResourceOptions(parent=above, version="7.51.1")
    below = pulumi.ResourceOptions(parent=above)
    for number in range(DYNAMIC):
        Empty(EmptyProvider(), f"empty-{number}", {"name": "main"}, below)
    for number in range(count - DYNAMIC):
        inputs = {"name": f"/bench/{number}", "retentionInDays": 365, "tags": tags}
        pulumi.CustomResource("aws:cloudwatch/logGroup:LogGroup", f"log-{number}", inputs, options)


def operate(verb: str, which: str, count: int, home: Path, address: str) -> int:
    """One operation in this process; how many resources there are. A preview that finds a change is an error."""
    from tests.live.rds.emulated import environment, workspace

    stack = workspace(home, environment(home, address), prod if which == "prod" else lambda: nothing(count))
    if verb == "up":
        return sum((stack.up().summary.resource_changes or {}).values())
    found = {str(getattr(kind, "value", kind)): amount for kind, amount in stack.preview().change_summary.items()}
    if set(found) != {"same"}:
        raise SystemExit(f"the preview of {which} is not unchanged: {found}")
    return found["same"]


def child(*words: str) -> tuple[float, int]:
    """Seconds of one operation as a process of its own, and the resources that it counted."""
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.rds_preview", *words],
        cwd=PROJECT, capture_output=True, text=True, timeout=WAIT_S, check=False,
    )  # fmt: skip
    seconds = time.monotonic() - begin
    if done.returncode:
        raise SystemExit(
            f"{' '.join(words[:2])} ended with {done.returncode}:\n{done.stdout[-1500:]}{done.stderr[-1500:]}"
        )
    return seconds, int(done.stdout.split()[-1])


def measure(rounds: int) -> float:
    """Brings both up, previews them in turn, prints each time; the ratio of the medians."""
    from tests.live.rds.emulator import emulator

    with tempfile.TemporaryDirectory(prefix="bench-rds-") as folder, emulator() as address:
        where = {which: str(Path(folder) / which) for which in ("prod", "nothing")}
        for home in where.values():
            Path(home).mkdir()
        _, count = child("up", "prod", "0", where["prod"], address)
        own = 2  # the stack and the component, which both have
        child("up", "nothing", str(count - own), where["nothing"], address)
        seconds: dict[str, list[float]] = {"prod": [], "nothing": []}
        for number in range(rounds):
            for which in ("nothing", "prod") if number % 2 else ("prod", "nothing"):
                took, same = child("preview", which, str(count - own), where[which], address)
                assert same == count, f"{which} has {same} resources, not {count}"
                seconds[which].append(took)
                print(f"  {which:<8} {took:6.2f} s", flush=True)
    floor, whole = (statistics.median(seconds[which]) for which in ("nothing", "prod"))
    print(f"{count} resources: {whole:.2f} s, a program that decides nothing {floor:.2f} s, ratio {whole / floor:.2f}")
    return whole / floor


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
