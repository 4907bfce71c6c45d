"""What goes into each resource of the embedded platform, computed from the settings. It opens nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import yaml

from components.contract import Capabilities, Credentials, Endpoint, Server
from components.embedded.backup_arguments import backups_spec, member_files
from components.embedded.document import CLIENT_HOST, cluster_document
from components.embedded.programs import Programs
from components.render.etcd import etcd_configuration
from components.render.haproxy import haproxy_cfg
from components.render.hba import Admission, pooler_hba
from components.render.impact import deployment
from components.render.patroni import NAMESPACE, dynamic_configuration, local_part, member_configuration
from components.render.pgbackrest import after_init
from components.render.pgbouncer import EVERY_DATABASE, pgbouncer_ini, users
from components.render.pgbouncer_sql import pgbouncer_sql, post_init_script
from components.render.sites import (
    POOLER_HBA,
    POOLER_USERS,
    Certificate,
    EtcdSite,
    GatewaySite,
    MemberSite,
    PoolerSite,
    Sites,
)
from components.settings.model import Settings

STOP_LIMITS = {"member": 60.0, "node": 20.0, "gateway": 20.0}

Spec = dict[str, Any]


def server(settings: Settings, sites: Sites) -> Server:
    """What the access layer learns. Ports follow from the settings, so nothing has to run for it."""
    gateway = sites.gateway

    def at(port: int) -> Endpoint:
        return Endpoint(host=CLIENT_HOST, port=port)

    return Server(
        writer=at(gateway.writer_port),
        reader=at(gateway.reader_port),
        pooled=at(gateway.pooled.port),
        pooled_reader=at(gateway.pooled_reader.port),
        admin=Credentials(user="postgres", certificate=sites.admin.certificate, key=sites.admin.key),
        ca=sites.ca,
        major=settings.known_major,
        capabilities=Capabilities(),
    )


def foundation_spec(settings: Settings, sites: Sites, wanted: str, source: str, runtime_digest: str) -> Spec:
    """The folder itself. `source` is the package that supervisors run, copied to `runtime/<digest>`."""
    return {
        "directory": sites.directory,
        "wanted": wanted,
        "source": source,
        "runtime": f"{sites.runtime}/{runtime_digest}",
        "platform": {"scope": settings.name, "major": settings.known_major},
    }


def authority_spec(settings: Settings, sites: Sites) -> Spec:
    return {
        "directory": f"{sites.directory}/pki",
        "root": sites.directory,
        "name": f"postgres-platform {settings.name}",
    }


def etcd_spec(settings: Settings, sites: Sites, site: EtcdSite, programs: Programs, runtime: str) -> Spec:
    """One etcd node; `others` are the nodes that know whether it is a member, wherever they listen."""
    configuration = etcd_configuration(settings, site, sites.etcd)
    joining = etcd_configuration(settings, site, sites.etcd, joins=True)
    return {
        **_part(site.name, "node", site.directory, sites.directory, programs, runtime),
        "tls": {"server": site.name},
        "etcd": _etcd(sites, site.tls),
        "client": site.client,
        "peer": site.peer,
        "data": site.data,
        "files": {"etcd.yml": _yaml(configuration)},
        "joining": _yaml(joining),
        "supervisor": _supervisor(site.name, "node", site.directory)
        | {"command": [programs.etcd, "--config-file", site.config_file]},
    }


def member_spec(
    settings: Settings,
    sites: Sites,
    site: MemberSite,
    programs: Programs,
    runtime: str,
    extensions: frozenset[str] = frozenset(),
    admissions: Collection[Admission] | None = None,
) -> Spec:
    """One member. What only a new cluster reads (`bootstrap`) changes nothing in one that lives."""
    configuration = member_configuration(settings, site, extensions, admissions)
    return {
        **_part(site.name, "member", site.directory, sites.directory, programs, runtime),
        "tls": {"server": site.name, "replicator": "replicator", "rewind": "rewind"},
        "etcd": _etcd(sites, site.server),
        "scope": settings.name,
        "namespace": NAMESPACE,
        "durability": settings.durability,
        "host": site.address,
        "port": site.port,
        "rest_port": site.rest_port,
        "data": site.data,
        "configuration": local_part(configuration),
        "bootstrap": configuration["bootstrap"],
        "files": {"post_init.sh": post_init_script(site, after_init(settings, site)), "post_init.sql": pgbouncer_sql()}
        | member_files(settings, site),
        "members": _members(sites),
        "admin": _paths(sites.admin) | {"ca": sites.ca},
        "supervisor": _supervisor(site.name, "member", site.directory)
        | {
            "environment": {"PYTHONPATH": runtime, "PYTHONDONTWRITEBYTECODE": "1"},
            "scope": settings.name,
            "namespace": NAMESPACE,
            "command": [f"{programs.patroni}/bin/python3", "-m", "supervisor.patroni_main", site.config_file],
            "data_dir": site.data,
            "etcd": _etcd(sites, site.server),
        },
    }


def configuration_spec(
    settings: Settings,
    sites: Sites,
    extensions: frozenset[str] = frozenset(),
    admissions: Collection[Admission] | None = None,
) -> Spec:
    """The cluster's dynamic configuration. `deployment` is what the preview compares to say what a change costs."""
    kept = ("major", "parameters", "patroni", "durability")
    known = deployment(settings, extensions)
    return {
        "directory": sites.directory,
        "scope": settings.name,
        "configuration": dynamic_configuration(settings, extensions, admissions),
        "admitted": None if admissions is None else sorted({one.role for one in admissions}),
        "deployment": {key: known[key] for key in kept},
        "durability": settings.durability,
        "members": _members(sites),
        "admin": _paths(sites.admin) | {"ca": sites.ca},
        "etcd": _etcd(sites, sites.admin) | {"ca": sites.ca},
    }


def stanza_spec(settings: Settings, sites: Sites) -> Spec:
    """The cluster's place in the repository of its backups."""
    return backups_spec(settings, sites, _members(sites), _paths(sites.admin) | {"ca": sites.ca})


def gateway_spec(
    settings: Settings,
    sites: Sites,
    programs: Programs,
    runtime: str,
    admissions: Collection[Admission] | None = None,
) -> Spec:
    """PgBouncer twice, HAProxy and the follower."""
    site = sites.gateway
    kept = ("major", "replicas", "pooler", "ports")
    known = deployment(settings)
    return {
        **_part("gateway", "gateway", site.directory, sites.directory, programs, runtime),
        "tls": {"server": "gateway", "client": "gateway", "pgbouncer": "pgbouncer"},
        "ports": {
            "writer": site.writer_port,
            "reader": site.reader_port,
            "pooled": site.pooled.port,
            "pooled_reader": site.pooled_reader.port,
        },
        "deployment": {key: known[key] for key in kept},
        "files": {
            **_pooler_files(settings, site, programs, admissions),
            "haproxy.cfg": haproxy_cfg(site, sites.members),
        },
        "document": cluster_document(settings, sites),
        "admin": _paths(sites.admin) | {"ca": sites.ca},
        "supervisor": _gateway_supervisor(settings, sites, programs),
    }


def _gateway_supervisor(settings: Settings, sites: Sites, programs: Programs) -> Spec:
    site = sites.gateway
    reader = f"{CLIENT_HOST}:{site.reader_port}"
    return _supervisor("gateway", "gateway", site.directory) | {
        "scope": settings.name,
        "namespace": NAMESPACE,
        "etcd": _etcd(sites, site.client),
        "members": {
            member.name: {"host": member.host, "port": member.port, "rest_port": member.rest_port}
            for member in sites.members
        },
        "rest": {"ca": site.client.ca, "cert": site.client.certificate, "key": site.client.key},
        "pgbouncer": [_pooler(site.pooled, "leader", programs), _pooler(site.pooled_reader, reader, programs)],
        "haproxy": {
            "command": [programs.haproxy, "-W", "-f", site.haproxy_config],
            "socket": site.haproxy_socket,
        },
    }


def _pooler_files(
    settings: Settings, site: GatewaySite, programs: Programs, admissions: Collection[Admission] | None
) -> dict[str, str]:
    poolers = (site.pooled, site.pooled_reader)
    return {
        **{f"{one.name}.ini": pgbouncer_ini(settings, one, programs.pgbouncer_version) for one in poolers},
        POOLER_HBA: pooler_hba(admissions),
        POOLER_USERS: users(),
    }


def ports(sites: Sites) -> dict[int, str]:
    """Every port that the platform listens at, and for what."""
    gateway = sites.gateway
    found = {
        gateway.writer_port: "writer",
        gateway.reader_port: "reader",
        gateway.pooled.port: "pooled",
        gateway.pooled_reader.port: "pooled_reader",
    }
    for node in sites.etcd:
        found |= {node.client_port: f"{node.name}, clients", node.peer_port: f"{node.name}, peers"}
    for member in sites.members:
        found |= {member.port: f"{member.name}, PostgreSQL", member.rest_port: f"{member.name}, Patroni"}
    return found


def _part(name: str, role: str, directory: str, root: str, programs: Programs, runtime: str) -> Spec:
    return {
        "name": name,
        "role": role,
        "directory": directory,
        "root": root,
        "python": programs.python,
        "runtime": runtime,
    }


def _supervisor(name: str, role: str, directory: str) -> Spec:
    return {
        "name": name,
        "directory": directory,
        "log_file": f"{directory}/log/supervisor.log",
        "status_file": f"{directory}/status.json",
        "stop_limit_seconds": STOP_LIMITS[role],
    }


def _pooler(site: PoolerSite, target: str, programs: Programs) -> Spec:
    return {
        "name": site.name,
        "command": [programs.pgbouncer, "-q", site.config_file],
        "databases_file": site.databases,
        "databases": {"*": EVERY_DATABASE},
        "target": target,
    }


def _members(sites: Sites) -> dict[str, dict[str, Any]]:
    return {
        member.name: {"host": member.address, "port": member.port, "rest_port": member.rest_port}
        for member in sites.members
    }


def _etcd(sites: Sites, who: Certificate) -> Spec:
    endpoints = [f"https://{node.client}" for node in sites.etcd]
    return {"endpoints": endpoints, "ca": who.ca, "cert": who.certificate, "key": who.key}


def _paths(who: Certificate) -> dict[str, str]:
    return {"certificate": who.certificate, "key": who.key}


def _yaml(value: Mapping[str, Any]) -> str:
    # A plain copy, because YAML would write anchors for parts that stand in two places.
    return yaml.safe_dump(json.loads(json.dumps(value)), sort_keys=False)
