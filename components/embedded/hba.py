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
from components.patroni.hba import differences, wanted
from components.patroni.rest import Patroni
from components.patroni.waiting import until

FORCE_LIMIT = 60.0
RELOAD_AFTER = 3.0  # Patroni writes the file by itself after a change; only one edited by hand needs to be asked for


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A member's file: its lines without comments, PostgreSQL's complaints by line, and whether it has read them."""

    lines: Sequence[str]
    errors: Mapping[int, str]
    read: bool


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
