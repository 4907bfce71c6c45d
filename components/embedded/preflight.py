"""Looked at before anything is touched: programs, ports, room on the disk, what is in the folder already."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from components.embedded.files import json_of, text_of
from components.embedded.place import Place
from components.settings.model import Settings

LISTENING = "0A"
ETCD_ROOM, GATEWAY_ROOM, MEMBER_ROOM = 350, 50, 1600  # MB: WAL up to max_wal_size, a base backup, logs
PARTS = ("pki", "runtime", "backup", "gateway", "etcd-", "pg-")
MARK = "platform.json"


def listeners(table: str) -> dict[int, str]:
    """Port -> socket number of each listener on loopback or on all addresses, from /proc/net/tcp or tcp6."""
    found: dict[int, str] = {}
    for line in table.splitlines()[1:]:
        words = line.split()
        if len(words) > 9 and words[3] == LISTENING:
            address, _, port = words[1].rpartition(":")
            if address.endswith(("0100007F", "00000000", "01000000")):
                found[int(port, 16)] = words[9]
    return found


def all_listeners() -> dict[int, str]:
    tables = [text_of(Path("/proc/net") / name) or "" for name in ("tcp6", "tcp")]
    return {port: number for table in tables for port, number in listeners(table).items()}


def holders(sockets: set[str]) -> dict[str, int]:
    """Socket number -> pid that holds it, as far as we may look."""
    found: dict[str, int] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208  a thousand Path objects cost more
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError):
            for descriptor in os.listdir(f"/proc/{name}/fd"):  # noqa: PTH208
                with contextlib.suppress(OSError):
                    number = os.readlink(f"/proc/{name}/fd/{descriptor}")[8:-1]  # noqa: PTH115  socket:[number]
                    if number in sockets:
                        found.setdefault(number, int(name))
    return found


def taken_ports(ports: Mapping[int, str], home: Path) -> list[str]:
    """One sentence for each port that a program has which is not a part of the platform in `home`."""
    busy = {port: number for port, number in all_listeners().items() if port in ports}
    owners = holders(set(busy.values())) if busy else {}
    return [
        f"port {port} ({ports[port]}) is taken by {described(owners.get(number))}; end it, or set"
        " postgres-platform:embedded: base_port to another number"
        for port, number in sorted(busy.items())
        if not _ours(owners.get(number), home)
    ]


def described(pid: int | None) -> str:
    """The program and its pid."""
    if pid is None:
        return "a program of another account"
    name = (text_of(Path(f"/proc/{pid}/comm")) or "a program").strip()
    return f"{name} (pid {pid})"


def _ours(pid: int | None, home: Path) -> bool:
    """All that we start works in its part's folder; a program that we may not look at is not ours."""
    if pid is None:
        return False
    with contextlib.suppress(OSError):
        return Path(str(Path(f"/proc/{pid}/cwd").readlink()).removesuffix(" (deleted)")).is_relative_to(home)
    return False


def needed_megabytes(settings: Settings) -> int:
    """Room for a new cluster of this size; WAL takes most of it."""
    return 3 * ETCD_ROOM + GATEWAY_ROOM + settings.members * MEMBER_ROOM


def room(settings: Settings, home: Path, free: Callable[[Path], int]) -> list[str]:
    """What is there counts as room: a cluster that runs is not asked again for what it has taken."""
    there = next(step for step in (home, *home.parents) if step.exists())
    absent = [number for number in range(1, settings.members + 1) if not (home / f"pg-{number}" / "data").is_dir()]
    needed = needed_megabytes(settings) * len(absent) // settings.members
    megabytes = free(there) // 1024**2
    if megabytes >= needed:
        return []
    return [
        f"{there} has {megabytes} MB free, and {len(absent)} new members need {needed} MB; make room, or set"
        " postgres-platform:embedded: directory to a folder on another disk"
    ]


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def occupant(settings: Settings, where: Place) -> Iterator[str]:
    """What is in the folder must be this very cluster, or nothing."""
    known = json_of(where.real / MARK)
    if where.wanted.exists() and not where.wanted.is_dir():
        yield f"{where.wanted} is not a folder; remove it, or set postgres-platform:embedded: directory"
        return
    if not known:
        odd = _strangers(where.real)
        if odd:
            yield f"{where.real} holds {odd}, which is not this platform's; choose another embedded.directory"
        return
    for key, wanted, setting in (("scope", settings.name, "name"), ("major", settings.known_major, "major")):
        if known.get(key) != wanted:
            yield (
                f"{where.wanted} holds a cluster whose {setting} is {known.get(key)}, and {setting} is now {wanted}:"
                f" that makes a new cluster. Set it back, run make down first, or choose another embedded.directory"
                " and base_port"
            )


def _strangers(real: Path) -> str:
    if not real.is_dir():
        return ""
    found = sorted(
        one.name for one in real.iterdir() if not one.name.startswith((*PARTS, "ca.crt", "cluster.json", "."))
    )
    return ", ".join(found[:3])
