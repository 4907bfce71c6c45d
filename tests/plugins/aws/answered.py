"""Where a test names a server of its own, that one answers in the name of every database of the emulated cloud.

The test's variable holds libpq's words of its superuser. What RDS does when it makes an instance is done there: the
roles that every RDS has, and the master user, who is no superuser, with the password that RDS was given or made.
"""

from __future__ import annotations

import json
import os
from typing import Any

import psycopg
from psycopg import sql

from tests.plugins.aws.kind import Aws
from tests.plugins.protocol_values import Props

VARIABLE = "POSTGRES_PLATFORM_TEST_DATABASE"
HOST = "localhost"  # the name that the test's server has a certificate for
ROLES = ("rds_superuser", "rds_iam", "rds_password", "rds_replication")
GROUPS = ("pg_monitor", "pg_signal_backend", "rds_password", "rds_replication")


def host(emulated: str) -> str:
    """The name of an end point: the emulator's, unless there is a server that answers."""
    return HOST if VARIABLE in os.environ else emulated


def master(aws: Aws, name: str, inputs: Props, secret: Props | None) -> None:
    """Makes the master user, or gives it the password that RDS has by now."""
    if VARIABLE not in os.environ:
        return
    password = inputs.get("passwordWo") or inputs.get("masterPasswordWo")
    if password is None and secret:
        text = aws.call("secretsmanager", "GetSecretValue", SecretId=secret["SecretArn"])["SecretString"]
        password = json.loads(text)["password"]
    if password is not None:
        _made(name, str(password))


def _made(name: str, password: str) -> None:
    with psycopg.connect(os.environ[VARIABLE], autocommit=True) as connection:
        for role in ROLES:
            if not _there(connection, role):
                connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        groups = sql.SQL(", ").join(map(sql.Identifier, GROUPS))
        connection.execute(sql.SQL("GRANT {} TO rds_superuser WITH ADMIN OPTION").format(groups))
        connection.execute("ALTER ROLE ALL SET rds.extensions = 'pgcrypto, pg_stat_statements'")
        user = sql.Identifier(name)
        if not _there(connection, name):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB IN ROLE rds_superuser").format(user))
            connection.execute(sql.SQL("GRANT rds_iam TO {} WITH ADMIN OPTION").format(user))
            connection.execute(sql.SQL("ALTER DATABASE postgres OWNER TO {}").format(user))
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(user, sql.Literal(password)))


def _there(connection: psycopg.Connection[Any], role: str) -> bool:
    return bool(connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount)
