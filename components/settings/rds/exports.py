"""Which logs a topology sends to CloudWatch."""

from __future__ import annotations

from collections.abc import Mapping

from components.settings.model import Settings

# AWS's CreateDBInstance and CreateDBCluster, EnableCloudwatchLogsExports.
EXPORTS: Mapping[str, tuple[str, ...]] = {
    "instance": ("postgresql", "upgrade", "iam-db-auth-error"),
    "cluster": ("postgresql", "upgrade", "iam-db-auth-error"),
    "aurora": ("postgresql", "iam-db-auth-error"),
}


def log_exports(settings: Settings) -> list[str]:
    """The logs asked for that the topology has; iam-db-auth-error only with IAM authentication."""
    able = EXPORTS[settings.rds.topology]
    return [
        name
        for name in settings.rds.logs.exports
        if name in able and (settings.rds.iam.enabled or name != "iam-db-auth-error")
    ]
