"""`make matrix`: the access layer's tests on every PostgreSQL major that can be had, one after the other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.live.access.scratch import in_memory, majors

# Pulumi and the command line meet the same core whatever the server is.
ELSEWHERE = ("test_pulumi.py", "test_command.py")


def main(arguments: list[str]) -> int:
    """Exit code of pytest; `arguments` are handed on to it."""
    here = Path(__file__).parent
    files = [str(file) for file in sorted(here.glob("test_*.py")) if file.name not in ELSEWHERE]
    files.append(str(here.parent / "access_adopt" / "test_adopt.py"))
    environment = {**os.environ, **in_memory(), "ACCESS_MAJORS": " ".join(map(str, majors()))}
    return subprocess.run([sys.executable, "-m", "pytest", "-q", *arguments, *files], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
