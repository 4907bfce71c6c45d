"""The gateway: PgBouncer for writers and readers, HAProxy for direct sessions, and the follower that points them."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path
from typing import Any

import pulumi
from pulumi import dynamic

from components.embedded import part as parts
from components.embedded import sql
from components.embedded.decisions import edited, steps, unread
from components.embedded.files import Account, json_of, remove_tree, write
from components.embedded.supervised import Part
from components.patroni.provider import Provider, Spec, written
from components.patroni.waiting import see, until
from components.render.impact import impact

READY_LIMIT = 60.0
PROGRAMS = ("pooled", "pooled-reader", "haproxy")
WORDS = {
    "restart": "restart of the gateway, clients reconnect",
    "reload": "reload of the gateway, nobody is cut off",
}


class GatewayProvider(Provider):
    def ensure(self, spec: Spec, _old: Spec | None) -> None:
        part, wanted = Part.of(spec), parts.wanted(spec)
        before = parts.seen(spec)
        fresh = parts.prepare(spec)
        todo = steps(wanted, before)
        if "restart" in todo:
            part.stop()
        if todo & {"start", "restart"}:
            part.start(parts.launched(spec))
        elif "reload" in todo or fresh:
            self._reload(part, set(edited(wanted, before)) | set(unread(wanted, before)), everything=fresh)
            part.remember(parts.launched(spec))
        self._wait(spec, part)
        self._write_document(spec)

    def _reload(self, part: Part, files: set[str], *, everything: bool) -> None:
        """PgBouncer alone when only its file changed: a reload of HAProxy would start a new worker for nothing."""
        if everything or files & {"haproxy.cfg", parts.SUPERVISOR_JSON}:
            part.reload()
            return
        for name in ("pooled", "pooled-reader"):
            if files & {f"{name}.ini", *parts.POOLER_FILES}:
                part.tell(name, signal.SIGHUP)

    def _wait(self, spec: Spec, part: Part) -> None:
        ports, hint = spec["ports"], lambda: see(part.log)
        for name in PROGRAMS:
            until(lambda name=name: part.child(name), READY_LIMIT, f"{name} to run", hint)  # type: ignore[misc]
        for name in ("pooled", "pooled_reader"):
            what = f"PgBouncer to listen at port {ports[name]}"
            until(lambda name=name: _listens(ports[name]), READY_LIMIT, what, hint)  # type: ignore[misc]
        for name, replica in (("writer", False), ("reader", None)):
            until(
                lambda name=name, replica=replica: _serves(spec, ports[name], replica),  # type: ignore[misc]
                READY_LIMIT,
                f"a {'primary' if name == 'writer' else 'server'} behind port {ports[name]} ({name})",
                hint,
            )

    def _write_document(self, spec: Spec) -> None:
        path = Path(spec["root"]) / "cluster.json"
        if json_of(path) != spec["document"]:
            write(path, json.dumps(spec["document"], indent=1) + "\n", Account.own(), 0o644)

    def drift(self, spec: Spec, coming: Spec) -> list[str]:
        found, part = parts.drift(spec, coming), Part.of(spec)
        if json_of(Path(spec["root"]) / "cluster.json") not in (spec["document"], coming["document"]):
            found.append("cluster.json is missing or altered")
        if part.running() is not None:
            found += [f"gateway: {name} does not run" for name in PROGRAMS if part.child(name) is None]
        return found

    def changes(self, old: Spec, new: Spec) -> list[str]:
        told = [str(one) for one in impact(old["deployment"], new["deployment"])]
        if not told:
            told = parts.changes(old, new, WORDS)
        return told or (["cluster.json is rewritten"] if old["document"] != new["document"] else [])

    def remove(self, spec: Spec) -> None:
        Part.of(spec).stop()
        remove_tree(Path(spec["directory"]))
        (Path(spec["root"]) / "cluster.json").unlink(missing_ok=True)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _serves(spec: Spec, port: int, replica: bool | None) -> bool:
    """Whether a server answers there; `replica` None takes either kind."""
    found = sql.in_recovery(spec["admin"], port)
    return found is not None and replica in (None, found)


class Gateway(dynamic.Resource, module="embedded", name="Gateway"):
    """PgBouncer, HAProxy and the follower. A change of pools reloads PgBouncer, of ports restarts the gateway."""

    spec: pulumi.Output[str]
    drift: pulumi.Output[Any]

    def __init__(self, name: str, spec: Spec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(GatewayProvider(), name, written(spec), opts)
