"""Declares topology `instance`: the primary, and replicas in the order in which they can follow each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pulumi

from components.rds import arguments, watching
from components.rds.arguments import Around, ignored_changes, is_elsewhere, replica_region, timeouts
from components.rds.arguments_watching import Watched
from components.rds.databases import Databases, Ground, Member, final_snapshot
from components.rds.place import Place
from components.rds.promotion import Promotion
from components.rds.resource import Resource
from components.rds.upgrading import ready
from components.settings.model import Settings
from components.settings.rds.replicas import identifier, replica_identifier, replicas
from components.settings.rds.topology import ReplicaSettings

OUTPUTS = ("arn", "address", "resourceId", "engineVersionActual", "masterUserSecrets", "username", "allocatedStorage")


def instances(ground: Ground) -> Databases:
    """The primary and its replicas; a replica of a replica comes after it."""
    settings = ground.home.scope.settings
    primary = _primary(ground)
    made: dict[str, Resource] = {}
    members = [_member(settings.rds.region or "", "primary", primary, settings, None)]
    for asked in in_order(settings):
        made[asked.name] = _replica(ground, asked, primary, made)
        members.append(_member(replica_region(settings, asked), asked.name, made[asked.name], settings, asked))
    near = [
        made[one.name]["address"]
        for one in replicas(settings)
        if replica_region(settings, one) == settings.rds.region and not one.promote
    ]
    return Databases(
        main=primary,
        writer=primary["address"],
        reader=near[0] if near else primary["address"],
        readers=near,
        username=primary["username"],
        members=members,
        resource_ids=[member.resource["resourceId"] for member in members],
        everything=[primary, *made.values()],
        sources=_sources(ground, members),
    )


def in_order(settings: Settings) -> Iterator[ReplicaSettings]:
    """Each replica after what it follows; the rules have seen that nobody follows in a circle."""
    waiting = list(replicas(settings))
    known: set[str | None] = {None}
    while waiting:
        ready = [one for one in waiting if one.source in known]
        yield from ready
        known |= {one.name for one in ready}
        waiting = [one for one in waiting if one not in ready]


def _primary(ground: Ground) -> Resource:
    place = ground.home
    settings = place.scope.settings
    logs = watching.log_groups(place.scope, "log", identifier(settings), "instance", place.key)
    around = _around(ground, place, place.group, identifier(settings), ground.password)
    options = _options(settings, [*ground.before, *ready(ground), *logs], protect=settings.rds.protection)
    return place.scope.make("rds.Instance", "primary", arguments.primary(settings, around), OUTPUTS, options)


def _replica(ground: Ground, asked: ReplicaSettings, primary: Resource, made: dict[str, Resource]) -> Resource:
    settings = ground.home.scope.settings
    place, name = ground.of(replica_region(settings, asked)), replica_identifier(settings, asked)
    source = made[asked.source] if asked.source else primary
    followed = source["arn"] if is_elsewhere(settings, asked) else source["identifier"]
    logs = watching.log_groups(place.scope, f"{asked.name}-log", name, "instance", place.key)
    around = _around(ground, place, place.group_of(asked), name, None)
    inputs = arguments.replica(settings, asked, around, followed, _retention(ground, asked))
    # A child of the primary: destroying takes it away before its source.
    options = _options(
        settings,
        [*ground.before, *logs],
        () if asked.promote else arguments.ignored_in_replicas(settings),
        protect=arguments.is_protected(settings, asked),
        parent=primary,
    )
    return place.scope.make("rds.Instance", asked.name, inputs, OUTPUTS, options)


def _retention(ground: Ground, asked: ReplicaSettings) -> pulumi.Output[int] | None:
    if not asked.promote:
        return None
    scope = ground.home.scope
    options = pulumi.ResourceOptions(parent=scope.component)
    wanted = scope.settings.rds.backup.retention
    return Promotion(f"{scope.name}-promotion-{asked.name}", asked.name, wanted, options).retention


def _around(
    ground: Ground, place: Place, group: pulumi.Output[str], name: str, password: pulumi.Output[str] | None
) -> Around:
    return Around(
        subnet_group=place.network.subnet_group["name"],
        security_groups=[place.network.database.id],
        parameter_group=group,
        final_snapshot=final_snapshot(place, name),
        key=place.key,
        monitoring_role=ground.monitoring_arn,
        password=password,
    )


def _options(
    settings: Settings, after: list[pulumi.Resource], ignored: Sequence[str] = (), **others: Any
) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(
        depends_on=after,
        ignore_changes=[*ignored_changes(settings, "instance"), *ignored],
        custom_timeouts=pulumi.CustomTimeouts(**timeouts(settings)),
        additional_secret_outputs=["passwordWo"],
        **others,
    )


def _member(region: str, label: str, resource: Resource, settings: Settings, asked: ReplicaSettings | None) -> Member:
    watched = Watched(
        label=label,
        identifier=replica_identifier(settings, asked) if asked else identifier(settings),
        instance_class=(asked.instance_class if asked else None) or settings.rds.instance_class,
        replica=asked is not None and not asked.promote,
    )
    return Member(region=region, watched=watched, resource=resource)


def _sources(ground: Ground, members: list[Member]) -> dict[str, dict[str, list[pulumi.Input[str]]]]:
    return {
        place.scope.region: {
            "db-instance": [one.resource["identifier"] for one in members if one.region == place.scope.region],
            "db-parameter-group": [place.group],
        }
        for place in (ground.home, *ground.abroad.values())
    }
