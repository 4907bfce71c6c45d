"""`python -m components.access COMMAND ...`: the arguments, and what every command has in common.

Exit status: 0 done, nothing to do, or yes; 1 failed, with a report on stderr; 2 there is drift, or no.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from components.access import adopt_command, edge, effective_commands, spec_commands
from components.access.failures import AccessError

URL = "ACCESS_URL"
_EXIT = "Exit status: 0 done, nothing to do, or yes; 1 failed; 2 drift, or no."
_URL_HELP = (
    f"the server, as its administrator: any libpq URL or keywords (default: ${URL}, which no process list shows)"
)
_EXAMPLES = {
    "plan": "  %(prog)s sql/shop/access.yaml --url postgresql://postgres@localhost/",
    "apply": "  %(prog)s sql/shop/access.yaml --allow cuts-off-sessions",
    "check": "  %(prog)s sql/shop/access.yaml --json || test $? = 2",
    "lint": "  %(prog)s sql/shop/access.yaml",
    "verify": "  %(prog)s sql/shop/access.yaml",
    "adopt": "  %(prog)s --database shop --roles '^shop_' --output sql/shop/access.yaml",
    "why": (
        "  %(prog)s shop_app app.orders select --url postgresql://postgres@localhost/shop\n"
        "  %(prog)s shop_app 'app.place_order(integer)' execute || echo not allowed"
    ),
    "matrix": (
        "  %(prog)s --roles '^shop_' --schema app --url postgresql://postgres@localhost/shop\n"
        "  %(prog)s --csv > matrix.csv"
    ),
}
_WORDS = {
    "plan": "show every statement that an apply would run; 2 if there is any",
    "apply": "make the server what the spec says",
    "check": "like plan: is the server still what the spec says? 2 if not",
    "lint": "only what stops a plan",
    "verify": "try the spec's tests, each as its role, and roll everything back",
    "adopt": "write the spec of a live server, proven to change nothing there",
    "why": "may this role do this, by which path, and on which rows? 2 if not",
    "matrix": "every role's effective privileges, with what row policies leave of them",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command."""
    given = parser().parse_args(arguments)
    try:
        if not given.url:
            raise AccessError(f"no server: give --url, or set {URL}")
        run: Callable[[argparse.Namespace], int] = given.run
        return run(given)
    except BrokenPipeError:
        # The reader has seen enough (head, less); what is left to flush at the end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        print(edge.told(error), file=sys.stderr)  # noqa: T201
        return 1


def parser() -> argparse.ArgumentParser:
    """Every command's arguments."""
    top = argparse.ArgumentParser(
        prog="python -m components.access", description="Who may do what in PostgreSQL, on any server.", epilog=_EXIT
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in ("plan", "apply", "check", "lint", "verify"):
        one = _command(commands, name, spec_commands.run)
        one.add_argument("spec", type=Path, help="the access spec")
        if name == "apply":
            one.add_argument("--allow", action="append", default=[], help="a hazard to accept; may be repeated")
            one.add_argument(
                "--send-passwords",
                action="store_true",
                help="where the login in use may not read passwords: send those of all roles that have one",
            )
            one.add_argument("--digest", help="only if the plan's digest is still this one, as plan --json shows it")
    adopt_command.arguments(_command(commands, "adopt", adopt_command.run))
    effective_commands.why_arguments(_command(commands, "why", effective_commands.why))
    effective_commands.matrix_arguments(_command(commands, "matrix", effective_commands.show_matrix))
    return top


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    one = commands.add_parser(
        name,
        help=_WORDS[name],
        description=f"{_WORDS[name].capitalize()}.",
        epilog=f"example:\n{_EXAMPLES[name]}\n\n{_EXIT}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    one.add_argument("--url", default=os.environ.get(URL), help=_URL_HELP)
    one.add_argument("--json", action="store_true", help="print JSON")
    one.set_defaults(run=run)
    return one
