"""pg_hba.conf in Patroni's shared configuration: what is wanted, and how two versions of it differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.render.hba import hba_lines

KEY = "pg_hba"


def wanted(configuration: Mapping[str, Any]) -> list[str]:
    """The lines of a dynamic configuration; those of a platform that knew no others where it says nothing."""
    return list(configuration["postgresql"].get(KEY) or hba_lines())


def without(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """A dynamic configuration less its lines, which are told one by one."""
    section = {key: value for key, value in configuration.get("postgresql", {}).items() if key != KEY}
    return {**configuration, "postgresql": section}


def told(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """What a change does to the file, as its text: lines that go, lines that come."""
    if list(before) == list(after):
        return
    yield "pg_hba.conf of every member: reload, nobody is cut off, open sessions stay"
    yield from (f"  - {line}" for line in before if line not in after)
    yield from (f"  + {line}" for line in after if line not in before)


def differences(where: str, lines: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    """How lines differ from what they should be, one sentence each."""
    absent = [line for line in lines if line not in found]
    besides = [line for line in found if line not in lines]
    yield from (f"{where} lacks the line: {line}" for line in absent)
    yield from (f"{where} has a line besides: {line}" for line in besides)
    if not absent and not besides and list(lines) != list(found):
        yield f"{where} has its lines in another order, and the first that matches decides"
