"""The configuration that all members share through etcd: read, compared, patched, and brought into force."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pulumi
from pulumi import dynamic

from components.embedded import hba, sql
from components.embedded.etcd_node import ENDING, answers
from components.embedded.files import Account, write
from components.embedded.turn import turn
from components.patroni.configuration import bring_about, changes, drift, lines_change
from components.patroni.provider import Provider, Spec, written
from components.patroni.rest import Patroni
from components.patroni.rolling import waits_for_restart
from components.patroni.waiting import until
from components.settings.catalogue import catalogue
from components.settings.parameters import plain

FORCE_LIMIT = 60.0


class DynamicConfigurationProvider(Provider):
    def ensure(self, spec: Spec, old: Spec | None) -> None:
        patroni, home = Patroni.of(spec), Path(spec["directory"])
        bring_about(
            spec,
            patroni,
            in_force=lambda change: self._wait_in_force(spec, patroni, change),
            settled=lambda: hba.settle(spec, patroni),
            turn=lambda: turn(home, "configuration", None),
            hint=f"; see {home / 'pg-1/log/patroni.log'}",
            old=old,
        )

    def _wait_in_force(self, spec: Spec, patroni: Patroni, change: Mapping[str, Any]) -> None:
        """Until each member has the new values or says that it needs a restart for them."""
        parameters: Mapping[str, Any] = change.get("postgresql", {}).get("parameters", {})
        names = sorted(name for name, value in parameters.items() if value is not None)
        for member in patroni.members if names else ():
            until(
                lambda member=member: _in_force(spec, patroni, member, names),  # type: ignore[misc]
                FORCE_LIMIT,
                f"{member} to take over {', '.join(names)}",
            )

    def drift(self, spec: Spec, coming: Spec) -> list[str]:
        patroni = Patroni.of(spec, coming)
        live = patroni.configuration()
        if live is None:
            return _silence(coming)
        return [*drift(spec, coming, patroni.view(), live), *hba.drift(spec, coming)]

    def changes(self, old: Spec, new: Spec) -> list[str]:
        told = changes(old, new)
        if lines_change(old, new) and new.get("admitted") is not None:
            told += [
                f"  {name} logs in on this server and gets no line: declare it in a spec, or name it under scope.never"
                for name in hba.shut_out(old, new["admitted"])
            ]
        return told

    def remove(self, spec: Spec) -> None:
        """The configuration goes with etcd. As the last resource that needs all members it tells them that all ends."""
        home = Path(spec["directory"])
        if home.is_dir():
            write(home / ENDING, "", Account.own())


def _in_force(spec: Spec, patroni: Patroni, member: str, names: list[str]) -> bool:
    known = catalogue(int(spec["deployment"]["major"]))
    wanted = spec["configuration"]["postgresql"]["parameters"]
    with contextlib.suppress(psycopg.Error):
        now = sql.shown(spec["admin"], patroni.members[member]["port"], names)
        for name in names:
            parameter, value = known.get(name), now[name]
            if parameter is None or value is None:
                continue  # of an extension that is loaded at the restart
            if plain(parameter, value) != plain(parameter, str(wanted[name])) and not waits_for_restart(
                patroni, member
            ):
                return False
        return True
    return False


def _silence(spec: Spec) -> list[str]:
    """Nobody can say what the configuration is. Without a majority of etcd that is the reason."""
    down = [one for one in spec["etcd"]["endpoints"] if not answers(spec, one)]
    if len(down) * 2 > len(spec["etcd"]["endpoints"]):
        return [f"etcd has no majority ({', '.join(down)} do not answer), so no member may lead: up starts its nodes"]
    return ["no member answers, so the dynamic configuration cannot be read: up starts the members"]


class DynamicConfiguration(dynamic.Resource, module="embedded", name="DynamicConfiguration"):
    """Patroni's shared configuration and PostgreSQL's parameters; what needs a restart gets a rolling one."""

    spec: pulumi.Output[str]
    drift: pulumi.Output[Any]

    def __init__(self, name: str, spec: Spec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(DynamicConfigurationProvider(), name, written(spec), opts)
