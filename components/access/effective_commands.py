"""why and matrix: what somebody may really do in the database of the URL."""

from __future__ import annotations

import argparse
import json
import re

from components.access import edge
from components.access.failures import AccessError
from components.access.session import Target
from components.access.spec.wording import unknown

YES, NO = 0, 2


def why_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own arguments."""
    parser.add_argument("role", help="who")
    parser.add_argument("object", help="schema.table, schema.table.column, schema.function(types), schema:name, ...")
    parser.add_argument("privilege", help="select, insert, usage, execute, connect, ...")


def why(given: argparse.Namespace) -> int:
    """0 yes, 2 no."""
    from components.access import effective_read  # here, because every other command would pay for loading it
    from components.access import why as why_core

    found = effective_read.read(Target.at(given.url))
    answer = why_core.why(found.ground, found.facts, given.role, given.object, given.privilege)
    if given.json:
        edge.say([json.dumps(why_core.as_json(answer), indent=2, ensure_ascii=False)])
    else:
        edge.say(why_core.lines(answer))
    return YES if answer.may else NO


def matrix_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own arguments."""
    parser.add_argument("--roles", help="only roles that this regular expression matches (default: no built-in ones)")
    parser.add_argument("--schema", action="append", default=[], help="only this schema; may be repeated")
    parser.add_argument("--csv", action="store_true", help="print CSV")


def show_matrix(given: argparse.Namespace) -> int:
    """Every effective privilege."""
    from components.access import effective_matrix, effective_read

    found = effective_read.read(Target.at(given.url))
    people, access = found.ground.people, found.ground.access
    there = {item.name for item in access.owners if item.kind == "schema"}
    if wrong := [name for name in given.schema if name not in there]:
        raise AccessError("\n".join(unknown("schema", name, there) for name in wrong))
    roles = _roles(given.roles, {name: one.superuser for name, one in people.items()})
    cells = effective_matrix.matrix(found.ground, found.facts, roles, frozenset(given.schema or there))
    if given.json:
        edge.say([json.dumps([cell._asdict() for cell in cells], indent=1, ensure_ascii=False)])
    else:
        edge.say(effective_matrix.as_csv(cells) if given.csv else effective_matrix.table(cells))
    return YES


def _roles(pattern: str | None, people: dict[str, bool]) -> list[str]:
    """Sorted; without a pattern, superusers and the server's own roles, who may everything or nothing, are left out."""
    if pattern is None:
        return sorted(name for name, superuser in people.items() if not superuser and not name.startswith("pg_"))
    try:
        found = sorted(name for name in people if re.search(pattern, name))
    except re.error as error:
        raise AccessError(f"--roles {pattern!r} is no regular expression: {error}") from None
    if not found:
        raise AccessError(unknown("role", pattern, people))
    return found
