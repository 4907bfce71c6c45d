"""What the last run made, kept in the state: the next preview says what a change does to it, or that it must not be.

It comes after the databases, so that it remembers only what was really done. Where nothing differs from the last run,
nothing is loaded that would judge it: that is what most previews come to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import pulumi
from pulumi import dynamic

from components.access import edge

WHERE = "rds"
TOLD = ("spec", "version", "storage")


class RunningProvider(dynamic.ResourceProvider):
    """Compares; asks nobody. `version` and `storage` are what AWS said."""

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # holds nothing, so needs no encryption

    def configure(self, _req: dynamic.ConfigureRequest) -> None:
        edge.quiet()

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        return dynamic.CreateResult(id_="running", outs={**props, "waiting": []})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        changed = any(_plain(_olds.get(one)) != _plain(_news.get(one)) for one in TOLD)
        if changed or _upgrading(_news):
            edge.say(edge.guarded(WHERE, lambda: _compared(_olds, _news)))
        return dynamic.DiffResult(changes=changed)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        from components.rds import arguments_running as arguments

        old, new = json.loads(_olds["spec"]), json.loads(_news["spec"])
        left = arguments.left_waiting(old, new)
        changed = bool(arguments.told(old, new))
        waiting = left if changed else list(_olds.get("waiting") or [])
        edge.say(f"{WHERE}: waits: {line}" for line in left)
        return dynamic.UpdateResult(outs={**_news, "waiting": waiting})


def _plain(value: Any) -> Any:
    """Numbers come back from a state as floats."""
    return int(value) if isinstance(value, float) else value


def _upgrading(news: Mapping[str, Any]) -> bool:
    """An `upgrade:` that is done is to be told of although nothing differs: it must go."""
    return json.loads(news["spec"])["settings"]["rds"].get("upgrade") is not None


def _compared(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    from components.access.failures import AccessError
    from components.rds import arguments_running as arguments

    old, new = json.loads(olds["spec"]), json.loads(news["spec"])
    wrong = arguments.findings(old, new, olds)
    if wrong:
        raise AccessError(arguments.refusal(wrong))
    return [f"{WHERE}: {line}" for line in arguments.told(old, new)]


class Running(dynamic.Resource, module="rds", name="Running"):
    """`waiting` are the lines of the last change that a reboot or the maintenance window has to finish."""

    waiting: pulumi.Output[list[str]]

    def __init__(
        self,
        name: str,
        spec: str,
        version: pulumi.Input[str],
        storage: pulumi.Input[int] | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        inputs = {"spec": spec, "version": version, "storage": storage, "waiting": None}
        super().__init__(RunningProvider(), name, inputs, opts)
