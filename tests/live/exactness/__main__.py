"""`make exactness`: many random worlds and every interruption on every PostgreSQL major that can be had.

ARGS="--examples 300 --seed 7 --majors 14 18": how many worlds on each major, of which beginning, on which majors.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.live.access.scratch import in_memory, majors

FILES = ("test_exactness.py", "test_interrupted.py")


def main(arguments: list[str]) -> int:
    """1 if any major failed."""
    parser = argparse.ArgumentParser(prog="make exactness", description=__doc__)
    parser.add_argument("--examples", type=int, default=200, help="worlds on each major (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="where the random worlds begin (default: %(default)s)")
    parser.add_argument("--majors", type=int, nargs="*", default=majors(), help="default: all that can be had")
    parser.add_argument("--shrink", action="store_true", help="look for the smallest world that fails; takes minutes")
    parser.add_argument("--worlds-only", action="store_true", help="leave the interruptions of one spec out")
    given = parser.parse_args(arguments)
    files = FILES[:1] if given.worlds_only else FILES
    failed = []
    for major in given.majors:
        began = time.monotonic()
        if _run(major, files, given):
            failed.append(major)
        print(f"PostgreSQL {major}: {given.examples} worlds from seed {given.seed}, {time.monotonic() - began:.0f} s")
    print(f"failed on {failed}" if failed else "every world ended as its spec says")
    return 1 if failed else 0


def _run(major: int, files: tuple[str, ...], given: argparse.Namespace) -> int:
    here = Path(__file__).parent
    environment = {
        **os.environ,
        "ACCESS_MAJORS": str(major),
        "EXACTNESS_EXAMPLES": str(given.examples),
        "EXACTNESS_EVERY": "1",
        **({"EXACTNESS_SHRINK": "1"} if given.shrink else {}),
        **in_memory(),
    }
    options = ["-q", f"--hypothesis-seed={given.seed}", "--hypothesis-show-statistics", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, *(str(here / file) for file in files)]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
