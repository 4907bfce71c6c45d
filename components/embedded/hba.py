"""pg_hba.conf of the members: compared with what is wanted, and brought into force by reloads alone."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from components.embedded import sql
from components.embedded.failure import EmbeddedError
from components.embedded.patroni_rest import Patroni
from components.embedded.waiting import until
from components.render.hba import hba_lines

FORCE_LIMIT = 60.0
RELOAD_AFTER = 3.0  # Patroni writes the file by itself after a change; only one edited by hand needs to be asked for
KEY = "pg_hba"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A member's file: its lines without comments, PostgreSQL's complaints by line, and whether it has read them."""

    lines: Sequence[str]
    errors: Mapping[int, str]
    read: bool


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


def complaints(member: str, seen: Seen) -> Iterator[str]:
    """What PostgreSQL says of lines that it cannot read."""
    for number, error in sorted(seen.errors.items()):
        yield f"{member}: pg_hba.conf, line {number}: PostgreSQL says: {error}; it goes on with the lines it had before"


def drift(spec: Mapping[str, Any], coming: Mapping[str, Any]) -> Iterator[str]:
    """Members whose file is neither what the last `up` made of it nor what this one will."""
    lines, later = wanted(spec["configuration"]), wanted(coming["configuration"])
    for member, at in spec["members"].items():
        with contextlib.suppress(psycopg.Error):  # one that does not run is its own resource's affair
            seen = sql_seen(spec["admin"], at["port"])
            yield from complaints(member, seen)
            if list(seen.lines) != later:
                yield from differences(f"{member}: pg_hba.conf", lines, seen.lines)


def sql_seen(admin: Mapping[str, str], port: int) -> Seen:
    """One member's file as its server has it."""
    text, read, errors = sql.hba_file(admin, port)
    lines = [line.strip() for line in text.splitlines()]
    return Seen(lines=[line for line in lines if line and not line.startswith("#")], errors=errors, read=read)


def shut_out(spec: Mapping[str, Any], admitted: Collection[str]) -> list[str]:
    """Logins on the server that have no line; [] when nobody can be asked."""
    for at in spec["members"].values():
        with contextlib.suppress(psycopg.Error):
            return sorted(sql.logins(spec["admin"], at["port"]) - set(admitted))
    return []


def settle(spec: Mapping[str, Any], patroni: Patroni) -> None:
    """Until every member has read the wanted lines; raises EmbeddedError with PostgreSQL's words for a bad one."""
    for member in patroni.members:
        _settle(spec, patroni, member)


def _settle(spec: Mapping[str, Any], patroni: Patroni, member: str) -> None:
    lines, port = wanted(spec["configuration"]), patroni.members[member]["port"]
    asked, times = time.monotonic(), 0

    def in_force() -> bool:
        nonlocal asked, times
        with contextlib.suppress(psycopg.Error):
            seen = sql_seen(spec["admin"], port)
            if seen.errors and (list(seen.lines) == lines or times > 1):  # not what somebody wrote by hand before
                raise EmbeddedError("; ".join(complaints(member, seen)))
            if list(seen.lines) == lines and seen.read:
                return True
            if time.monotonic() - asked > RELOAD_AFTER:
                patroni.order(member, "POST", "/reload", {}, f"reload of {member}")
                asked, times = time.monotonic(), times + 1
        return False

    until(in_force, FORCE_LIMIT, f"{member} to take over pg_hba.conf")
