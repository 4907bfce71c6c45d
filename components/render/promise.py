"""What the settings promise, in seconds and in commits: the lines that a preview prints."""

from __future__ import annotations

from collections.abc import Iterator

from components.render.restored import restored_to, target
from components.settings.model import Settings

# Beyond the lease: etcd ends it (1 s), the race for it (2 s), the promotion (2 s), the route (1 s).
AFTER_THE_LEASE = 6
LOSS = {
    "zero-loss": "RPO 0: a commit is acknowledged when {quorum} has it on disk; with no such replica, commits wait",
    "balanced": "RPO 0 while a replica is in step; a primary left alone goes on, and what it then acknowledges is lost "
    "with it",
    "asynchronous": "RPO: what was committed in the last moments before a failover, at most"
    " {lag} kB of WAL behind plus up to {ttl} s of writes",
}


def lost_machine(settings: Settings) -> int:
    """Seconds until writes go on after a machine is lost without a word."""
    return settings.patroni.ttl + AFTER_THE_LEASE


def promise(settings: Settings) -> list[str]:
    """RTO and RPO of these settings, one sentence a line."""
    if settings.platform == "kubernetes" and (primary := settings.kubernetes.standby_of):
        at = f"{primary.host}:{primary.port}"
        told = f"a standby cluster of {at}: takes no writes; a promotion loses what has not arrived"
        return [told, *_backups(settings)]
    without_api, kept = _without_the_api(settings), [*_backups(settings), *_restore(settings)]
    return [*_recovery_time(settings), *without_api, _loss(settings), *kept]


def _without_the_api(settings: Settings) -> Iterator[str]:
    """What is given up without etcd."""
    if settings.lease_in_kubernetes and settings.replicas:
        yield (
            "RTO, Kubernetes API down: no failover until it answers (leader_election kubernetes); the primary goes on"
            " while all members answer it, and stops taking writes when one does not"
        )


def _backups(settings: Settings) -> Iterator[str]:
    """RDS keeps its own."""
    if settings.platform == "rds":
        return
    if settings.backup is None:
        yield "backups: none, since the stack has no backup: what is dropped, or lost with all members, is gone"
        return
    backup, schedule = settings.backup, settings.backup.schedule
    where = backup.repository
    place = where.path if where.kind == "posix" else f"s3://{where.bucket}{where.path} at {where.endpoint}"
    kept = f"{backup.retention.full} full backups are kept, and all WAL since the oldest of them"
    lag = f"at most {backup.archive_timeout} s of WAL not yet" if backup.archive_timeout else "all but the last segment"
    yield f"backups: {'encrypted ' if backup.encryption else ''}in {place}; {kept}, {lag} archived"
    if settings.platform == "embedded":
        times = ", ".join(f"{kind} {time}" for kind, time in schedule.model_dump().items() if time)
        yield f"backups: nothing on this machine runs the schedule ({times}): call make backup from a crontab"


def _restore(settings: Settings) -> Iterator[str]:
    if wanted := restored_to(settings):
        yield f"restore: a new cluster is made from {wanted['source']}, {target(wanted)}; one that was is left alone"


def _recovery_time(settings: Settings) -> list[str]:
    patroni = settings.patroni
    if settings.platform == "rds":
        return [_rds_recovery_time(settings)]
    if not settings.replicas:
        return ["RTO: the time in which the one member restarts; there is no replica to take over"]
    crash = patroni.loop_wait * 2 + patroni.primary_start_timeout + 2
    return [
        "RTO, member stopped or switched over: about 3 s",
        "RTO, member dead on a running machine: about 1 s (its supervisor gives the lease back)",
        f"RTO, PostgreSQL crashed: about 1 s under a supervisor, else up to {crash} s"
        f" (2 * loop_wait {patroni.loop_wait} + primary_start_timeout {patroni.primary_start_timeout} + 2)",
        f"RTO, machine or network lost: up to {lost_machine(settings)} s (ttl {patroni.ttl} + {AFTER_THE_LEASE})",
    ]


def _rds_recovery_time(settings: Settings) -> str:
    """AWS's own figures, without any promise of AWS's."""
    rds = settings.rds
    if rds.topology == "instance" and not rds.multi_az:
        return "RTO: the time in which RDS restarts the one instance or makes it anew, minutes; there is no standby"
    kinds = {
        "instance": "Multi-AZ failover, usually 60 to 120 s",
        "cluster": "failover of the Multi-AZ DB cluster, usually below 35 s",
        "aurora": "Aurora failover to a reader, usually below 60 s",
    }
    return f"RTO: Amazon's {kinds[rds.topology]}"


def _rds_loss(settings: Settings) -> str:
    rds = settings.rds
    if rds.topology == "aurora":
        return "RPO 0: a commit is acknowledged when 4 of 6 copies in three zones have it"
    if rds.topology == "cluster":
        return "RPO 0: a commit is acknowledged when one of two readers in other zones has it"
    if rds.multi_az:
        return (
            "RPO 0: a commit is acknowledged when the standby's zone has it, too; read replicas follow asynchronously"
        )
    days = f", at most 5 min back from the backups of {rds.backup.retention} days" if rds.backup.retention else ""
    return f"RPO: what was committed since the last copy of the volume{days}"


def _loss(settings: Settings) -> str:
    quorum = f"one replica of {settings.replicas}" if settings.replicas != 1 else "the replica"
    lag = settings.patroni.maximum_lag_on_failover // 1024
    if settings.platform == "rds":
        return _rds_loss(settings)
    return LOSS[settings.durability].format(quorum=quorum, lag=lag, ttl=settings.patroni.ttl)
