"""Patroni's two configurations: the dynamic one, which the cluster shares by its store, and a member's patroni.yml."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from typing import Any

from components.render.hba import REPLICATOR, REWIND, SUPERUSER, Admission, hba_lines, ident_lines
from components.render.parameters import server_parameters
from components.render.pgbackrest import archive_command, archiving, restoring
from components.render.sites import Certificate, MemberSite
from components.settings.model import Settings

NAMESPACE = "/service/"
LOG_FILE_SIZE, LOG_FILES = 10 * 1024 * 1024, 4

# `quorum`, because with `on` a frozen replica stalls every write for the whole ttl; strict, because a primary left
# alone would else acknowledge what only it has.
SYNCHRONOUS: dict[str, dict[str, Any]] = {
    "zero-loss": {"synchronous_mode": "quorum", "synchronous_mode_strict": True},
    "balanced": {"synchronous_mode": "quorum", "synchronous_mode_strict": False},
    "asynchronous": {"synchronous_mode": False, "synchronous_mode_strict": False},
}


def leader_key(settings: Settings) -> str:
    """The etcd key that holds the leader's name."""
    return f"{NAMESPACE}{settings.name}/leader"


def dynamic_configuration(
    settings: Settings,
    extensions: frozenset[str] = frozenset(),
    admissions: Collection[Admission] | None = None,
) -> dict[str, Any]:
    """What `PATCH /config` gets; every value stands here, so that one set by hand shows as drift.

    pg_hba.conf is part of it, because it is the same on every member and must not differ while a change is under way.
    """
    patroni = settings.patroni
    return {
        "ttl": patroni.ttl,
        "loop_wait": patroni.loop_wait,
        "retry_timeout": patroni.retry_timeout,
        "maximum_lag_on_failover": patroni.maximum_lag_on_failover,
        "primary_start_timeout": patroni.primary_start_timeout,
        "primary_stop_timeout": patroni.primary_stop_timeout,
        **SYNCHRONOUS[settings.durability],
        "synchronous_node_count": 1,
        "check_timeline": True,
        "failsafe_mode": True,
        **_standby(settings),
        "postgresql": {
            "parameters": server_parameters(settings, extensions),
            "pg_hba": hba_lines(admissions, monitored=settings.platform == "kubernetes"),
            "use_pg_rewind": True,
            "use_slots": True,
            # A replica that cannot be rewound is made anew instead of staying away for ever.
            "remove_data_directory_on_rewind_failure": True,
            "remove_data_directory_on_diverged_timelines": True,
        },
    }


def _standby(settings: Settings) -> dict[str, Any]:
    """The primary that a standby cluster follows, by certificate as any replica does."""
    primary = settings.kubernetes.standby_of if settings.platform == "kubernetes" else None
    if primary is None:
        return {}
    return {
        "standby_cluster": {
            "host": primary.host,
            "port": primary.port,
            "create_replica_methods": ["basebackup"],
        }
    }


def member_configuration(
    settings: Settings,
    site: MemberSite,
    extensions: frozenset[str] = frozenset(),
    admissions: Collection[Admission] | None = None,
) -> dict[str, Any]:
    """The whole patroni.yml of one member.

    Its `bootstrap` part is read only by the member that makes a new cluster; `local_part` is the rest, a change of
    which a reload (SIGHUP) or, where PostgreSQL needs it, a restart of that member brings into force.
    """
    return {
        "scope": settings.name,
        # Patroni gives a namespace that stands here to its store, whatever that calls so: of keys, or Kubernetes' own.
        **({} if settings.lease_in_kubernetes else {"namespace": NAMESPACE}),
        "name": site.name,
        "log": _log(site),
        "restapi": {
            "listen": site.rest,
            "connect_address": site.rest,
            "certfile": site.server.certificate,
            "keyfile": site.server.key,
            "cafile": site.server.ca,
            # Anybody may look (health checks have no certificate); what changes something needs one of our CA.
            "verify_client": "optional",
        },
        "ctl": {"cacert": site.server.ca, "certfile": site.server.certificate, "keyfile": site.server.key},
        **_store(settings, site),
        "bootstrap": _bootstrap(settings, site, dynamic_configuration(settings, extensions, admissions)),
        "postgresql": _postgresql(settings, site),
        "watchdog": {"mode": "off"},  # the supervisor is the member's parent and ends it
        "tags": {"nofailover": False, "noloadbalance": False, "clonefrom": False, "nosync": False},
    }


def _store(settings: Settings, site: MemberSite) -> dict[str, Any]:
    """Where the leader's lease is kept."""
    if settings.lease_in_kubernetes:
        return {
            "kubernetes": {
                # The pods of the members, whose annotations are their records, and what Patroni's ConfigMaps get.
                "labels": {"app.kubernetes.io/name": "postgresql", "app.kubernetes.io/part-of": "postgres-platform"},
                "scope_label": "app.kubernetes.io/instance",
                "role_label": "postgres-platform/role",  # nothing chooses by it: routing needs no label
                "use_endpoints": False,
                "bypass_api_service": False,  # it would need a right in the namespace `default`
            }
        }
    return {
        "etcd3": {
            "hosts": list(site.etcd_hosts),
            "protocol": "https",
            "cacert": site.server.ca,
            "cert": site.server.certificate,
            "key": site.server.key,
        }
    }


def local_part(configuration: dict[str, Any]) -> dict[str, Any]:
    """A patroni.yml without what only a new cluster reads, for comparing two of them."""
    return {key: value for key, value in configuration.items() if key != "bootstrap"}


def _log(site: MemberSite) -> dict[str, Any]:
    base: dict[str, Any] = {"level": "INFO", "deduplicate_heartbeat_logs": True}
    if site.logs is None:
        return base
    return base | {"dir": site.logs, "file_size": LOG_FILE_SIZE, "file_num": LOG_FILES, "mode": 0o600}


def _bootstrap(settings: Settings, site: MemberSite, shared: dict[str, Any]) -> dict[str, Any]:
    return {
        "dcs": shared,
        **restoring(settings, site),
        "initdb": [
            "data-checksums",
            {"encoding": "UTF8"},
            {"locale": "C.UTF-8"},
            {"auth-local": "peer"},
            {"auth-host": "scram-sha-256"},
            *_wal(site),
        ],
        "post_init": shlex.join(["/bin/sh", site.post_init]),
    }


def _postgresql(settings: Settings, site: MemberSite) -> dict[str, Any]:
    archive = {"archive_command": archive_command(settings, site)} if settings.backup else {}
    return {
        "listen": f"{site.address}:{site.port}",
        "connect_address": f"{site.host}:{site.port}",
        "data_dir": site.data,
        "bin_dir": site.binaries,
        "pgpass": site.pgpass,
        "use_unix_socket": True,
        "use_unix_socket_repl": True,
        "authentication": {
            "superuser": {"username": SUPERUSER},
            "replication": _login(REPLICATOR, site.replicator),
            "rewind": _login(REWIND, site.rewind),
        },
        "parameters": _member_parameters(site) | archive,
        "pg_ident": ident_lines(site.server_user, monitored=site.monitored),
        "create_replica_methods": ["basebackup"],
        "basebackup": [{"checkpoint": "fast"}, *_wal(site)],
        **archiving(settings, site),
    }


def _wal(site: MemberSite) -> list[dict[str, str]]:
    """initdb's option and pg_basebackup's: pg_wal is then a link to there."""
    return [{"waldir": site.wal}] if site.wal else []


def _login(user: str, tls: Certificate) -> dict[str, str]:
    """A log-in by certificate; there is no password for it."""
    return {
        "username": user,
        "sslmode": "verify-full",
        "sslrootcert": tls.ca,
        "sslcert": tls.certificate,
        "sslkey": tls.key,
    }


def _member_parameters(site: MemberSite) -> dict[str, str]:
    """What differs from member to member; a stack cannot set any of it."""
    own = {
        "unix_socket_directories": site.sockets,
        "unix_socket_permissions": "0700",
        "ssl": "on",
        "ssl_cert_file": site.server.certificate,
        "ssl_key_file": site.server.key,
        "ssl_ca_file": site.server.ca,
    }
    if site.logs is None:
        return own
    return own | {
        "logging_collector": "on",
        "log_directory": site.logs,
        "log_filename": "postgresql-%a.log",  # a week of files, each emptied when its day comes again
        "log_file_mode": "0600",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
    }
