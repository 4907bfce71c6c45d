"""A stack's settings as one frozen type; `load` makes it, everything else only reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, SecretStr, Strict

from components.settings.backup import BackupSettings, RepositorySettings, RestoreSettings
from components.settings.embedded import EmbeddedSettings
from components.settings.fields import Section, setting
from components.settings.kubernetes import KubernetesSettings
from components.settings.parameter_value import ParameterValue
from components.settings.patroni import PatroniSettings
from components.settings.pooler import PoolerSettings
from components.settings.rds import RdsSettings

Platform = Literal["embedded", "kubernetes", "rds"]
Durability = Literal["zero-loss", "balanced", "asynchronous"]

NAMESPACE = "postgres-platform"
OLDEST_MAJOR, NEWEST_MAJOR = 14, 18
MAX_REPLICAS = 4
# corporate_intel needs TimescaleDB and pgvector, which not every server has: the stack local17 names it.
DEFAULT_ACCESS = tuple(
    f"sql/{system}/access.yaml" for system in ("faevision", "devmentor", "pretamane", "aves", "nexpo")
)
IDENTIFIER = r"^[a-z_][a-z0-9_]{0,62}$"


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _none_if_empty(value: Any) -> Any:
    """Pulumi puts {} where a stack says nothing of a mapping."""
    return None if value == {} else value


class Settings(Section):
    """What one stack asks for. Make it with `load`, which also checks what holds between settings."""

    platform: Platform = setting(
        ...,
        cost="new cluster",
        description="Where the cluster runs: embedded (this machine), kubernetes (Patroni on a cluster), rds (Amazon).",
    )
    name: str = setting(
        "main",
        pattern=r"^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$",
        cost="new cluster",
        description="Name of the cluster (Patroni's scope): 1 to 30 small letters, digits and inner hyphens, "
        "first a letter.",
    )
    major: Annotated[int, Strict()] | None = setting(
        None, ge=OLDEST_MAJOR, le=NEWEST_MAJOR, unit="PostgreSQL major version", cost="new cluster",
        description="PostgreSQL's major version. Default on the embedded platform: the newest one that is installed. "
        "There make up installs what is asked for: a package where apt has one, else, for 17 with TimescaleDB and "
        "pgvector, Debian 13's packages in a folder. On rds: 17, where a change is an upgrade (rds.upgrade).",
    )  # fmt: skip
    replicas: Annotated[int, Strict()] = setting(
        2, ge=0, le=MAX_REPLICAS, unit="members besides the primary", cost="members are added or removed",
        description="Replicas; the cluster has one member more. zero-loss needs 2 or more.",
    )  # fmt: skip
    durability: Durability = setting(
        "zero-loss",
        cost="reload",
        description="What an acknowledged commit has survived. zero-loss: it is on disk of a quorum of replicas, and "
        "without one commits wait. balanced: the same, but a primary left alone goes on. asynchronous: on the "
        "primary's disk; a failover may lose the last moments.",
    )
    parameters: Mapping[str, ParameterValue] = setting(
        {},
        cost="reload",
        description="Server parameters by PostgreSQL's names, with units as PostgreSQL writes them (16MB, 30s). Some "
        "need a rolling restart, which the preview says; those that the platform owns are refused.",
    )
    patroni: PatroniSettings = setting(PatroniSettings(), cost="reload", description="Failover timing.")
    pooler: PoolerSettings = setting(PoolerSettings(), cost="reload", description="PgBouncer.")
    backup: Annotated[BackupSettings | None, BeforeValidator(_none_if_empty)] = setting(
        None,
        cost="rolling restart",
        description="Backups and archived WAL, by pgBackRest. Not on rds. Absent: nothing is backed up, as the preview "
        "says.",
    )
    restore: Annotated[RestoreSettings | None, BeforeValidator(_none_if_empty)] = setting(
        None, cost="read when made", description="What a new cluster is made from. Absent: it is empty."
    )
    embedded: EmbeddedSettings = setting(
        EmbeddedSettings(), cost="rolling restart", description="Only read on the embedded platform."
    )
    kubernetes: KubernetesSettings = setting(
        KubernetesSettings(), cost="rolling restart", description="Only read on the Kubernetes platform."
    )
    rds: RdsSettings = setting(
        RdsSettings(), cost="see each", description="Only read on platform rds: Amazon RDS, in Amazon's words."
    )
    access: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = setting(
        DEFAULT_ACCESS,
        cost="nothing restarts",
        description="Paths of the access specs, one for each system, relative to the project's folder.",
    )
    secrets: Mapping[str, SecretStr] = setting(
        {},
        cost="nothing restarts",
        description="Passwords of login roles by the name that the access spec gives them, and what `backup` and "
        "`restore` name. Set with `pulumi config set --secret --path`. A login role whose secret is absent gets a "
        "generated password.",
    )
    allow: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = setting(
        (),
        cost="nothing restarts",
        description="Hazards that this stack accepts, by the names that the preview gives them.",
    )

    @property
    def members(self) -> int:
        """The primary and its replicas."""
        return self.replicas + 1

    @property
    def lease_in_kubernetes(self) -> bool:
        """Whether the leader's lease is kept by the Kubernetes API, and there is no etcd."""
        return self.platform == "kubernetes" and self.kubernetes.leader_election == "kubernetes"

    @property
    def known_major(self) -> int:
        """The major version; raises when neither the stack nor the platform has said which."""
        if self.major is None:
            raise ValueError("the major version is not decided yet: load(..., default_major=) gives it")
        return self.major

    @property
    def source_repository(self) -> RepositorySettings | None:
        """Where the backups lie that a new cluster is made from; None when it is made empty."""
        if self.restore is None:
            return None
        return self.restore.repository or (self.backup.repository if self.backup else None)

    def named_secrets(self) -> Iterator[tuple[str, str, str]]:
        """(section, setting in it, name of the secret) of each secret that backups or a restore name."""
        for section in ("backup", "restore"):
            given: BackupSettings | RestoreSettings | None = getattr(self, section)
            yield from ((section, name, secret) for name, secret in (given.secrets() if given else ()))
