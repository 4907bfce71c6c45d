"""What runs in a task of the pooler: two PgBouncers, their files, their secrets by name. Pure.

RDS lets nobody read pg_authid, not even its master user, so PgBouncer cannot ask the server for a login's verifier as
it does on our own servers. It asks a table of ours instead, in the maintenance database, which the access layer fills
with the very verifiers that it sends: SCRAM is then passed through, and PgBouncer's files hold no password but its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.render.hba import POOLER
from components.render.pgbouncer import DATABASES, pgbouncer_ini
from components.render.sites import Certificate, PoolerSite
from components.settings.model import Settings

Version = tuple[int, int]
PGBOUNCER: Version = (1, 24)  # of the image, Debian 13's
FOLDER = "/run/pgbouncer"  # a volume of the task: the image itself is read-only
BUNDLE = "/etc/postgres-platform/rds-bundle.pem"  # Amazon's CAs, in the image
READ_WRITE, READ_ONLY = "read-write", "read-only"
ENDS = (READ_WRITE, READ_ONLY)
VARIABLES = {"certificate": "TLS_CERTIFICATE", "key": "TLS_KEY", "userlist": "USERLIST"}
# A failover of RDS changes what a name means, so an answer is not kept. RDS takes no client certificate.
OWN: Mapping[str, object] = {
    "auth_type": "scram-sha-256",
    "auth_hba_file": None,  # security groups say from where; RDS itself asks nothing more of a login
    "auth_dbname": "postgres",
    "dns_max_ttl": 1,
    "dns_nxdomain_ttl": 1,
    "server_tls_cert_file": None,
    "server_tls_key_file": None,
}
STOP_S = 120  # the longest that Fargate lets a task end in peace


@dataclass(frozen=True, kw_only=True)
class Backend:
    """Where a pooler's sessions go: the writer, or the readers in turn. `hosts` carry the server's certificate."""

    name: str
    hosts: tuple[str, ...]
    port: int


@dataclass(frozen=True, kw_only=True)
class Around:
    """What the tasks' definition names, once AWS has made it."""

    secret_arn: str
    secret_version: str
    log_group: str
    region: str


def listens(settings: Settings) -> dict[str, int]:
    """The port of each pooler, for clients and in the task alike."""
    first = settings.rds.pooler.port
    return {READ_WRITE: first, READ_ONLY: first + 1}


def ini(settings: Settings, backend: Backend) -> str:
    """pgbouncer.ini of one pooler, from the renderer that all platforms share."""
    tls = Certificate(ca=BUNDLE, certificate=f"{FOLDER}/server.crt", key=f"{FOLDER}/server.key")
    site = PoolerSite(
        name=backend.name,
        address="0.0.0.0",  # noqa: S104  # the task's own address, which its security group guards
        port=listens(settings)[backend.name],
        config_file=f"{FOLDER}/pgbouncer.ini",
        databases=f"{FOLDER}/databases.ini",
        hba="",
        users=f"{FOLDER}/userlist.txt",
        log="",
        pid="",
        server=tls,
        login=Certificate(ca=BUNDLE, certificate="", key=""),
    )
    return pgbouncer_ini(settings, site, PGBOUNCER, own=OWN)


def backends(settings: Settings, writer: str, readers: Sequence[str]) -> list[Backend]:
    """Read-only sessions go to the readers in turn, and to the writer where there are none."""
    port = settings.rds.port
    return [
        Backend(name=READ_WRITE, hosts=(writer,), port=port),
        Backend(name=READ_ONLY, hosts=tuple(readers) or (writer,), port=port),
    ]


def databases(backend: Backend) -> str:
    """The included file: every database lies at these hosts."""
    return DATABASES.format(host=",".join(backend.hosts), port=backend.port)


def userlist(password: str) -> str:
    """PgBouncer's auth_file: its own login alone."""
    doubled = password.replace('"', '""')
    return f'"{POOLER}" "{doubled}"\n'


def secret_text(certificate: str, key: str, password: str) -> str:
    """What lies in Secrets Manager, one key for each container secret."""
    return json.dumps({"certificate": certificate, "key": key, "userlist": userlist(password)}, sort_keys=True)


def reaches_by_task(settings: Settings) -> bool:
    """Whether this program's own way in goes through a task of the pooler."""
    return settings.rds.reach.by == "ssm" and settings.rds.reach.target is None


def containers(settings: Settings, backends: Sequence[Backend], around: Around) -> str:
    """The task's containers, one PgBouncer each; of the secrets only the names."""
    return json.dumps([_container(settings, backend, around) for backend in backends], sort_keys=True)


def _container(settings: Settings, backend: Backend, around: Around) -> dict[str, Any]:
    port = listens(settings)[backend.name]
    plain = {"PGBOUNCER_INI": ini(settings, backend), "DATABASES_INI": databases(backend)}
    stream = {"awslogs-group": around.log_group, "awslogs-region": around.region, "awslogs-stream-prefix": "pooler"}
    return {
        "name": backend.name,
        "image": settings.rds.pooler.image,
        "essential": True,
        "user": "10002:10002",
        # ECS Exec's agent writes into the container; without it nothing does.
        "readonlyRootFilesystem": not reaches_by_task(settings),
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
        "portMappings": [{"containerPort": port, "hostPort": port, "protocol": "tcp"}],
        "environment": [{"name": name, "value": value} for name, value in sorted(plain.items())],
        "secrets": [
            {"name": name, "valueFrom": f"{around.secret_arn}:{key}::{around.secret_version}"}
            for key, name in sorted(VARIABLES.items())
        ],
        "mountPoints": [{"sourceVolume": backend.name, "containerPath": FOLDER, "readOnly": False}],
        "ulimits": [{"name": "nofile", "softLimit": 65536, "hardLimit": 65536}],
        "stopTimeout": STOP_S,
        "logConfiguration": {"logDriver": "awslogs", "options": stream},
        # The pooler alone: a database that fails over is no reason to end poolers whose clients wait it out.
        "healthCheck": {
            "command": ["CMD", "/usr/local/bin/answers", str(port)],
            "interval": 10,
            "timeout": 5,
            "retries": 3,
            "startPeriod": 15,
        },
    }
