"""Kubernetes: the files of the ConfigMaps `patroni` and `gateway`, and of `etcd` where there is one.

Names are short (`pg-0.pg`), so they hold in any namespace and under any cluster domain.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from components.render.haproxy import haproxy_cfg
from components.render.hba import Admission, pooler_hba
from components.render.patroni import NAMESPACE, member_configuration
from components.render.pgbackrest import after_init
from components.render.pgbouncer import EVERY_DATABASE, pgbouncer_ini, users
from components.render.pgbouncer_sql import monitor_sql, pgbouncer_sql, post_init_script
from components.render.pod_election import etcd_files, etcd_hosts, gateway_store, member_environment, member_store
from components.render.pod_layout import (
    ACCOUNT,
    ALIVE,
    CONFIG,
    DATA,
    FROZEN_SECONDS,
    GATEWAY_STOP,
    HEALTH,
    LIBRARY,
    MEMBER_STOP,
    PATRONI_PYTHON,
    PGBOUNCER_VERSION,
    POD,
    POOLED,
    POOLED_READER,
    POSTGRES,
    READER,
    REST,
    RUN,
    TLS,
    WAL,
    WRITER,
    Files,
    as_json,
    as_yaml,
    paths,
    supervisor,
)
from components.render.sites import (
    ANYWHERE,
    LOOPBACK,
    POOLER_HBA,
    POOLER_USERS,
    GatewaySite,
    MemberSite,
    PoolerSite,
    certificate,
)
from components.settings.model import Settings


def member_names(settings: Settings) -> tuple[str, ...]:
    """pg-0, pg-1, ..."""
    return tuple(f"pg-{number}" for number in range(settings.members))


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
        etcd_hosts=etcd_hosts(settings),
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
        etcd_hosts=etcd_hosts(settings),
        health_port=HEALTH,
    )


def configuration_files(
    settings: Settings,
    extensions: frozenset[str] = frozenset(),
    admissions: Collection[Admission] | None = None,
) -> dict[str, Files]:
    """The data of each ConfigMap, by its name. It holds no secret."""
    etcd = {} if settings.lease_in_kubernetes else {"etcd": etcd_files(settings)}
    return etcd | {
        "patroni": member_files(settings, extensions, admissions),
        "gateway": gateway_files(settings, admissions),
    }


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
        "patroni.yml": as_yaml(configuration),
        "post_init.sh": post_init_script(site, after_init(settings, site)),
        "post_init.sql": monitor_sql() + pgbouncer_sql(),
        "member.json": as_json(_member(settings, site)),
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
        "gateway.json": as_json(_gateway(settings, site, members)),
    }


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


def _member(settings: Settings, site: MemberSite) -> dict[str, Any]:
    # On the volume: its lock keeps a second pod, forced upon the same volume, from starting a second PostgreSQL there.
    return supervisor(POD, str(DATA), MEMBER_STOP, f"{DATA}/status.json") | {
        "environment": {
            "PYTHONPATH": LIBRARY,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATRONI_NAME": POD,
            "PATRONI_RESTAPI_CONNECT_ADDRESS": f"{POD}.pg:{REST}",
            "PATRONI_POSTGRESQL_CONNECT_ADDRESS": f"{POD}.pg:{POSTGRES}",
            **member_environment(settings),
        },
        "scope": settings.name,
        "namespace": NAMESPACE,
        "command": [PATRONI_PYTHON, "-m", "supervisor.patroni_main", site.config_file],
        "data_dir": site.data,
        **member_store(settings, site.server),
        "rest": paths(site.server),
        "rest_port": REST,
        "sockets": site.sockets,
        "binaries": site.binaries,
        "frozen_seconds": FROZEN_SECONDS,
        "health_port": ALIVE,
        "owns_volume": True,
    }


def _gateway(settings: Settings, site: GatewaySite, members: list[MemberSite]) -> dict[str, Any]:
    return supervisor(POD, str(RUN), GATEWAY_STOP, f"{RUN}/status.json") | {
        "scope": settings.name,
        "namespace": NAMESPACE,
        **gateway_store(settings, site.client),
        "members": {
            member.name: {"host": member.host, "port": member.port, "rest_port": member.rest_port} for member in members
        },
        "rest": paths(site.client),
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
