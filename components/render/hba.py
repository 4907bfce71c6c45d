"""Who may connect, from where, by what proof: pg_hba.conf, pg_ident.conf, and the same for PgBouncer.

No trust, no md5, no password in clear, nothing without TLS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Literal

SUPERUSER, REPLICATOR, REWIND, POOLER, MONITOR = "postgres", "replicator", "rewind", "pgbouncer", "monitor"
MAP = "server"  # the peer map that lets the servers' own account in
PARTS = ",".join((SUPERUSER, REPLICATOR, REWIND, POOLER))
CONSOLE = "pgbouncer"  # the database by which PgBouncer's own commands are given
EVERYWHERE = ("0.0.0.0/0", "::/0")  # PgBouncer before 1.20 does not know the address `all`

Method = Literal["scram-sha-256", "cert"]


@dataclass(frozen=True, kw_only=True)
class Admission:
    """One login may come into one database, from one network, by one proof.

    `database` None is every database; `network` None is anywhere, else as `ipaddress` writes it.
    """

    role: str
    database: str | None
    method: Method
    network: str | None = None


def hba_lines(admissions: Iterable[Admission] | None = None, *, monitored: bool = False) -> list[str]:
    """pg_hba.conf. The first line that matches decides, the last ones reject.

    None: every login may try its password, from anywhere. Else one line for each admission, sorted, and nobody else
    gets in. `monitored` lets an exporter beside the server read its statistics, by the unix socket only. A change
    takes a reload; open sessions stay.
    """
    parts = ",".join([PARTS, *([MONITOR] if monitored else [])])
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
        *(["hostssl all all all scram-sha-256"] if admissions is None else _server_lines(admissions)),
        "host all all all reject",
    ]


def pooler_hba(admissions: Iterable[Admission] | None = None) -> str:
    """PgBouncer's auth_hba_file: its console is the administrator's, by certificate; passwords as on the server.

    A login by certificate has no line: PgBouncer could not show the server its client's certificate.
    """
    lines = [
        f"hostssl {CONSOLE} {SUPERUSER} {{}} cert",
        f"host {CONSOLE} all {{}} reject",
        f"host all {PARTS} {{}} reject",
    ]
    if admissions is None:
        lines.append("hostssl all all {} scram-sha-256")
    found = [line.format(network) for line in lines for network in EVERYWHERE]
    for one in sorted(set(admissions or ()), key=_order):
        if one.method == "scram-sha-256":
            where = (one.network,) if one.network else EVERYWHERE
            found += [f"hostssl {_name(one.database)} {_name(one.role)} {network} {one.method}" for network in where]
    found += [f"host all all {network} reject" for network in EVERYWHERE]  # else newer ones have other words for it
    return "\n".join([*found, ""])


def _server_lines(admissions: Iterable[Admission]) -> Iterator[str]:
    for one in sorted(set(admissions), key=_order):
        yield f"hostssl {_name(one.database)} {_name(one.role)} {one.network or 'all'} {one.method}"


def _order(one: Admission) -> tuple[object, ...]:
    """By database and role; a narrower network comes before the wider one that holds it."""
    where = ip_network(one.network) if one.network else None
    place = (where.version, -where.prefixlen, where.network_address.packed) if where else (9, 0, b"")
    return (one.database or "", one.role, *place, one.method)


def _name(name: str | None) -> str:
    """Always in quotes, so that neither `all` nor +, @ or a comma means more than itself."""
    return "all" if name is None else '"' + name.replace('"', '""') + '"'


def ident_lines(server_user: str, *, monitored: bool = False) -> list[str]:
    """The account that runs the servers is, on the unix socket, the superuser and the replication user."""
    known = (SUPERUSER, REPLICATOR, *([MONITOR] if monitored else []))
    return [f"{MAP} {_name(server_user)} {role}" for role in known]
