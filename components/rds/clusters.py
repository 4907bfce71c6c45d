"""Declares topologies `cluster` (Multi-AZ DB cluster) and `aurora`: the cluster, and for Aurora its members."""

from __future__ import annotations

import pulumi

from components.rds import arguments_cluster as arguments
from components.rds import watching
from components.rds.arguments import Around, ignored_changes, is_protected, timeouts
from components.rds.arguments_watching import Watched
from components.rds.databases import Databases, Ground, Member, final_snapshot
from components.rds.resource import Resource
from components.rds.upgrading import ready
from components.settings.model import Settings
from components.settings.rds.replicas import identifier, replicas
from components.settings.rds.topology import ReplicaSettings

OUTPUTS = (
    "arn",
    "endpoint",
    "readerEndpoint",
    "clusterResourceId",
    "engineVersionActual",
    "masterUserSecrets",
    "masterUsername",
    "allocatedStorage",
)


def clusters(ground: Ground) -> Databases:
    """One endpoint for the writer and one for all readers, which AWS keeps pointing at them."""
    settings = ground.home.scope.settings
    around = _around(ground)
    cluster = _cluster(ground, around)
    own = _members(ground, cluster, around) if settings.rds.topology == "aurora" else []
    home = settings.rds.region or ""
    watched = [
        Member(region=home, watched=one, resource=own[number] if own else cluster)
        for number, one in enumerate(_watched(settings))
    ]
    return Databases(
        main=cluster,
        writer=cluster["endpoint"],
        reader=cluster["readerEndpoint"],
        readers=[cluster["readerEndpoint"]],
        username=cluster["masterUsername"],
        members=watched,
        resource_ids=[cluster["clusterResourceId"]],
        everything=[cluster, *own],
        sources={
            home: {
                "db-cluster": [cluster["clusterIdentifier"]],
                "db-instance": [one["identifier"] for one in own],
            }
        },
    )


def _around(ground: Ground) -> Around:
    place = ground.home
    return Around(
        subnet_group=place.network.subnet_group["name"],
        security_groups=[place.network.database.id],
        parameter_group=place.group,
        final_snapshot=final_snapshot(place, identifier(place.scope.settings)),
        key=place.key,
        monitoring_role=ground.monitoring_arn,
        password=ground.password,
    )


def _cluster(ground: Ground, around: Around) -> Resource:
    place = ground.home
    settings = place.scope.settings
    logs = watching.log_groups(place.scope, "log", identifier(settings), "cluster", place.key)
    options = pulumi.ResourceOptions(
        depends_on=[*ground.before, *ready(ground), *logs],
        ignore_changes=ignored_changes(settings, "cluster"),
        custom_timeouts=pulumi.CustomTimeouts(**timeouts(ground.home.scope.settings)),
        additional_secret_outputs=["masterPasswordWo"],
        protect=settings.rds.protection,
    )
    return place.scope.make("rds.Cluster", "cluster", arguments.cluster(settings, around), OUTPUTS, options)


def _members(ground: Ground, cluster: Resource, around: Around) -> list[Resource]:
    """The writer first: the member that is made first writes."""
    settings = ground.home.scope.settings
    writer = _aurora_member(ground, cluster, around, None, [])
    readers = [_aurora_member(ground, cluster, around, asked, [writer]) for asked in replicas(settings)]
    return [writer, *readers]


def _aurora_member(
    ground: Ground, cluster: Resource, around: Around, asked: ReplicaSettings | None, after: list[Resource]
) -> Resource:
    scope = ground.home.scope
    inputs = arguments.aurora_member(scope.settings, around, cluster.id, asked)
    options = pulumi.ResourceOptions(
        parent=cluster,
        depends_on=[*ground.before, *after],
        ignore_changes=ignored_changes(scope.settings, "member"),
        custom_timeouts=pulumi.CustomTimeouts(**timeouts(ground.home.scope.settings)),
        protect=is_protected(scope.settings, asked) if asked else scope.settings.rds.protection,
    )
    return scope.make("rds.ClusterInstance", asked.name if asked else "writer", inputs, ("arn",), options)


def _watched(settings: Settings) -> list[Watched]:
    """Every member; after a failover another one writes, so all of a Multi-AZ DB cluster are watched alike."""
    classes = [settings.rds.instance_class, *(one.instance_class for one in replicas(settings))]
    names = arguments.member_names(settings)
    return [
        Watched(
            label=name.removeprefix(f"{identifier(settings)}-"),
            identifier=name,
            instance_class=(classes[number] if number < len(classes) else None) or settings.rds.instance_class,
            replica=number > 0,
        )
        for number, name in enumerate(names)
    ]
