"""What to do with a part, decided from what is wanted and what was seen; nothing here touches the machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Step = Literal["start", "restart", "reload", "rewrite"]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A part as it is: whether it runs, what it was started with, what it has read, what lies on the disk (digests)."""

    running: bool
    launch: str
    loaded: Mapping[str, str]
    disk: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The same, wanted. `launch` covers what only a start reads. Of `files`, those in `reloads` are read at a reload,
    those in `restarts` whenever the program comes back by itself: an edited one may have been read already.
    """

    launch: str
    files: Mapping[str, str]
    reloads: frozenset[str] = frozenset()
    restarts: frozenset[str] = frozenset()


def edited(wanted: Wanted, seen: Seen) -> list[str]:
    """Files that are not on the disk as they should be."""
    return sorted(name for name, text in wanted.files.items() if seen.disk.get(name) != text)


def unread(wanted: Wanted, seen: Seen) -> list[str]:
    """Files that the running program has not read as they should be."""
    return sorted(name for name in wanted.reloads if seen.loaded.get(name) != wanted.files[name])


def steps(wanted: Wanted, seen: Seen) -> frozenset[Step]:
    """The least that makes a part what it should be; empty when it is."""
    changed = set(edited(wanted, seen))
    found: set[Step] = {"rewrite"} if changed else set()
    if not seen.running:
        found.add("start")
    elif seen.launch != wanted.launch or changed & wanted.restarts:
        found.add("restart")
    elif changed & wanted.reloads or unread(wanted, seen):
        found.add("reload")
    return frozenset(found)


def well(wanted: Wanted) -> Seen:
    """A part that is just as wanted."""
    return Seen(running=True, launch=wanted.launch, loaded=wanted.files, disk=wanted.files)


SETTING = re.compile(r"^\s*([A-Za-z_][\w.]*)\s*=?\s*(.+?)\s*$")


def altered(auto_conf: str) -> dict[str, str]:
    """What ALTER SYSTEM wrote: name -> value of postgresql.auto.conf."""
    lines = (line for line in auto_conf.splitlines() if not line.lstrip().startswith("#"))
    return {found[1]: found[2].strip("'") for line in lines if (found := SETTING.match(line))}
