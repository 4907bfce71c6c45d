"""What every topology hands back, so that everything around it is declared once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.rds.arguments_watching import Watched
from components.rds.place import Place
from components.rds.resource import Resource
from components.rds.security import Monitoring


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What the databases stand on. `abroad` holds the other regions with replicas, by name. `held` is the secret that
    the password will lie in; None, as the password, where RDS keeps both.
    """

    home: Place
    abroad: Mapping[str, Place]
    monitoring: Monitoring | None
    password: pulumi.Output[str] | None
    held: Resource | None = None

    def of(self, region: str) -> Place:
        """The place of a region."""
        return self.abroad.get(region, self.home)

    @property
    def monitoring_arn(self) -> pulumi.Output[str] | None:
        """Of the role."""
        return self.monitoring.arn if self.monitoring else None

    @property
    def before(self) -> list[pulumi.Resource]:
        """What has to be there before a member is."""
        return [self.monitoring.ready] if self.monitoring else []


@dataclass(frozen=True, kw_only=True)
class Member:
    """One server that is watched, in its region."""

    region: str
    watched: Watched
    resource: Resource


@dataclass(frozen=True, kw_only=True)
class Databases:
    """`main` is the primary instance, or the cluster; `reader` its replicas' host, the writer's where there is none.

    `readers` are hosts in the home region that follow. `resource_ids` are what policies for logins by token name.
    `sources` are the IDs by region and RDS's source type, for event subscriptions.
    """

    main: Resource
    writer: pulumi.Output[str]
    reader: pulumi.Output[str]
    readers: Sequence[pulumi.Output[str]]
    username: pulumi.Output[str]
    members: Sequence[Member]
    resource_ids: Sequence[pulumi.Output[str]]
    everything: Sequence[pulumi.Resource]
    sources: Mapping[str, Mapping[str, Sequence[pulumi.Input[str]]]] = field(default_factory=dict)

    @property
    def version(self) -> pulumi.Output[str]:
        """The exact version that runs."""
        return self.main["engineVersionActual"]

    @property
    def managed_secret(self) -> pulumi.Output[str]:
        """ARN of the secret in which RDS keeps the password, where it does; "" in the preview that changes to it."""
        return self.main["masterUserSecrets"].apply(lambda secrets: secrets[0]["secretArn"] if secrets else "")


def final_snapshot(place: Place, identifier: str) -> pulumi.Output[str]:
    """A name that the next stack of the same name does not have: its ending is that of the subnet group's own name."""
    return place.network.subnet_group["name"].apply(lambda name: f"{identifier}-final-{name.rpartition('-')[2]}")
