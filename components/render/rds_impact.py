"""What a change of the settings will do to a running database on RDS, and when: the preview's report of what waits.

The costs are the settings' own (`cost` of each field); here stand the cases in which the values decide, and the words.
Times are AWS's own figures or the experience of its users, never a promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from components.render.rds_parameters import parameter_values
from components.settings.allowed import resolve, settings_schema
from components.settings.catalogue.rds import engine
from components.settings.catalogue.rds_parameters import parameter
from components.settings.model import Settings
from components.settings.parameters import plain
from components.settings.rds.replicas import identifier, replicas

When = Literal["never", "at once", "at the next window", "at a reboot", "replaced"]


@dataclass(frozen=True, order=True)
class Effect:
    """One change. `outage` is how long, in words; None when nobody is cut off."""

    path: str
    old: str | None
    new: str | None
    when: When
    what: str
    outage: str | None = None

    def __str__(self) -> str:
        cut = f"; {self.outage} away" if self.outage else ""
        return f"{self.path}: {self.old or '(default)'} -> {self.new or '(default)'}: {self.what}{cut}"


# Cost of a field -> when and what.
COSTS: Mapping[str, tuple[When, str]] = {
    "nothing restarts": ("never", "nothing happens to the database"),
    "read when made": ("never", "nothing happens: only a new database reads it"),
    "reload": ("at once", "at once, nobody is cut off"),
    "at once": ("at once", "at once, nobody is cut off"),
    "at once, slow": ("at once", "at once, works on for hours, then no change of storage for 6 h"),
    "at once, outage": ("at once", "the server restarts at once, whatever the window"),
    "next window": ("at the next window", "in the maintenance window, nobody is cut off"),
    "next window, outage": ("at the next window", "in the maintenance window"),
    "reload or reboot": ("at a reboot", "waits for a reboot, which nobody but you starts"),
    "clients reconnect": ("at once", "the pooler's tasks are replaced one by one, clients reconnect"),
    "new replica": ("at once", "the replica is made anew, its readers are cut off; no data is lost"),
    "a primary of its own": ("at once", "it follows nobody any more; its backups begin with the next `pulumi up`"),
    "new cluster": ("replaced", "a new database: the data is lost unless it is restored; refused while protected"),
}
FAILOVER, RESTART, UPGRADE, MAJOR = "60 to 120 s", "5 to 15 min", "5 to 10 min", "10 to 30 min and more"
CLUSTER_SWITCH = "about 35 s"


def deployment(settings: Settings, extensions: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The settings that a change can touch, flat: dotted path -> plain value. Two of them are compared by `effects`."""
    rds = settings.rds.model_dump(mode="json", by_alias=True, exclude={"replicas", "identifier"})
    named = {one.name: one.model_dump(mode="json", exclude={"name"}) for one in replicas(settings)}
    parameters = parameter_values(settings, extensions)
    return {
        "major": settings.known_major,
        "rds.identifier": identifier(settings),
        **_flat("rds", rds),
        **{f"rds.replicas.{name}": True for name in named},
        **{path: value for name, one in named.items() for path, value in _flat(f"rds.replicas.{name}", one).items()},
        **{f"parameters.{name}": value for name, value in parameters.items()},
        **_flat("pooler", settings.pooler.model_dump()),
    }


def _flat(prefix: str, value: Any) -> dict[str, Any]:
    """Leaves by dotted path; an empty list or mapping, and None, is no leaf at all."""
    if isinstance(value, dict):
        return {path: leaf for key, below in value.items() for path, leaf in _flat(f"{prefix}.{key}", below).items()}
    if isinstance(value, list):
        return {prefix: ", ".join(map(str, value))} if value else {}
    return {} if value is None else {prefix: value}


def effects(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Effect]:
    """Each difference of two `deployment` mappings, with what it does; empty when nothing changes."""
    found: list[Effect] = []
    gone_or_new = _whole_replicas(old, new)
    told_elsewhere = [*gone_or_new, "rds.upgrade"]  # the block only says what `major` then does
    for path in sorted(old.keys() | new.keys()):
        before, after = _text(old.get(path)), _text(new.get(path))
        if before == after or _same_parameter(path, before, after, new) or _inside(path, told_elsewhere):
            continue
        found.append(_immediately(_effect(path, before, after, new), new))
    return sorted([*found, *(_replica_effect(path, path in new) for path in gone_or_new)])


def waiting(found: list[Effect]) -> list[Effect]:
    """Those that `pulumi up` does not finish: they wait for the window or for a reboot."""
    return [one for one in found if one.when in ("at the next window", "at a reboot")]


def _text(value: Any) -> str | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _whole_replicas(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    both = {path for path in old.keys() | new.keys() if path.startswith("rds.replicas.") and path.count(".") == 2}
    return sorted(path for path in both if (path in old) != (path in new))


def _inside(path: str, parents: list[str]) -> bool:
    return any(path == parent or path.startswith(f"{parent}.") for parent in parents)


def _replica_effect(path: str, made: bool) -> Effect:
    if made:
        return Effect(path, None, "new", "at once", "the replica is made from a snapshot; the primary goes on")
    return Effect(path, "there", "gone", "at once", "the replica is deleted, its readers are cut off")


def _same_parameter(path: str, old: str | None, new: str | None, now: Mapping[str, Any]) -> bool:
    """1024kB is 1MB, and a value that is written out and equals the engine's default changes nothing."""
    known = _parameter(path, now)
    if known is None:
        return False
    values = [known.default if value is None else value for value in (old, new)]
    if None in values or any("{" in str(value) for value in values):
        return False
    return plain(known, str(values[0])) == plain(known, str(values[1]))


def _parameter_name(path: str) -> str | None:
    """Of the stack's group or of a replica's own; None for any other setting."""
    if path.startswith("parameters."):
        return path.removeprefix("parameters.")
    own = path.partition(".parameters.")
    return own[2] if path.startswith("rds.replicas.") and own[2] else None


def _parameter(path: str, now: Mapping[str, Any]) -> Any:
    name = _parameter_name(path)
    if name is None:
        return None
    return parameter(name, int(now["major"]), engine(str(now["rds.topology"])))


def _effect(path: str, old: str | None, new: str | None, now: Mapping[str, Any]) -> Effect:
    if _parameter_name(path) is not None:
        known = _parameter(path, now)
        static = known is not None and known.needs_restart
        when, what = COSTS["reload or reboot"] if static else COSTS["reload"]
        return Effect(path, old, new, when, what)
    special = SPECIAL.get(_general(path))
    if special is not None:
        return special(path, old, new, now)
    when, what = COSTS[cost(path)]
    return Effect(path, old, new, when, what, _outage(now) if cost(path).endswith("outage") else None)


def _immediately(effect: Effect, now: Mapping[str, Any]) -> Effect:
    """With apply_immediately nothing waits for the window."""
    if effect.when != "at the next window" or now.get("rds.windows.apply_immediately") is not True:
        return effect
    what = effect.what.replace("in the maintenance window", "at once (apply_immediately)")
    return Effect(effect.path, effect.old, effect.new, "at once", what, effect.outage)


def _general(path: str) -> str:
    """`rds.replicas.near.zone` -> `rds.replicas.*.zone`."""
    words = path.split(".")
    return ".".join(["rds", "replicas", "*", *words[3:]]) if words[:2] == ["rds", "replicas"] else path


def cost(path: str) -> str:
    """The cost that the setting at a path declares; for something inside a mapping or list, that setting's."""
    words = path.split(".")
    if words[:2] == ["rds", "replicas"]:
        del words[2]  # a name, where the list has a number
    here, found = settings_schema(), ""
    for word in words:
        inner = resolve(here)
        inner = resolve(inner.get("items", inner))
        below = inner.get("properties", {}).get(word) or inner.get("additionalProperties")
        if not isinstance(below, dict):
            break
        found, here = below.get("x-cost", found), below
    return found


def _outage(now: Mapping[str, Any]) -> str:
    """How long a restart is felt: a failover where there is a standby."""
    if now["rds.topology"] == "cluster":
        return CLUSTER_SWITCH
    return FAILOVER if now["rds.topology"] == "aurora" or now.get("rds.multi_az") is True else RESTART


def _class(path: str, old: str | None, new: str | None, now: Mapping[str, Any]) -> Effect:
    when, what = COSTS["next window, outage"]
    if path.startswith("rds.replicas."):
        return Effect(path, old, new, when, f"{what}, readers of this replica only", RESTART)
    return Effect(path, old, new, when, what, _outage(now))


def _version(path: str, old: str | None, new: str | None, now: Mapping[str, Any]) -> Effect:
    when, what = COSTS["next window, outage"]
    if path == "major":
        return Effect(path, old, new, when, f"{what}, major upgrade, replicas with it; there is no way back", MAJOR)
    how_long = CLUSTER_SWITCH if now["rds.topology"] == "cluster" else UPGRADE
    return Effect(path, old, new, when, f"{what}, primary and standby together", how_long)


def _retention(path: str, old: str | None, new: str | None, _now: Mapping[str, Any]) -> Effect:
    if "0" in (old, new):
        when, what = COSTS["next window"]
        return Effect(path, old, new, when, what.replace("nobody is cut off", "I/O stops for seconds to minutes"))
    return Effect(path, old, new, *COSTS["at once"])


def _storage_type(path: str, old: str | None, new: str | None, _now: Mapping[str, Any]) -> Effect:
    when, what = COSTS["at once, slow"]
    return Effect(path, old, new, when, f"{what}; nightly backups pause meanwhile")


def _standby(path: str, old: str | None, new: str | None, _now: Mapping[str, Any]) -> Effect:
    when, what = COSTS["next window"]
    how = "a standby is made, writes are slower meanwhile" if new == "true" else "the standby is removed"
    return Effect(path, old, new, when, f"{what}: {how}")


def _promotion(path: str, old: str | None, new: str | None, _now: Mapping[str, Any]) -> Effect:
    when, what = COSTS["a primary of its own"]
    return Effect(path, old, new, when, what, "1 to 5 min for its own readers")


def _rename(path: str, old: str | None, new: str | None, now: Mapping[str, Any]) -> Effect:
    when, what = COSTS["next window, outage"]
    return Effect(path, old, new, when, f"{what}: the endpoints change, clients must follow", _outage(now))


SPECIAL: Mapping[str, Callable[[str, str | None, str | None, Mapping[str, Any]], Effect]] = {
    "major": _version,
    "rds.engine_version": _version,
    "rds.identifier": _rename,
    "rds.instance_class": _class,
    "rds.replicas.*.instance_class": _class,
    "rds.replicas.*.promote": _promotion,
    "rds.multi_az": _standby,
    "rds.replicas.*.multi_az": _standby,
    "rds.backup.retention": _retention,
    "rds.storage.type": _storage_type,
}


def report(found: list[Effect]) -> Iterator[str]:
    """Lines for the preview: what loses data first, then what waits, then what happens at once."""
    order: tuple[When, ...] = ("replaced", "at a reboot", "at the next window", "at once", "never")
    for when in order:
        yield from (str(one) for one in found if one.when == when)
