"""What a stack remembers of its last run, what a change will do to it, and what must not become of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from components.render.rds_impact import deployment, effects, report, waiting
from components.settings.finding import Finding
from components.settings.model import Settings
from components.settings.rds.replicas import replicas
from components.settings.rds.rules.changes import Running, change_findings, running_values

Spec = dict[str, Any]


def spec(settings: Settings, extensions: frozenset[str]) -> Spec:
    """Plain values alone: no secret is among them."""
    return {
        "settings": settings.model_dump(mode="json", by_alias=True, exclude={"secrets"}),
        "values": deployment(settings, extensions),
        "once": running_values(settings),
        "promoted": sorted(one.name for one in replicas(settings) if one.promote),
        "instance_class": settings.rds.instance_class,
    }


def text(wanted: Spec) -> str:
    """A spec as it travels; equal specs are equal texts."""
    return json.dumps(wanted, sort_keys=True)


def findings(old: Spec, new: Spec, found: Mapping[str, Any]) -> list[Finding]:
    """What AWS would refuse, or what would cost the data. `found` is what AWS said of the last run."""
    storage = found.get("storage")
    running = Running(
        version=str(found.get("version") or ""),
        instance_class=old["instance_class"],
        storage=int(storage) if storage is not None else None,
        asked_storage=old["values"].get("rds.storage.size"),
        once=old["once"],
        promoted=frozenset(old["promoted"]),
    )
    return change_findings(Settings.model_validate(new["settings"]), running)


def refusal(found: list[Finding]) -> str:
    """One report."""
    count = len(found)
    lines = "".join(f"\n  {'.'.join(one.path)}: {one.message}" for one in found)
    return f"{count} problem{'' if count == 1 else 's'} with what runs; nothing was changed:{lines}"


def told(old: Spec, new: Spec) -> list[str]:
    """Lines for the preview: what each change does, when, and who is cut off for how long."""
    return list(report(effects(old["values"], new["values"])))


def left_waiting(old: Spec, new: Spec) -> list[str]:
    """What `up` does not finish: a reboot or the maintenance window has to come."""
    return [str(one) for one in waiting(effects(old["values"], new["values"]))]
