"""Kubernetes: where each part lives in its pod, and the files of the three ConfigMaps `etcd`, `patroni`, `gateway`.

One file serves all pods of a kind; what differs comes from the pod's name: the supervisor puts it in for `${POD_NAME}`.
Names are short (`pg-0.pg`), so they hold in any namespace and under any cluster domain.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml

from components.render.etcd import etcd_configuration
from components.render.haproxy import haproxy_cfg
from components.render.hba import Admission, pooler_hba
from components.render.patroni import NAMESPACE, member_configuration
from components.render.pgbackrest import after_init
from components.render.pgbouncer import EVERY_DATABASE, pgbouncer_ini, users
from components.render.pgbouncer_sql import monitor_sql, pgbouncer_sql, post_init_script
from components.render.sites import (
    ANYWHERE,
    LOOPBACK,
    POOLER_HBA,
    POOLER_USERS,
    Certificate,
    EtcdSite,
    GatewaySite,
    MemberSite,
    PoolerSite,
    certificate,
)
from components.settings.model import Settings

POSTGRES, REST, ALIVE = 5432, 8008, 8009
ETCD_CLIENT, ETCD_PEER, ETCD_METRICS = 2379, 2380, 2381
WRITER, READER, POOLED, POOLED_READER, HEALTH = 5432, 5433, 6432, 6433, 8404
ACCOUNT = "postgres"  # of the image, with a user id of its own above 10000
POD = "${POD_NAME}"
ETC, RUN, DATA, WAL = map(PurePosixPath, ("/etc/postgres-platform", "/run/postgres-platform", "/data", "/wal"))
CONFIG, TLS = ETC / "config", ETC / "tls"
LIBRARY = "/usr/lib/postgres-platform"  # holds the package `supervisor`
PATRONI_PYTHON = "/opt/patroni/bin/python3"
PGBOUNCER_VERSION = (1, 24)
# A pod may take `terminationGracePeriodSeconds` to stop, the preStop hook included; the rest is the supervisor's.
MEMBER_STOP, NODE_STOP, GATEWAY_STOP = 500.0, 20.0, 20.0
# Before kubelet's own probe ends the container: the supervisor then still gives the lease back.
FROZEN_SECONDS = 5.0

Files = dict[str, str]


def member_names(settings: Settings) -> tuple[str, ...]:
    """pg-0, pg-1, ..."""
    return tuple(f"pg-{number}" for number in range(settings.members))


def etcd_names(settings: Settings) -> tuple[str, ...]:
    """etcd-0, etcd-1, ..."""
    return tuple(f"etcd-{number}" for number in range(settings.kubernetes.etcd.nodes))


def etcd_site(name: str) -> EtcdSite:
    """One etcd pod."""
    return EtcdSite(
        number=int(name.rpartition("-")[2]),
        name=name,
        directory=str(DATA),
        data=f"{DATA}/etcd",
        config_file=f"{RUN}/etcd.yml",
        address=ANYWHERE,
        client_port=ETCD_CLIENT,
        peer_port=ETCD_PEER,
        tls=certificate(TLS, "etcd"),
        host=f"{name}.etcd",
        metrics_port=ETCD_METRICS,
    )


def member_site(settings: Settings, name: str) -> MemberSite:
    """One member's pod."""
    return MemberSite(
        number=int(name.rpartition("-")[2]),
        name=name,
        directory=str(DATA),
        data=f"{DATA}/pgdata",
        config_file=f"{CONFIG}/patroni.yml",
        sockets=str(RUN),
        logs=None,  # the container's output
        post_init=f"{CONFIG}/post_init.sh",
        post_init_sql=f"{CONFIG}/post_init.sql",
        pgpass="/tmp/pgpass",  # noqa: S108  an emptyDir of the pod; no password is ever in it
        address=ANYWHERE,
        host=f"{name}.pg",
        port=POSTGRES,
        rest_port=REST,
        binaries=f"/usr/lib/postgresql/{settings.known_major}/bin",
        server_user=ACCOUNT,
        etcd_hosts=_etcd_hosts(settings),
        server=certificate(TLS, "server"),
        replicator=certificate(TLS, "replicator"),
        rewind=certificate(TLS, "rewind"),
        monitored=True,
        wal=f"{WAL}/pg_wal" if settings.kubernetes.storage.wal_size else "",
    )


def gateway_site(settings: Settings) -> GatewaySite:
    """A gateway's pod; all are alike."""
    return GatewaySite(
        directory=str(RUN),
        address=ANYWHERE,
        writer_port=WRITER,
        reader_port=READER,
        haproxy_config=f"{CONFIG}/haproxy.cfg",
        haproxy_socket=f"{RUN}/haproxy.sock",
        haproxy_pid=f"{RUN}/haproxy.pid",
        pooled=_pooler("pooled", POOLED),
        pooled_reader=_pooler("pooled-reader", POOLED_READER),
        client=certificate(TLS, "gateway"),
        etcd_hosts=_etcd_hosts(settings),
        health_port=HEALTH,
    )


def configuration_files(
    settings: Settings,
    extensions: frozenset[str] = frozenset(),
    admissions: Collection[Admission] | None = None,
) -> dict[str, Files]:
    """The data of each ConfigMap, by its name. It holds no secret."""
    return {
        "etcd": etcd_files(settings),
        "patroni": member_files(settings, extensions, admissions),
        "gateway": gateway_files(settings, admissions),
    }


def etcd_files(settings: Settings) -> Files:
    """One file a node, because etcd reads nothing else beside its file, and the supervisor's."""
    nodes = [etcd_site(name) for name in etcd_names(settings)]
    files = {f"{node.name}.yml": _yaml(etcd_configuration(settings, node, nodes)) for node in nodes}
    return files | {"node.json": _json(_node(settings, nodes))}


def member_files(
    settings: Settings,
    extensions: frozenset[str] = frozenset(),
    admissions: Collection[Admission] | None = None,
) -> Files:
    """Patroni's file without the pod's own name and addresses, which its environment says."""
    site = member_site(settings, "pg-0")
    configuration = member_configuration(settings, site, extensions, admissions)
    del configuration["name"], configuration["restapi"]["connect_address"]
    del configuration["postgresql"]["connect_address"]
    if settings.kubernetes.fenced:
        configuration["fenced"] = sorted(settings.kubernetes.fenced)  # supervisor/patroni_main.py makes tags of it
    return {
        "patroni.yml": _yaml(configuration),
        "post_init.sh": post_init_script(site, after_init(settings, site)),
        "post_init.sql": monitor_sql() + pgbouncer_sql(),
        "member.json": _json(_member(settings, site)),
    }


def gateway_files(settings: Settings, admissions: Collection[Admission] | None = None) -> Files:
    """PgBouncer's two files and who may log in there, HAProxy's, and the supervisor's."""
    site = gateway_site(settings)
    members = [member_site(settings, name) for name in member_names(settings)]
    return {
        "pooled.ini": pgbouncer_ini(settings, site.pooled, PGBOUNCER_VERSION),
        "pooled-reader.ini": pgbouncer_ini(settings, site.pooled_reader, PGBOUNCER_VERSION),
        POOLER_HBA: pooler_hba(admissions),
        POOLER_USERS: users(),
        "haproxy.cfg": haproxy_cfg(site, members),
        "gateway.json": _json(_gateway(settings, site, members)),
    }


def _etcd_hosts(settings: Settings) -> tuple[str, ...]:
    return tuple(etcd_site(name).client for name in etcd_names(settings))


def _pooler(name: str, port: int) -> PoolerSite:
    return PoolerSite(
        name=name,
        address=ANYWHERE,
        port=port,
        config_file=f"{CONFIG}/{name}.ini",
        databases=f"{RUN}/{name}.databases.ini",
        hba=f"{CONFIG}/{POOLER_HBA}",
        users=f"{CONFIG}/{POOLER_USERS}",
        log="",
        pid="",
        server=certificate(TLS, "gateway"),
        login=certificate(TLS, "pgbouncer"),
        sockets=str(RUN),
    )


def _supervisor(name: str, directory: str, stop: float, status: str) -> dict[str, Any]:
    return {
        "name": name,
        "directory": directory,
        "log_file": "-",
        "status_file": status,
        "stop_limit_seconds": stop,
        "watched_folders": [str(CONFIG), str(TLS)],
    }


def _node(settings: Settings, nodes: list[EtcdSite]) -> dict[str, Any]:
    site = nodes[0]
    return _supervisor(POD, str(DATA), NODE_STOP, f"{DATA}/status.json") | {
        "command": ["/usr/bin/etcd", "--config-file", site.config_file],
        "joining": {
            "template": f"{CONFIG}/{POD}.yml",
            "written": site.config_file,
            "data_dir": site.data,
            "peer_url": f"https://{POD}.etcd:{ETCD_PEER}",
            "etcd": _etcd(settings, site.tls),
        },
    }


def _member(settings: Settings, site: MemberSite) -> dict[str, Any]:
    # On the volume: its lock keeps a second pod, forced upon the same volume, from starting a second PostgreSQL there.
    return _supervisor(POD, str(DATA), MEMBER_STOP, f"{DATA}/status.json") | {
        "environment": {
            "PYTHONPATH": LIBRARY,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATRONI_NAME": POD,
            "PATRONI_RESTAPI_CONNECT_ADDRESS": f"{POD}.pg:{REST}",
            "PATRONI_POSTGRESQL_CONNECT_ADDRESS": f"{POD}.pg:{POSTGRES}",
        },
        "scope": settings.name,
        "namespace": NAMESPACE,
        "command": [PATRONI_PYTHON, "-m", "supervisor.patroni_main", site.config_file],
        "data_dir": site.data,
        "etcd": _etcd(settings, site.server),
        "rest": _paths(site.server),
        "rest_port": REST,
        "sockets": site.sockets,
        "binaries": site.binaries,
        "frozen_seconds": FROZEN_SECONDS,
        "health_port": ALIVE,
        "owns_volume": True,
    }


def _gateway(settings: Settings, site: GatewaySite, members: list[MemberSite]) -> dict[str, Any]:
    return _supervisor(POD, str(RUN), GATEWAY_STOP, f"{RUN}/status.json") | {
        "scope": settings.name,
        "namespace": NAMESPACE,
        "etcd": _etcd(settings, site.client),
        "members": {
            member.name: {"host": member.host, "port": member.port, "rest_port": member.rest_port} for member in members
        },
        "rest": _paths(site.client),
        "pgbouncer": [
            _kept_pooler(site.pooled, "leader"),
            # By number: `localhost` is ::1 first in a pod, where HAProxy does not listen.
            _kept_pooler(site.pooled_reader, f"{LOOPBACK}:{site.reader_port}"),
        ],
        "haproxy": {
            "command": ["/usr/sbin/haproxy", "-W", "-f", site.haproxy_config],
            "socket": site.haproxy_socket,
        },
        "resolve_seconds": 1.0,
    }


def _kept_pooler(site: PoolerSite, target: str) -> dict[str, Any]:
    return {
        "name": site.name,
        "command": ["/usr/sbin/pgbouncer", site.config_file],
        "databases_file": site.databases,
        "target": target,
        "databases": {"*": EVERY_DATABASE},
        "finish": True,
    }


def _etcd(settings: Settings, who: Certificate) -> dict[str, Any]:
    return {"endpoints": [f"https://{host}" for host in _etcd_hosts(settings)], **_paths(who)}


def _paths(who: Certificate) -> dict[str, str]:
    return {"ca": who.ca, "cert": who.certificate, "key": who.key}


def _json(plain: Mapping[str, Any]) -> str:
    return json.dumps(plain, indent=2) + "\n"


def _yaml(plain: Mapping[str, Any]) -> str:
    # By way of JSON, because YAML would write anchors for parts that stand in two places.
    return yaml.safe_dump(json.loads(json.dumps(plain)), sort_keys=False)
