"""What a change of the settings will do to a running cluster, said before it is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from components.render.extensions import restart_parameters
from components.render.parameters import server_parameters
from components.settings.catalogue import Parameter, catalogue
from components.settings.parameters import plain
from components.settings.ports import client_ports
from components.settings.units import whole

if TYPE_CHECKING:
    from components.settings.model import Settings

Action = Literal[
    "reload",
    "rolling restart",
    "restart, primary first",
    "members",
    "restart of the gateway",
    "restart of everything",
    "new cluster",
]

WORDS: Mapping[Action, str] = {
    "reload": "reload, nobody is cut off",
    "rolling restart": "rolling restart (replicas first, then a switchover, then the old primary)",
    "restart, primary first": "restart (the primary first, then the replicas, which may not have less than it)",
    "members": "members are added or removed",
    "restart of the gateway": "restart of the gateway, clients reconnect",
    "restart of everything": "restart of everything at once, some seconds without a primary",
    "new cluster": "new cluster, the data has to be moved",
}
# A replica must have at least the primary's value of these, or it stops.
FOLLOWED = (
    "max_connections",
    "max_worker_processes",
    "max_wal_senders",
    "max_prepared_transactions",
    "max_locks_per_transaction",
)
FOUNDATIONS = ("name", "major", "platform", "directory")


@dataclass(frozen=True, order=True)
class Impact:
    """One change. None stands for a value that is not set (the server's own default)."""

    path: str
    old: str | None
    new: str | None
    action: Action

    def __str__(self) -> str:
        return f"{self.path}: {self.old or '(default)'} -> {self.new or '(default)'}: {WORDS[self.action]}"


def deployment(settings: Settings, extensions: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The settings that a change can touch, in a plain form that a resource keeps; `impact` compares two of them."""
    return {
        "platform": settings.platform,
        "name": settings.name,
        "major": settings.known_major,
        "directory": settings.embedded.directory,
        "replicas": settings.replicas,
        "durability": settings.durability,
        "parameters": server_parameters(settings, extensions),
        "patroni": settings.patroni.model_dump(exclude={"timing"}),
        "pooler": settings.pooler.model_dump(),
        "base_port": settings.embedded.base_port,
        "ports": client_ports(settings.embedded),
    }


def impact(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Impact]:
    """Each difference of two `deployment` mappings with what it costs; empty when nothing changes."""
    found = [*_plain_settings(old, new), *_parameters(old, new)]
    for section, action in SECTIONS.items():
        found += _section(section, old.get(section, {}), new.get(section, {}), action)
    return sorted(found)


SECTIONS: Mapping[str, Action] = {"patroni": "reload", "pooler": "reload", "ports": "restart of the gateway"}
SINGLE: Mapping[str, Action] = {
    **dict.fromkeys(FOUNDATIONS, "new cluster"),
    "replicas": "members",
    "durability": "reload",
    "base_port": "restart of everything",  # Patroni loses an etcd whose nodes all moved at once
}


def worst(impacts: list[Impact]) -> Action | None:
    """The dearest of the changes; None when there are none."""
    order = list(WORDS)
    return max((one.action for one in impacts), key=order.index, default=None)


def _text(value: Any) -> str | None:
    """Numbers that travelled as floats read like integers."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None else str(value)


def _plain_settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Impact]:
    for name, action in SINGLE.items():
        before, after = _text(old.get(name)), _text(new.get(name))
        if before != after:
            yield Impact(name, before, after, action)


def _section(name: str, old: Mapping[str, Any], new: Mapping[str, Any], action: Action) -> list[Impact]:
    keys = sorted(old.keys() | new.keys())
    pairs = [(key, _text(old.get(key)), _text(new.get(key))) for key in keys]
    return [Impact(f"{name}.{key}", before, after, action) for key, before, after in pairs if before != after]


def _parameters(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Impact]:
    known = catalogue(int(new["major"]))
    before, after = old.get("parameters", {}), new.get("parameters", {})
    for name in sorted(before.keys() | after.keys()):
        parameter = known.get(name)
        if not _same(parameter, before.get(name), after.get(name)):
            action = _parameter_action(name, parameter, before.get(name), after.get(name))
            yield Impact(f"parameters.{name}", before.get(name), after.get(name), action)


def _same(parameter: Parameter | None, old: str | None, new: str | None) -> bool:
    """1024kB and 1MB are the same, and so is a value that is written out and equals the server's default."""
    if parameter is None:
        return old == new
    values = [parameter.default if value is None else value for value in (old, new)]
    if None in values:
        return old == new
    return plain(parameter, str(values[0])) == plain(parameter, str(values[1]))


def needs_restart(name: str, major: int) -> bool:
    """Whether only a start of the server reads this parameter."""
    parameter = catalogue(major).get(name)
    return name in restart_parameters() if parameter is None else parameter.needs_restart


def _parameter_action(name: str, parameter: Parameter | None, old: str | None, new: str | None) -> Action:
    if parameter is None:
        return "rolling restart" if name in restart_parameters() else "reload"
    if parameter.context == "internal":
        return "new cluster"
    if not parameter.needs_restart:
        return "reload"
    lowered = name in FOLLOWED and _count(parameter, new) < _count(parameter, old)
    return "restart, primary first" if lowered else "rolling restart"


def _count(parameter: Parameter, value: str | None) -> int:
    return whole(value or parameter.default or "0", parameter.unit)
