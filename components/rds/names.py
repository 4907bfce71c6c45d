"""Declares CNAMEs in front of AWS's own names, and copies of the backups in a second region."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.rds import arguments_server as arguments
from components.rds.databases import Databases
from components.rds.resource import Scope


def record(scope: Scope, label: str, name: str | None, hosts: Sequence[pulumi.Input[str]]) -> None:
    """One name of `rds.dns`; nothing where it is not asked for."""
    if scope.settings.rds.dns is None or name is None:
        return
    rows = arguments.records(scope.settings, name, hosts)
    for number, inputs in enumerate(rows, 1):
        scope.make("route53.Record", label if len(rows) == 1 else f"{label}-{number}", inputs)


def database_names(scope: Scope, databases: Databases) -> None:
    """Of the writer and the readers."""
    dns = scope.settings.rds.dns
    if dns is not None:
        record(scope, "writer", dns.writer, [databases.writer])
        record(scope, "reader", dns.reader, list(databases.readers) or [databases.writer])


def replicated_backups(scope: Scope, key: pulumi.Input[str] | None, databases: Databases) -> None:
    """`scope` and `key` are of the second region."""
    asked = scope.settings.rds.backup.cross_region
    if asked is None:
        return
    inputs = {
        "sourceDbInstanceArn": databases.main["arn"],
        "retentionPeriod": asked.retention,
        "kmsKeyId": asked.key or key,
    }
    scope.make("rds.InstanceAutomatedBackupsReplication", "backups", inputs)
