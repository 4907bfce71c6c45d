"""The command line: `python -m tools.lab image|up|down|env|status`."""

from __future__ import annotations

import argparse
import subprocess
import sys

from tools.lab.image import ensure_image
from tools.lab.places import environment, lab
from tools.setup.progress import SetupError


def script(*words: str) -> int:
    """The lab's own script, with what it says shown."""
    return subprocess.run([str(lab() / "kubebox.sh"), *words], env=environment()).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.lab", description="A real Kubernetes on this machine, for tests.")
    parser.add_argument("action", choices=["image", "up", "down", "env", "status"])
    action = parser.parse_args().action
    try:
        if action in ("image", "up"):
            print(f"image: {ensure_image()}", file=sys.stderr)
        return 0 if action == "image" else script(action)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
