"""Parameter groups: which there are, and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from components.rds.arguments import Arguments, tags
from components.render.rds_parameters import rds_parameters
from components.settings.model import OLDEST_MAJOR, Settings
from components.settings.rds.replicas import identifier

CHARACTERS = 255


@dataclass(frozen=True, kw_only=True)
class Group:
    """`label` ends the logical name and carries the major, so that groups of two majors stand side by side."""

    label: str
    kind: str
    arguments: Arguments
    kept_as_it_is: bool = False  # the old major's: nothing about it changes any more


def family(settings: Settings) -> str:
    """RDS's name of a line of groups."""
    engine = "aurora-postgresql" if settings.rds.topology == "aurora" else "postgres"
    return f"{engine}{settings.known_major}"


def _group(settings: Settings, extensions: frozenset[str], prefix: str, overrides: Mapping[str, str]) -> Group:
    entries = rds_parameters(settings, extensions, overrides)
    parameters = [{"name": one.name, "value": one.value, "applyMethod": one.apply_method} for one in entries]
    whom = f"{identifier(settings)} {prefix}".strip()
    arguments: Arguments = {
        "family": family(settings),
        "description": f"PostgreSQL {settings.known_major} of {whom}"[:CHARACTERS],
        "parameters": parameters,
        "tags": tags(settings),
    }
    of_cluster = settings.rds.members_are_a_cluster
    label = f"pg{settings.known_major}"
    return Group(
        label=f"{prefix}-{label}" if prefix else label,
        kind="rds.ClusterParameterGroup" if of_cluster else "rds.ParameterGroup",
        arguments=arguments,
    )


def group(settings: Settings, extensions: frozenset[str]) -> Group:
    """What all members share. No name is given: Pulumi makes one up, and can make the new before the old goes."""
    return _group(settings, extensions, "", {})


def own_group(settings: Settings, extensions: frozenset[str], name: str, overrides: Mapping[str, str]) -> Group:
    """Of one replica, with its own parameters on top."""
    return _group(settings, extensions, name, overrides)


def old_group(settings: Settings, extensions: frozenset[str]) -> Group | None:
    """While an upgrade is said: the group of the major that runs, so that it goes only after the database has left it.

    With keep_old_parameters it stays in AWS for good, because snapshots from before refer to it. None for a major that
    this project renders no parameters for.
    """
    upgrade = settings.rds.upgrade
    if upgrade is None or not OLDEST_MAJOR <= upgrade.from_ < settings.known_major:
        return None
    before = settings.model_copy(update={"major": upgrade.from_})
    found = _group(before, extensions, "", {})
    skip = {"skipDestroy": upgrade.keep_old_parameters} if found.kind == "rds.ParameterGroup" else {}
    return Group(label=found.label, kind=found.kind, arguments={**found.arguments, **skip}, kept_as_it_is=True)
