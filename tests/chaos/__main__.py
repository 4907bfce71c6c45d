"""The command line: `python -m tests.chaos --count 10 --directory .local`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.chaos.cluster import Cluster, NotWholeError
from tests.chaos.conclusion import conclude
from tests.chaos.faults import FAULTS, LIMITS, FaultError
from tests.chaos.run import ROUTES, run


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.chaos", description="Breaks a cluster under a writer and measures.")
    parser.add_argument("--directory", type=Path, default=Path(".local"), help="where cluster.json is (default .local)")
    parser.add_argument("--count", type=int, default=10, help="events of each fault (default 10)")
    parser.add_argument(
        "--faults", nargs="+", choices=sorted(FAULTS), default=list(LIMITS), help="default: those with a limit"
    )
    parser.add_argument("--limit", type=float, default=120.0, help="seconds to wait for a whole cluster (default 120)")
    parser.add_argument("--json", type=Path, help="also write the measured seconds there")
    given = parser.parse_args(arguments)
    try:
        cluster = Cluster.read(given.directory)
    except (OSError, ValueError) as error:
        print(f"{given.directory}/cluster.json cannot be read ({error}); run `make up` first", file=sys.stderr)
        return 2
    try:
        outages, audit = run(cluster, given.faults, given.count, given.limit, lambda line: print(line, flush=True))
    except (NotWholeError, FaultError, TimeoutError) as error:
        print(f"the run ended early: {error}", file=sys.stderr)
        return 1
    if given.json:
        given.json.write_text(json.dumps(outages.seconds, indent=1) + "\n", encoding="utf-8")
    return conclude(outages, audit, list(ROUTES), LIMITS, given.count)


if __name__ == "__main__":
    sys.exit(main())
