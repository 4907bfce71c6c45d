"""The stanza of a running cluster, made before it archives anything, and its first full backup."""

from __future__ import annotations

from typing import Any

import psycopg
import pulumi
from pulumi import dynamic

from components.embedded import pgbackrest, sql
from components.embedded.failure import EmbeddedError
from components.embedded.pgbackrest import Repository
from components.patroni.decisions import differences
from components.patroni.provider import Provider, Spec, say, written
from components.patroni.rest import Patroni
from components.patroni.rolling import wait_leader
from components.patroni.waiting import until

ARCHIVE_LIMIT = 120.0
ELSEWHERE = frozenset({"repository", "encryption"})


class StanzaProvider(Provider):
    """Silent but for another repository: what is wrong with the stanza is told with the backups in it."""

    def identified(self, spec: Spec) -> str:
        return f"{spec['config']}:{spec['stanza']}"

    def ensure(self, spec: Spec, _old: Spec | None) -> None:
        wait_leader(Patroni.of(spec), spec["stanza"])
        Repository.of(spec).create()

    def drift(self, _spec: Spec, _coming: Spec) -> list[str]:
        return []

    def changes(self, old: Spec, new: Spec) -> list[str]:
        return ["backups: a stanza in another repository"] if _moves(old, new) else []

    def remove(self, spec: Spec) -> None:
        """Backups outlive their cluster."""


class BackupsProvider(Provider):
    def identified(self, spec: Spec) -> str:
        return f"{spec['config']}:{spec['stanza']}"

    def ensure(self, spec: Spec, _old: Spec | None) -> None:
        repository, patroni = Repository.of(spec), Patroni.of(spec)
        wait_leader(patroni, spec["stanza"])
        repository.create()
        self._wait_archiving(repository)
        if not [one for one in repository.contents().backups if one.type == "full" and not one.faulty]:
            self._first(repository, patroni)

    def _wait_archiving(self, repository: Repository) -> None:
        """A server that has failed for a while tries again once a minute."""
        trouble = ""

        def archived() -> bool:
            nonlocal trouble
            try:
                repository.check()
            except EmbeddedError as failure:
                trouble = str(failure)
                return False
            return True

        until(archived, ARCHIVE_LIMIT, "WAL to reach the repository", lambda: f": {trouble}")

    def _first(self, repository: Repository, patroni: Patroni) -> None:
        say([f"first full backup of {repository.stanza}"])
        option = pgbackrest.from_replica(pgbackrest.version(), replicas=has_replica(patroni))
        repository.backup("full", option, lambda percent: say([f"first full backup: {percent} %"]))
        made = repository.contents().backups[-1]
        say([f"full backup {made.label}: {made.size // 2**20} MB, {made.stored // 2**20} MB stored"])

    def drift(self, spec: Spec, coming: Spec) -> list[str]:
        """Silent while the cluster is: then others say so."""
        try:
            found = Repository.of(spec).contents()
        except EmbeddedError as failure:
            return [f"backups: {failure}"]
        lines = [f"backups: {found.fault}"] if found.fault else []
        if not found.fault and not any(one.type == "full" and not one.faulty for one in found.backups):
            lines.append("backups: there is no full backup")
        return lines + self._failing(spec, coming)

    def _failing(self, spec: Spec, coming: Spec) -> list[str]:
        patroni = Patroni.of(spec, coming)
        leader = patroni.leader()
        if leader is None:
            return []
        try:
            segment = sql.failing_archive(spec["admin"], int(patroni.members[leader]["port"]))
        except psycopg.Error:
            return []
        return [f"backups: {leader} cannot archive {segment}; see its PostgreSQL log"] if segment else []

    def changes(self, old: Spec, new: Spec) -> list[str]:
        if _moves(old, new):
            return ["backups: another repository, into which a first full backup is taken"]
        lines = differences(new["backup"], old["backup"])
        return [f"backup.{_turned(line)}: from the next backup on, nothing restarts" for line in lines]

    def remove(self, spec: Spec) -> None:
        """Backups outlive their cluster."""


def _moves(old: Spec, new: Spec) -> bool:
    return any(old["backup"].get(key) != new["backup"].get(key) for key in ELSEWHERE)


def _turned(line: str) -> str:
    """`path: old instead of new` as a change is told."""
    path, _, values = line.partition(": ")
    before, _, after = values.partition(" instead of ")
    return f"{path}: {before} -> {after}"


def has_replica(patroni: Patroni) -> bool:
    """Whether a replica streams, whose files a backup may read."""
    return any(member["state"] == "streaming" for member in patroni.view())


class Stanza(dynamic.Resource, module="embedded", name="Stanza"):
    """The cluster's place in the repository, so that its first segment of WAL finds one."""

    spec: pulumi.Output[str]
    drift: pulumi.Output[Any]

    def __init__(self, name: str, spec: Spec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(StanzaProvider(), name, written(spec), opts)


class Backups(dynamic.Resource, module="embedded", name="Backups"):
    """A first full backup in the stanza, and what is wrong with it. Destroying it leaves the repository as it is."""

    spec: pulumi.Output[str]
    drift: pulumi.Output[Any]

    def __init__(self, name: str, spec: Spec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(BackupsProvider(), name, written(spec), opts)
