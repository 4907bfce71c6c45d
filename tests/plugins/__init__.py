"""Stand-ins for provider plugins that cannot be had everywhere; README.md says how one is written."""

from __future__ import annotations

from pathlib import Path


def folder(name: str) -> Path:
    """The folder that goes on PATH so that the engine finds `pulumi-resource-<name>`."""
    return Path(__file__).resolve().parent / name
