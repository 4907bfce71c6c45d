"""PgBouncer's configuration: one file for each of the two poolers, and the small one that says where to connect."""

from __future__ import annotations

from collections.abc import Mapping

from components.render.hba import POOLER, SUPERUSER
from components.render.sites import ANYWHERE, PoolerSite
from components.settings.model import Settings

Version = tuple[int, int]
DEBIAN_12: Version = (1, 18)
PREPARED_STATEMENTS_SINCE: Version = (1, 21)
AUTH_QUERY = "SELECT u, p FROM pgbouncer.get_auth($1)"

# `{host}` and `{port}` are put in by whoever knows where the primary is.
# The lookup's login stands here and not in [pgbouncer]: there PgBouncer would use it for its console too, and 1.18 ends
# itself as soon as anybody unknown knocks at that.
EVERY_DATABASE = f"auth_user={POOLER}"
DATABASES = f"[databases]\n* = host={{host}} port={{port}} {EVERY_DATABASE}\n"


def databases(host: str, port: int) -> str:
    """The included file: every database is at that server. After a change PgBouncer is told to RELOAD."""
    return DATABASES.format(host=host, port=port)


def users() -> str:
    """auth_file: the administrator of the console, who has no password; everybody else is looked up on the server."""
    return f'"{SUPERUSER}" ""\n'


def _pools(settings: Settings) -> dict[str, object]:
    pooler = settings.pooler
    return {
        "pool_mode": pooler.pool_mode,
        "default_pool_size": pooler.default_pool_size,
        "min_pool_size": pooler.min_pool_size,
        "reserve_pool_size": pooler.reserve_pool_size,
        "reserve_pool_timeout": pooler.reserve_pool_timeout,
        "max_client_conn": pooler.max_client_conn,
        "query_wait_timeout": pooler.query_wait_timeout,
        "server_idle_timeout": pooler.server_idle_timeout,
        "server_lifetime": pooler.server_lifetime,
    }


def _access(site: PoolerSite) -> dict[str, object]:
    """TLS on both sides, SCRAM passed through: the verifier that the server keeps is the one PgBouncer reads."""
    return {
        "auth_type": "hba",
        "auth_hba_file": site.hba,
        "auth_file": site.users,
        "auth_query": AUTH_QUERY,
        "admin_users": SUPERUSER,
        "client_tls_sslmode": "require",
        "client_tls_cert_file": site.server.certificate,
        "client_tls_key_file": site.server.key,
        "client_tls_ca_file": site.server.ca,  # of who shows a certificate; who has none logs in by password
        "client_tls_protocols": "secure",
        "server_tls_sslmode": "verify-full",
        "server_tls_ca_file": site.login.ca,
        "server_tls_cert_file": site.login.certificate,
        "server_tls_key_file": site.login.key,
        "server_tls_protocols": "secure",
    }


# What a stack does not choose. A client waits out a failover in the queue, so a lost server is found fast: a new
# log-in is tried five times a second, and a server that vanished without a word is given up after about 10 s.
FIXED: dict[str, object] = {
    "server_connect_timeout": 5,
    "server_login_retry": 0.2,
    "server_check_delay": 10,
    "server_fast_close": 1,
    "tcp_keepalive": 1,
    "tcp_keepidle": 5,
    "tcp_keepintvl": 2,
    "tcp_keepcnt": 3,
    "tcp_user_timeout": 10000,
    # JDBC sends it at each start and it changes nothing that pooling could mix up. Nothing else is ignored.
    "ignore_startup_parameters": "extra_float_digits",
    "listen_backlog": 1024,
    "log_connections": 0,
    "log_disconnections": 0,
    "stats_period": 60,
}


# In a pod members have names, whose addresses change with each start: an old answer must not outlive a failover.
NAMES: dict[str, object] = {"dns_max_ttl": 1, "dns_nxdomain_ttl": 1}


def pgbouncer_ini(
    settings: Settings, site: PoolerSite, version: Version = DEBIAN_12, own: Mapping[str, object] | None = None
) -> str:
    """The whole pgbouncer.ini of one pooler; `version` is the program's, which must know each option.

    `own` is what a platform has otherwise; None there leaves an option out.

    A change of `site.port` or of a file's place needs a restart of this pooler, everything else a RELOAD.
    """
    options: dict[str, object] = {
        "listen_addr": site.address,
        "listen_port": site.port,
        "unix_socket_dir": site.sockets,
        "logfile": site.log,
        "pidfile": site.pid,
        **_pools(settings),
        **_access(site),
        **FIXED,
    }
    if site.address == ANYWHERE:
        options |= NAMES
    if version >= PREPARED_STATEMENTS_SINCE:
        options["max_prepared_statements"] = settings.pooler.max_prepared_statements
    options |= own or {}
    lines = [f"{name} = {value}".rstrip() for name, value in options.items() if value is not None]
    return "\n".join([f"%include {site.databases}", "", "[pgbouncer]", *lines, ""])
