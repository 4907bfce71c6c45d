"""What a cluster was made from: the record that is kept beside its data, and the same in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.settings.model import Settings


def restored_to(settings: Settings) -> dict[str, Any] | None:
    """What a new cluster is made from, as it is remembered beside the data; None: it is made empty."""
    return settings.restore.model_dump(include={"source", "time", "label", "lsn"}) if settings.restore else None


def target(restore: Mapping[str, Any]) -> str:
    """The moment of such a record, in words."""
    if restore["time"]:
        return f"as it was at {restore['time']}"
    if restore["lsn"]:
        return f"up to {restore['lsn']}"
    return f"as it was when backup {restore['label']} ended" if restore["label"] else "with all of its WAL"
