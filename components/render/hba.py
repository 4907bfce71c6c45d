"""Who may connect, from where, by what proof: pg_hba.conf and pg_ident.conf. No trust, no md5, nothing without TLS."""

from __future__ import annotations

SUPERUSER, REPLICATOR, REWIND, POOLER, MONITOR = "postgres", "replicator", "rewind", "pgbouncer", "monitor"
MAP = "server"  # the peer map that lets the servers' own account in


def hba_lines(*, monitored: bool = False) -> list[str]:
    """Lines in the order in which the server tries them; the first that matches decides, the last ones reject.

    `monitored` lets an exporter beside the server read its statistics, by the unix socket only.
    """
    parts = ",".join([SUPERUSER, REPLICATOR, REWIND, POOLER, *([MONITOR] if monitored else [])])
    return [
        *([f"local all {MONITOR} peer map={MAP}"] if monitored else []),
        f"local all {SUPERUSER} peer map={MAP}",
        f"local replication {REPLICATOR} peer map={MAP}",
        "local all all reject",
        "local replication all reject",
        f"hostssl replication {REPLICATOR} all cert",
        "host replication all all reject",
        f"hostssl all {SUPERUSER},{REWIND},{POOLER} all cert",
        f"host all {parts} all reject",  # the platform's own parts never log in by password
        "hostssl all all all scram-sha-256",
        "host all all all reject",
    ]


def ident_lines(server_user: str, *, monitored: bool = False) -> list[str]:
    """The account that runs the servers is, on the unix socket, the superuser and the replication user."""
    quoted = '"' + server_user.replace('"', '""') + '"'
    return [f"{MAP} {quoted} {role}" for role in (SUPERUSER, REPLICATOR, *([MONITOR] if monitored else []))]
