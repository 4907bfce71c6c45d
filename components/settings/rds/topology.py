"""What runs: storage, replicas, Aurora's capacity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Strict

from components.settings.fields import Section, setting
from components.settings.parameter_value import ParameterValue
from components.settings.rds.fields import Texts, Truth, Whole

StorageType = Literal["gp3", "io1", "io2", "aurora", "aurora-iopt1"]
Number = Annotated[float, Strict()]

AUTOSCALING_FACTOR = 2


class StorageSettings(Section):
    """The volume below an instance or a Multi-AZ DB cluster. Aurora has its own: only `type` counts."""

    type: StorageType | None = setting(
        None,
        cost="at once, slow",
        description="gp3, io1 or io2; for Aurora aurora or aurora-iopt1. Default: gp3, for Aurora aurora. A change of "
        "the type suspends nightly backups and blocks every other storage change while it runs.",
    )
    size: Whole = setting(
        100, ge=1, le=65536, unit="GiB", cost="at once, slow",
        description="Allocated storage. It can grow by 10 % or more at a time, then not again for 6 hours, and it "
        "never shrinks. gp3 starts at 20, io1 and io2 at 100.",
    )  # fmt: skip
    max: Whole | None = setting(
        None, ge=0, le=65536, unit="GiB", cost="at once",
        description="Up to where RDS grows the storage by itself; at least 1.1 times size. 0: it does not grow. "
        "Default: twice the size. Not for clusters.",
    )  # fmt: skip
    iops: Whole | None = setting(
        None, ge=1, le=256000, unit="I/O operations each second", cost="at once, slow",
        description="Must be given for io1 and io2. With gp3 only from 400 GiB up, together with throughput; without, "
        "gp3 has 3000 below 400 GiB and 12000 from there.",
    )  # fmt: skip
    throughput: Whole | None = setting(
        None, ge=1, le=4000, unit="MiB each second", cost="at once, slow",
        description="gp3 from 400 GiB up only; at most a quarter of iops. Without, gp3 has 125 below 400 GiB and 500 "
        "from there.",
    )  # fmt: skip

    @property
    def ceiling(self) -> int | None:
        """max_allocated_storage in GiB; None when the storage does not grow by itself."""
        if self.max is None:
            return min(self.size * AUTOSCALING_FACTOR, 65536)
        return self.max or None


class ReplicaStorageSettings(Section):
    """What a replica's storage has otherwise than the primary's. The size comes from the primary."""

    type: StorageType | None = setting(None, cost="at once, slow", description="Default: as the primary.")
    max: Whole | None = setting(
        None, ge=0, le=65536, unit="GiB", cost="at once",
        description="Not below the primary's, or it stops when the primary has grown. Default: as the primary.",
    )  # fmt: skip
    iops: Whole | None = setting(
        None, ge=1, le=256000, unit="I/O operations each second", cost="at once, slow",
        description="Default: as the primary.",
    )  # fmt: skip
    throughput: Whole | None = setting(
        None, ge=1, le=4000, unit="MiB each second", cost="at once, slow", description="Default: as the primary."
    )  # fmt: skip


class ReplicaSettings(Section):
    """A read replica of its own name. Read-only, asynchronous, and never a substitute for Multi-AZ."""

    name: str = setting(
        ...,
        pattern=r"^[a-z](-?[a-z0-9])*$",
        max_length=30,
        cost="new replica",
        description="Last part of the identifier: <identifier>-<name>.",
    )
    region: str | None = setting(
        None,
        cost="new replica",
        description="Default: the primary's region. Another one needs a network and a key there.",
    )
    zone: str | None = setting(
        None,
        cost="new replica",
        description="Availability zone. Default: the region's zones in turn, another one than a single-zone primary's. "
        "Not together with multi_az.",
    )
    instance_class: str | None = setting(
        None,
        cost="next window, outage",
        description="Not smaller than the source's, or it lags. Default: as the primary.",
    )
    source: str | None = setting(
        None,
        cost="new replica",
        description="Name of another replica to follow (cascading), at most three deep. Default: the primary.",
    )
    multi_az: Truth = setting(
        False, cost="next window", description="A standby of the replica's own, for the time after a promotion."
    )
    storage: ReplicaStorageSettings = setting(
        ReplicaStorageSettings(), cost="at once, slow", description="Where it differs from the primary's."
    )
    vpc: str | None = setting(
        None,
        cost="new replica",
        description="Existing VPC (vpc-...) in another region. Default: one is made there.",
    )
    subnets: Texts = setting((), cost="new replica", description="Private subnets of that VPC, in two zones or more.")
    key: str | None = setting(
        None,
        cost="new replica",
        description="ARN of a KMS key in the replica's region, for another region only. Default: an own key is made.",
    )
    parameters: Mapping[str, ParameterValue] = setting(
        {},
        cost="reload or reboot",
        description="Server parameters on top of the stack's, such as hot_standby_feedback: on, which belongs to a "
        "replica alone because it bloats the primary. They make a parameter group of its own.",
    )
    protection: Truth = setting(
        True,
        cost="at once",
        description="false lifts rds.protection for this replica alone. To take one away: set false, `pulumi up`, then "
        "remove it from the list.",
    )
    promote: Truth = setting(
        False,
        cost="a primary of its own",
        description="true makes it a primary of its own that no longer follows anybody; there is no way back. Its "
        "backups start with the next `pulumi up`, since RDS refuses both in one.",
    )


class ServerlessSettings(Section):
    """Aurora Serverless v2 in Aurora capacity units (about 2 GiB of memory each), with instance_class db.serverless."""

    min: Number = setting(
        0.5, ge=0, le=256, unit="ACU", cost="at once", description="In steps of 0.5; 0 pauses when idle."
    )
    max: Number = setting(16.0, ge=1, le=256, unit="ACU", cost="at once", description="In steps of 0.5.")
