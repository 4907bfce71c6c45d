"""`make backup` and `make backups`: pgBackRest on this machine, called as the servers' account, or in pods."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from rich.console import Group, RenderableType
from rich.text import Text

from components.embedded import pgbackrest
from components.embedded.backups import has_replica
from components.embedded.pgbackrest import Backup, Contents, Repository
from components.patroni.failure import ClusterError
from components.patroni.rest import Patroni
from tools.driver import cluster, tables
from tools.driver import settings as stack_settings
from tools.driver.backup_jobs import InPods
from tools.driver.project import Project
from tools.driver.refusal import Refusal
from tools.driver.screen import Screen

TYPE: Mapping[str, Mapping[str, Any]] = {
    "--type": {"choices": ("full", "diff", "incr"), "default": "incr", "help": "default: incr"}
}
HINT = "set backup: in the stack and run make up (docs/runbooks/backup-and-restore.md)"


class Place(Protocol):
    """Where a stack's backups are taken and listed. Both raise Refusal or ClusterError."""

    def contents(self) -> Contents:
        """What is in the repository."""

    def take(self, kind: str, tell: Callable[[int], None]) -> Backup:
        """A backup to its end; `tell` hears the percentages."""


@dataclass(frozen=True)
class OnThisMachine:
    """The running cluster's repository, and its members."""

    repository: Repository
    patroni: Patroni

    def contents(self) -> Contents:
        return self.repository.contents()

    def take(self, kind: str, tell: Callable[[int], None]) -> Backup:
        option = pgbackrest.from_replica(pgbackrest.version(), replicas=has_replica(self.patroni))
        self.repository.backup(kind, option, tell)
        return self.contents().backups[-1]


def _place(project: Project) -> Place:
    """Raises Refusal when nothing is up, or nothing is backed up."""
    platform = cluster.platform(project)
    if platform == "kubernetes":
        known = stack_settings.check(project)
        if known.backup is None:
            raise Refusal(f"the stack {project.stack} is not backed up; {HINT}")
        return InPods(known)
    if platform != "embedded":
        raise Refusal(
            f"the stack {project.stack} is on RDS, which keeps backups of its own (docs/runbooks/rds-restore.md)"
        )
    return _here(project)


def _here(project: Project) -> OnThisMachine:
    known = cluster.read(cluster.directory(project))
    if known is None:
        raise Refusal("nothing is up here; `make up` brings it up")
    if known.backup is None:
        raise Refusal(f"this cluster is not backed up; {HINT}")
    members = {one.name: {"host": one.host, "port": one.port, "rest_port": one.rest_port} for one in known.members}
    admin = {"ca": known.admin.ca, "certificate": known.admin.certificate, "key": known.admin.key}
    return OnThisMachine(
        Repository.of(known.backup), Patroni(members, {name: str(path) for name, path in admin.items()})
    )


def take(project: Project, screen: Screen, kind: str, *, as_json: bool) -> int:
    """A backup now, to its end; the first of a repository is a full one, whatever is asked. Raises Refusal when it
    fails; what an interrupted one has stored is used again.
    """
    try:
        made = _place(project).take(kind, lambda percent: screen.say(f"  ... {percent} %"))
    except ClusterError as failure:
        raise Refusal(str(failure)) from None
    if as_json:
        print(json.dumps(made.plain(), indent=2))
    else:
        sizes = f"{_size(made.size)}, {_size(made.stored)} stored, {made.stop - made.start} s"
        screen.say(f"{made.type} backup {made.label}: {sizes}")
    return 0


def show(project: Project, *, as_json: bool) -> int:
    """What there is; 1 when that is nothing, or one is faulty. Raises Refusal when the repository cannot be read."""
    try:
        contents = _place(project).contents()
    except ClusterError as failure:
        raise Refusal(str(failure)) from None
    if as_json:
        print(json.dumps(plain(contents), indent=2))
    else:
        Screen.for_results().show_tables(table(contents))
    return 0 if contents.backups and not contents.fault and not any(one.faulty for one in contents.backups) else 1


def plain(contents: Contents) -> dict[str, Any]:
    """As JSON."""
    wal = {"oldest": contents.wal[0], "newest": contents.wal[1]} if contents.wal else None
    return {"fault": contents.fault, "wal": wal, "backups": [one.plain() for one in contents.backups]}


def table(contents: Contents) -> RenderableType:
    """For a person."""
    rows = tables.table("label", "type", "ended", "took", "size", "stored", "WAL")
    for one in contents.backups:
        kind = Text(f"{one.type}, FAULTY" if one.faulty else one.type, style="bold red" if one.faulty else "")
        wal = " to ".join(dict.fromkeys(one.wal))
        took = f"{one.stop - one.start} s"
        rows.add_row(one.label, kind, _time(one.stop), took, _size(one.size), _size(one.stored), wal)
    return Group(rows, Text(), Text(_verdict(contents), style="bold red" if contents.fault else ""))


def _verdict(contents: Contents) -> str:
    if contents.fault or not contents.backups:
        return contents.fault or "there is no backup yet"
    first = min(one.stop for one in contents.backups)
    archived = f"; WAL from {contents.wal[0]} to {contents.wal[1]}" if contents.wal else ""
    return f"a restore can go back to {_time(first)} and any time after it{archived}"


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")


def _size(count: int) -> str:
    number = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit in ("B", "KB") else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TB"
