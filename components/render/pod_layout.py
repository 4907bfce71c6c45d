"""Kubernetes: ports, folders and names of the parts in their pods, and how their files are written down.

One file serves all pods of a kind; what differs comes from the pod's name: the supervisor puts it in for `${POD_NAME}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml

from components.render.sites import Certificate

POSTGRES, REST, ALIVE = 5432, 8008, 8009
ETCD_CLIENT, ETCD_PEER, ETCD_METRICS = 2379, 2380, 2381
WRITER, READER, POOLED, POOLED_READER, HEALTH = 5432, 5433, 6432, 6433, 8404
ACCOUNT = "postgres"  # of the image, with a user id of its own above 10000
POD = "${POD_NAME}"
CONFIG, TLS, DATA = map(PurePosixPath, ("/etc/postgres-platform/config", "/etc/postgres-platform/tls", "/data"))
RUN, WAL = PurePosixPath("/run/postgres-platform"), PurePosixPath("/wal")
LIBRARY = "/usr/lib/postgres-platform"  # holds the package `supervisor`
PATRONI_PYTHON = "/opt/patroni/bin/python3"
PGBOUNCER_VERSION = (1, 24)
# A pod may take `terminationGracePeriodSeconds` to stop, the preStop hook included; the rest is the supervisor's.
MEMBER_STOP, NODE_STOP, GATEWAY_STOP = 500.0, 20.0, 20.0
# Before kubelet's own probe ends the container: the supervisor then still gives the lease back.
FROZEN_SECONDS = 5.0

Files = dict[str, str]


def supervisor(name: str, directory: str, stop: float, status: str) -> dict[str, Any]:
    """What the supervisors of all parts are told."""
    return {
        "name": name,
        "directory": directory,
        "log_file": "-",
        "status_file": status,
        "stop_limit_seconds": stop,
        "watched_folders": [str(CONFIG), str(TLS)],
    }


def paths(who: Certificate) -> dict[str, str]:
    """A certificate as a supervisor's file names it."""
    return {"ca": who.ca, "cert": who.certificate, "key": who.key}


def as_json(plain: Mapping[str, Any]) -> str:
    """A supervisor's file."""
    return json.dumps(plain, indent=2) + "\n"


def as_yaml(plain: Mapping[str, Any]) -> str:
    """Patroni's file, or etcd's."""
    # By way of JSON, because YAML would write anchors for parts that stand in two places.
    return yaml.safe_dump(json.loads(json.dumps(plain)), sort_keys=False)
