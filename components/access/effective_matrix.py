"""`matrix`: every role's effective privileges on every object, with the state of the rows. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from components.access.effective import Ground
from components.access.effective_rows import rows
from components.access.model import RELATIONS, Acl, Facts, Object

NO_ROWS = "-"


class Cell(NamedTuple):
    """One effective privilege. `rows` is OPEN, COND, DENIED, or - where rows are no question."""

    role: str
    kind: str
    object: str
    privilege: str
    rows: str
    columns: str = ""  # comma-separated, where only these are granted


def matrix(ground: Ground, facts: Facts, roles: Iterable[str], schemas: frozenset[str]) -> Iterator[Cell]:
    """The cells of these roles, in order. A right that nothing lets the role get to is left out."""
    items = sorted(
        item
        for item in ground.access.acls
        if item.kind != "column"
        and (item.schema in schemas if item.schema else item.kind != "schema" or item.name in schemas)
    )
    columns: dict[tuple[str, str], list[Object]] = {}
    for item in sorted(one for one in ground.access.acls if one.kind == "column"):
        columns.setdefault((item.schema, item.name), []).append(item)
    for role in roles:
        known: dict[tuple[str, str, Acl], tuple[str, ...]] = {}
        shut: dict[tuple[str, bool], bool] = {}
        for item in items:
            place = (item.schema, item.kind == "database")
            if place not in shut:
                shut[place] = bool(ground.shut(role, item))
            if shut[place]:
                continue
            key = (item.kind, ground.access.owners[item], ground.access.acls[item])
            if key not in known:
                known[key] = tuple(word for word in ground.privileges(item) if ground.reasons(role, item, word))
            partly = _partly(ground, role, known[key], columns.get((item.schema, item.name), ()), item)
            for word, named in (*((word, "") for word in known[key]), *partly):
                answer = rows(ground, facts, role, item, word)
                yield Cell(role, item.kind, str(item), word, str(answer.state) if answer else NO_ROWS, named)


def _partly(
    ground: Ground, role: str, whole: Sequence[str], columns: Iterable[Object], item: Object
) -> list[tuple[str, str]]:
    """Privileges on some columns only."""
    found: dict[str, list[str]] = {}
    for column in columns if item.kind in RELATIONS else ():
        for word in ground.privileges(column):
            if word not in whole and ground.reasons(role, column, word):
                found.setdefault(word, []).append(column.detail)
    return [(word, ",".join(named)) for word, named in found.items()]


def table(cells: Iterable[Cell]) -> Iterator[str]:
    """For a person: one line for a role and object."""
    grouped = [
        (role, kind, called, " ".join(_shown(cell) for cell in group))
        for (role, kind, called), group in groupby(cells, key=lambda cell: cell[:3])
    ]
    heads = ("role", "kind", "object", "may")
    widths = [max(len(row[column]) for row in (heads, *grouped)) for column in range(3)]
    for row in (heads, *grouped):
        yield "  ".join([*(text.ljust(width) for text, width in zip(row[:3], widths, strict=True)), row[3]])


def _shown(cell: Cell) -> str:
    named = f"({cell.columns})" if cell.columns else ""
    return cell.privilege + named + ("" if cell.rows == NO_ROWS else f":{cell.rows}")


def as_csv(cells: Iterable[Cell]) -> Iterator[str]:
    """For a spreadsheet: one line for a cell, with a head."""
    for row in (Cell._fields, *cells):
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(row)
        yield text.getvalue()
