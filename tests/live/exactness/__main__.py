"""`make exactness`: many random worlds and every interruption on every PostgreSQL major that can be had.

ARGS="--examples 300 --every 60 --seed 7 --majors 14 18": how many worlds on each major, how many whose apply ends after
every single statement, of which beginning, on which majors. 0 leaves one out.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.live.access.scratch import in_memory, majors

WORLDS, EVERY, ONE_SPEC = "test_exactness.py", "test_every_statement.py", "test_interrupted.py"


def main(arguments: list[str]) -> int:
    """1 if any major failed."""
    parser = argparse.ArgumentParser(prog="make exactness", description=__doc__)
    parser.add_argument("--examples", type=int, default=200, help="worlds on each major (default: %(default)s)")
    parser.add_argument(
        "--every", type=int, default=40, help="worlds ended after every statement (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="where the random worlds begin (default: %(default)s)")
    parser.add_argument("--majors", type=int, nargs="*", default=majors(), help="default: all that can be had")
    parser.add_argument("--shrink", action="store_true", help="look for the smallest world that fails; takes minutes")
    parser.add_argument("--worlds-only", action="store_true", help="leave the interruptions of one spec out")
    given = parser.parse_args(arguments)
    chosen = {WORLDS: given.examples, EVERY: given.every, ONE_SPEC: not given.worlds_only}
    files = tuple(name for name, wanted in chosen.items() if wanted)
    failed = []
    for major in given.majors:
        began = time.monotonic()
        if _run(major, files, given):
            failed.append(major)
        told = f"{given.examples} worlds, {given.every} ended after every statement, from seed {given.seed}"
        print(f"PostgreSQL {major}: {told}, {time.monotonic() - began:.0f} s", flush=True)
    print(f"failed on {failed}" if failed else "every world ended as its spec says")
    return 1 if failed else 0


def _run(major: int, files: tuple[str, ...], given: argparse.Namespace) -> int:
    here = Path(__file__).parent
    environment = {
        **os.environ,
        "ACCESS_MAJORS": str(major),
        "EXACTNESS_EXAMPLES": str(max(1, given.examples)),
        "EXACTNESS_EVERY": "1",
        "EXACTNESS_EVERY_WORLDS": str(max(1, given.every)),
        **({"EXACTNESS_SHRINK": "1"} if given.shrink else {}),
        **in_memory(),
    }
    options = ["-q", "-s", f"--hypothesis-seed={given.seed}", "--hypothesis-show-statistics", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, *(str(here / file) for file in files)]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
