"""The command line: `python3 -m supervisor member|node|gateway --config FILE`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from . import gateway, member, node, status, watched
from .configuration import ROLES, ConfigurationError, load
from .log import Log, complain


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="supervisor", description="Keeps the servers of one platform alive.")
    parser.add_argument("role", choices=sorted(ROLES))
    parser.add_argument("--config", required=True, type=Path, help="JSON; its keys are in the package's docstring")
    given = parser.parse_args(arguments)
    try:
        loaded = load(given.role, given.config)
    except ConfigurationError as error:
        for problem in error.problems:
            complain(problem)
        return 2
    os.umask(0o077)
    held = status.lock(loaded.status_file)
    if held is None:
        complain(
            f"another supervisor holds {loaded.status_file}.lock; stop it first (its pid is in {loaded.status_file})"
        )
        return 3
    log = Log(loaded.log_file, loaded.log_bytes, loaded.name)
    watched.watch(loaded.watched_folders, log)
    if given.role == "member":
        return member.run(loaded, log)
    if given.role == "node":
        return node.run(loaded, log)
    return gateway.run(loaded, given.config, log)


if __name__ == "__main__":
    sys.exit(main())
