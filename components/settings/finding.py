"""A fault at a path of the settings, before anyone knows in which file it stands."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """`path` as in the file (`rds`, `storage`, `max`), `message` says found, allowed and what to do."""

    path: tuple[str, ...]
    message: str
