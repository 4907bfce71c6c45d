"""Declares what a region has for the databases in it: network, key, topic, parameter groups."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.rds import arguments_groups, security, watching
from components.rds.arguments import replica_region
from components.rds.network import Existing, Network, network
from components.rds.resource import Scope
from components.rds.watching import Topic
from components.settings.rds.replicas import replicas
from components.settings.rds.topology import ReplicaSettings

FROZEN = ["parameters", "description", "tags"]  # of the old major's group


@dataclass(frozen=True, kw_only=True)
class Place:
    """One region. `key` is an ARN, or None for AWS's managed keys; `group` names the members' parameter group."""

    scope: Scope
    network: Network
    key: pulumi.Input[str] | None
    topic: Topic | None
    group: pulumi.Output[str]
    extensions: frozenset[str]

    def group_of(self, replica: ReplicaSettings) -> pulumi.Output[str]:
        """The shared group, or one of the replica's own where it has parameters of its own."""
        if not replica.parameters:
            return self.group
        wanted = arguments_groups.own_group(
            self.scope.settings, self.extensions, replica.name, dict(replica.parameters)
        )
        return self.scope.make(wanted.kind, wanted.label, wanted.arguments, ("name",))["name"]


def place(scope: Scope, extensions: frozenset[str]) -> Place:
    """Everything but the databases."""
    key = security.region_key(scope, _named_key(scope))
    return Place(
        scope=scope,
        network=network(scope, _existing(scope)),
        key=key,
        topic=watching.topic(scope, key),
        group=_group(scope, extensions),
        extensions=extensions,
    )


def _group(scope: Scope, extensions: frozenset[str]) -> pulumi.Output[str]:
    before = arguments_groups.old_group(scope.settings, extensions)
    if before is not None:
        frozen = pulumi.ResourceOptions(ignore_changes=FROZEN)
        scope.make(before.kind, before.label, before.arguments, opts=frozen)
    wanted = arguments_groups.group(scope.settings, extensions)
    return scope.make(wanted.kind, wanted.label, wanted.arguments, ("name",))["name"]


def _here(scope: Scope) -> list[ReplicaSettings]:
    """Replicas of a region that is not the home region."""
    settings = scope.settings
    return [] if scope.home else [one for one in replicas(settings) if replica_region(settings, one) == scope.region]


def _existing(scope: Scope) -> Existing | None:
    asked = scope.settings.rds.network
    if scope.home:
        return Existing(vpc=asked.vpc, subnets=asked.subnets) if asked.vpc else None
    return next((Existing(vpc=one.vpc, subnets=one.subnets) for one in _here(scope) if one.vpc), None)


def _named_key(scope: Scope) -> str | None:
    return next((one.key for one in _here(scope) if one.key), None)
