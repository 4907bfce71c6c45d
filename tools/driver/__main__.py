"""The command line of the driver: `python -m tools.driver <command>`, called by make through tools/run.

Exit codes: 0 done, 1 failed with one sentence, 2 there are changes (`--expect-no-changes`) or a wrong command line, 130
stopped on request.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tools.driver.commands import COMMANDS, Request
from tools.driver.project import Project
from tools.driver.refusal import STOPPED, Refusal
from tools.driver.screen import Screen
from tools.driver.story import Line
from tools.setup.places import ROOT


def main(arguments: list[str]) -> int:
    """The exit code; see the module."""
    if arguments[:1] == ["pulumi"]:  # everything after it is for the CLI
        arguments = ["pulumi", "--", *arguments[1:]]
    given = parser().parse_args(arguments)
    screen = Screen()
    project = Project(given.project.resolve(), given.stack)
    try:
        return COMMANDS[given.command].run(Request(project, screen, vars(given)))
    except Refusal as refusal:
        screen.show(Line("note" if refusal.code == STOPPED else "failed", str(refusal)))
        return refusal.code
    except KeyboardInterrupt:
        screen.show(Line("note", "stopped on request"))
        return STOPPED


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    whole = argparse.ArgumentParser(prog="make", description="Brings up and looks after a stack of this project.")
    commands = whole.add_subparsers(dest="command", required=True, metavar="command")
    for name, command in COMMANDS.items():
        own = commands.add_parser(name, help=command.help)
        own.add_argument("--stack", default=os.environ.get("STACK") or "local", help="default: $STACK, else local")
        own.add_argument("--project", type=Path, default=ROOT, help=argparse.SUPPRESS)
        for flag, options in command.options.items():
            own.add_argument(flag, **options)
    return whole


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
