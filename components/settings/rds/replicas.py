"""Which read replicas a stack has, whether it counts them or names them."""

from __future__ import annotations

from components.settings.catalogue import rds as offers
from components.settings.model import Settings
from components.settings.rds.topology import ReplicaSettings

ZONES = 3


def replicas(settings: Settings) -> tuple[ReplicaSettings, ...]:
    """Replicas in the order of the file; `replicas: 2` gives replica-1 and replica-2, all defaults.

    A Multi-AZ DB cluster has two readers of its own, so there the number alone asks for nothing.
    """
    if settings.rds.replicas is not None:
        return settings.rds.replicas
    if settings.rds.topology == "cluster":
        return ()
    return tuple(ReplicaSettings(name=f"replica-{number}") for number in range(1, settings.replicas + 1))


def managed_password(settings: Settings) -> bool:
    """Does RDS keep the administrator's password? It refuses to for an instance with replicas, and for blue/green."""
    mode = settings.rds.credentials.mode
    return mode == "managed" or (mode == "auto" and not password_must_be_ours(settings))


def password_must_be_ours(settings: Settings) -> bool:
    """Aurora's replicas are members of its cluster, which a managed password allows."""
    followed = settings.rds.topology != "aurora" and bool(replicas(settings))
    return followed or settings.rds.blue_green


def identifier(settings: Settings) -> str:
    """Identifier of the primary instance or of the cluster."""
    return settings.rds.identifier or settings.name


def replica_identifier(settings: Settings, replica: ReplicaSettings) -> str:
    """Identifier of a replica, or of an Aurora cluster's reader."""
    return f"{identifier(settings)}-{replica.name}"


def zones_in_turn(settings: Settings) -> dict[str, str | None]:
    """Name -> zone of each replica: as given, else the region's zones in turn, another than a single-zone primary's.

    None where multi_az chooses, or where the zones are not known: of another one's VPC, or of an unknown region.
    """
    found: dict[str, str | None] = {}
    for number, replica in enumerate(replicas(settings)):
        zones = zones_of(settings, replica.region or settings.rds.region or "")
        free = [zone for zone in zones if zone != settings.rds.availability_zone]
        found[replica.name] = replica.zone or (None if replica.multi_az or not free else free[number % len(free)])
    return found


def zones_of(settings: Settings, region: str) -> tuple[str, ...]:
    """Zones that have a subnet in a region: as named, else its first three; none of a VPC whose zones nobody has said.

    There RDS chooses, which sees where the subnets are.
    """
    if region == settings.rds.region:
        known = settings.rds.network.zones
        theirs = settings.rds.network.vpc is not None
    else:
        known, theirs = (), any(one.vpc for one in replicas(settings) if one.region == region)
    return known or (() if theirs else offers.zones(region)[:ZONES])
