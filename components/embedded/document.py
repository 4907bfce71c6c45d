"""cluster.json: what `make status`, the chaos suite and a person read to find everything."""

from __future__ import annotations

from typing import Any

from components.embedded.backup_arguments import repository_document
from components.render.patroni import NAMESPACE
from components.render.sites import MemberSite, Sites
from components.settings.model import Settings

CLIENT_HOST = "localhost"  # the name that clients verify


def cluster_document(settings: Settings, sites: Sites) -> dict[str, Any]:
    """cluster.json: where everything is, for `make status` and the chaos suite. It holds no secret."""
    gateway, admin = sites.gateway, sites.admin
    return {
        "scope": settings.name,
        "namespace": NAMESPACE,
        "major": settings.known_major,
        "durability": settings.durability,
        "members": {member.name: _documented_member(member) for member in sites.members},
        "etcd": {
            "endpoints": [f"https://{node.client}" for node in sites.etcd],
            "nodes": {
                node.name: {"client_port": node.client_port, **_documented_part(node.directory)} for node in sites.etcd
            },
        },
        "gateway": {
            "host": CLIENT_HOST,
            "writer": gateway.writer_port,
            "reader": gateway.reader_port,
            "pooled": gateway.pooled.port,
            "pooled_reader": gateway.pooled_reader.port,
            **_documented_part(gateway.directory),
        },
        "ca": sites.ca,
        "admin": {"user": "postgres", "certificate": admin.certificate, "key": admin.key},
        "admin_certificate": admin.certificate,
        "admin_key": admin.key,
        **({"backup": repository_document(settings, sites)} if settings.backup else {}),
    }


def _documented_part(directory: str) -> dict[str, Any]:
    return {"directory": directory, "status_file": f"{directory}/status.json"}


def _documented_member(site: MemberSite) -> dict[str, Any]:
    return {
        "host": site.address,
        "port": site.port,
        "rest_port": site.rest_port,
        "data_dir": site.data,
        **_documented_part(site.directory),
    }
