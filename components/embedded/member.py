"""One member: PostgreSQL and its Patroni under a supervisor."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any

import psycopg
import pulumi
from pulumi import dynamic

from components.embedded import part as parts
from components.embedded import removal, sql
from components.embedded.decisions import altered, steps
from components.embedded.etcd_node import wait_for_majority
from components.embedded.failure import EmbeddedError
from components.embedded.files import text_of
from components.embedded.supervised import Part
from components.embedded.turn import turn
from components.patroni.provider import Provider, Spec, say, written
from components.patroni.rest import Patroni
from components.patroni.rolling import switchover, wait_steady, waits_for_restart
from components.patroni.waiting import PAUSE, see, until

# As long as its data grows a member is being copied and may take its time; silence has this limit.
SILENCE_LIMIT = 90.0
LOOK_AT_SIZE = 2.0
RELOAD_LIMIT = 30.0
# Patroni loses an etcd whose nodes all moved to other ports before it has heard of the first.
MOVED = "restart of all members at once, since etcd's ports change: some seconds without a primary"
# What a server shows in place of a value that it has, but does not use before archive_mode is on.
UNTOLD = {"archive_command": "(disabled)"}
WORDS = {
    "restart": "rolling restart (replicas first, then a switchover, then the old primary)",
    "reload": "reload, nobody is cut off (a restart follows if PostgreSQL asks for one)",
}


class MemberProvider(Provider):
    def ensure(self, spec: Spec, old: Spec | None) -> None:
        part, patroni = Part.of(spec), Patroni.of(spec, old)
        before = parts.seen(spec)
        fresh = parts.prepare(spec)
        todo = steps(parts.wanted(spec), before)
        if "start" in todo:
            wait_for_majority(spec)
            part.start(parts.launched(spec))
        elif "restart" in todo and _etcd_moved(spec, old):
            part.stop()
            wait_for_majority(spec)
            part.start(parts.launched(spec))
        elif "restart" in todo:
            with turn(Path(spec["root"]), part.name, patroni):
                self._restart(spec, part, patroni)
        self._wait_ready(spec)
        if "reload" in todo or (fresh and before.running):
            self._reload(spec, part, patroni)
        self._undo_alter_system(spec)
        self._restart_if_asked(spec, patroni)

    def _restart(self, spec: Spec, part: Part, patroni: Patroni) -> None:
        wait_steady(patroni, spec["durability"])
        if patroni.leader() == part.name and len(patroni.members) > 1:
            switchover(patroni, part.name)
        part.stop()
        part.start(parts.launched(spec))
        self._wait_ready(spec)

    def _reload(self, spec: Spec, part: Part, patroni: Patroni) -> None:
        """Patroni reads its file, PostgreSQL its certificates; done when the file's parameters are in force."""
        part.tell("patroni", signal.SIGHUP)
        parameters = spec["configuration"]["postgresql"]["parameters"]
        names = sorted(parameters)

        def in_force() -> bool:
            with contextlib.suppress(psycopg.Error):
                now = sql.shown(spec["admin"], spec["port"], names)
                same = all(now[name] in (parameters[name], UNTOLD.get(name)) for name in names)
                return same or waits_for_restart(patroni, part.name)
            return False

        until(in_force, RELOAD_LIMIT, f"{part.name} to take over its patroni.yml", lambda: see(self._log(spec)))
        part.remember(parts.launched(spec))

    def _undo_alter_system(self, spec: Spec) -> None:
        names = sorted(self._altered(spec))
        if not names:
            return
        try:
            restart = sql.reset_altered(spec["admin"], spec["port"], names)
        except psycopg.Error as error:
            raise EmbeddedError(f"{spec['name']}: ALTER SYSTEM RESET of {', '.join(names)} failed: {error}") from None
        if restart:
            say([f"{spec['name']}: {', '.join(names)} reset; the running server keeps them until its next restart"])

    def _restart_if_asked(self, spec: Spec, patroni: Patroni) -> None:
        """A change of the member's own file that only a start reads. What all share is not its business."""
        if not waits_for_restart(patroni, spec["name"]):
            return
        reason = (patroni.look(spec["name"], "/patroni") or {}).get("pending_restart_reason", {})
        if not set(reason) & set(spec["configuration"]["postgresql"]["parameters"]) - {"port", "listen_addresses"}:
            return
        with turn(Path(spec["root"]), spec["name"], patroni):
            wait_steady(patroni, spec["durability"])
            if patroni.leader() == spec["name"] and len(patroni.members) > 1:
                switchover(patroni, spec["name"])
            self._wait_ready(spec)
            if waits_for_restart(patroni, spec["name"]):
                what = f"restart of {spec['name']}"
                patroni.order(spec["name"], "POST", "/restart", {"restart_pending": True}, what)
            self._wait_ready(spec)

    def _wait_ready(self, spec: Spec) -> None:
        """Until PostgreSQL runs as the leader or follows it."""
        patroni, data = Patroni.of(spec), Path(spec["data"])
        deadline, size, looked = time.monotonic() + SILENCE_LIMIT, 0, 0.0
        while not self._arrived(spec, patroni):
            now = time.monotonic()
            if now - looked > LOOK_AT_SIZE:
                looked, before, size = now, size, _bytes_below(data)
                deadline = now + SILENCE_LIMIT if size > before else deadline
            if now > deadline:
                leader = patroni.leader()
                who = f"{spec['name']} to follow {leader}" if leader else f"a leader of {spec['scope']}"
                raise EmbeddedError(f"waited {SILENCE_LIMIT:g} s for {who}{see(self._log(spec))}")
            time.sleep(PAUSE)

    def _arrived(self, spec: Spec, patroni: Patroni) -> bool:
        """A restored member runs before it leads: Patroni restarts it once more, and until then nobody gets in."""
        if not self._ready(patroni.look(spec["name"], "/patroni")):
            return False
        return "method" not in spec["bootstrap"] or patroni.leader() is not None

    def _ready(self, state: dict[str, Any] | None) -> bool:
        if not state or state.get("state") != "running":
            return False
        return state.get("role") in ("primary", "master") or state.get("replication_state") == "streaming"

    def _log(self, spec: Spec) -> Path:
        own = Path(spec["directory"]) / "log/patroni.log"
        return own if own.exists() else Part.of(spec).log

    def _altered(self, spec: Spec) -> dict[str, str]:
        return altered(text_of(Path(spec["data"]) / "postgresql.auto.conf") or "")

    def drift(self, spec: Spec, coming: Spec) -> list[str]:
        name, found = spec["name"], parts.drift(spec, coming)
        if Path(spec["directory"]).is_dir():
            found += [
                f"{name}: ALTER SYSTEM set {key} to {value}" for key, value in sorted(self._altered(spec).items())
            ]
        if Part.of(spec).running() is None:
            return found
        state = Patroni.of(spec, coming).look(name, "/patroni")
        if state is None:
            children = Part.of(spec).status().get("children", {}).get("patroni", {})
            ended = (children.get("last_exit") or {}).get("reason")
            found.append(f"{name}: Patroni does not answer{f' (its last run {ended})' if ended else ''}")
        elif not self._ready(state):
            found.append(
                f"{name}: PostgreSQL is {state.get('state')}, {state.get('replication_state', 'not streaming')}"
            )
        return found

    def changes(self, old: Spec, new: Spec) -> list[str]:
        told = parts.changes(old, new, WORDS)
        return [f"{new['name']}: {MOVED}"] if told and _etcd_moved(new, old) else told

    def remove(self, spec: Spec) -> None:
        removal.remove(spec)


def _etcd_moved(new: Spec, old: Spec | None) -> bool:
    return old is not None and old["etcd"]["endpoints"] != new["etcd"]["endpoints"]


def _bytes_below(folder: Path) -> int:
    """What the files below hold; a file that vanishes meanwhile counts nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(f"{place}/{name}").st_size
    return total


class Member(dynamic.Resource, module="embedded", name="Member"):
    """One member. Its files are reloaded when that is enough; else it is restarted when its turn comes."""

    spec: pulumi.Output[str]
    drift: pulumi.Output[Any]

    def __init__(self, name: str, spec: Spec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(MemberProvider(), name, written(spec), opts)
