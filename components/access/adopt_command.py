"""adopt: writes the spec of a live server."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

import yaml

from components.access import edge
from components.access.failures import AccessError
from components.access.session import Target

FAILED, DONE = 1, 0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its own arguments."""
    parser.add_argument("--database", action="append", default=[], help="only this database; may be repeated")
    parser.add_argument(
        "--roles", help="only the roles that this regular expression matches (default: all but built-in)"
    )
    parser.add_argument("--output", type=Path, help="write the file here (it must not exist yet) and not to stdout")


def run(given: argparse.Namespace) -> int:
    """Writes the spec; 1 where it would still change something, which stderr tells."""
    if given.output is not None and given.output.exists():
        raise AccessError(f"{given.output} is there already; name another file, or remove it")
    from components.access import adopt_read  # here, because every other command would pay for loading it

    try:
        re.compile(given.roles or "")
    except re.error as error:
        raise AccessError(f"--roles {given.roles!r} is no regular expression: {error}") from None
    target = Target.at(given.url)
    origin = f"{target.words.get('host') or 'the local server'}"
    made = adopt_read.adopted(target, given.database, roles=given.roles, origin=origin)
    text = json.dumps(yaml.safe_load(made.text), indent=2, ensure_ascii=False) + "\n" if given.json else made.text
    if given.output is not None:
        with given.output.open("x", encoding="utf-8") as file:
            file.write(text)
    else:
        edge.say(text.rstrip("\n").split("\n"))
    for line in made.left:
        print(f"the spec is not exact: a plan of it still has: {line}", file=sys.stderr)  # noqa: T201
    return FAILED if made.left else DONE
