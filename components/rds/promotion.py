"""The two steps of a promotion: a replica stops following in one `up`, and has backups from the next one.

RDS refuses both in one call. This resource remembers which of the two is due; it asks nobody.
"""

from __future__ import annotations

from typing import Any, ClassVar

import pulumi
from pulumi import dynamic

from components.access import edge


class PromotionProvider(dynamic.ResourceProvider):
    """`retention` is 0 when it is made, and what was asked for after the next run."""

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # holds nothing, so needs no encryption

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        return dynamic.CreateResult(id_=str(props["replica"]), outs={**props, "retention": 0})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        return dynamic.UpdateResult(outs={**_news, "retention": int(_news["wanted"])})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        due = int(_olds.get("retention") or 0) != int(_news["wanted"])
        if due:
            edge.say(
                [f"{_news['replica']} follows nobody any more: its backups begin now, {int(_news['wanted'])} days"]
            )
        return dynamic.DiffResult(changes=due)


class Promotion(dynamic.Resource, module="rds", name="Promotion"):
    """`retention` in days of the backups of a promoted replica: 0 in the run that promotes it."""

    retention: pulumi.Output[int]

    def __init__(self, name: str, replica: str, wanted: int, opts: pulumi.ResourceOptions) -> None:
        super().__init__(PromotionProvider(), name, {"replica": replica, "wanted": wanted, "retention": None}, opts)
