"""A dynamic provider that does nothing, for what Pulumi's own plugin for such providers costs."""

from __future__ import annotations

from typing import Any, ClassVar

from pulumi import dynamic


class EmptyProvider(dynamic.ResourceProvider):
    """Takes whatever it is given."""

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # holds nothing

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        return dynamic.CreateResult(id_="empty", outs=props)


class Empty(dynamic.Resource, module="bench", name="Empty"):
    """One resource of it."""
