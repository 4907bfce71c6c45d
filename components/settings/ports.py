"""The embedded platform's ports, all counted from one base so that two runs of one stack agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.settings.embedded import EmbeddedSettings

LOWEST_PORT, HIGHEST_PORT = 1024, 65535  # of those that need no root
CLIENT_PORTS = ("writer", "reader", "pooled", "pooled_reader")
ETCD_CLIENT, ETCD_PEER, MEMBER, REST = 10, 20, 30, 40
ETCD_NODES, MEMBERS = 3, 5


def client_ports(embedded: EmbeddedSettings) -> dict[str, int]:
    """Port by name of what clients connect to: base_port + 0 to + 3, unless overridden."""
    return {
        name: getattr(embedded.ports, name) or embedded.base_port + offset for offset, name in enumerate(CLIENT_PORTS)
    }


def etcd_ports(embedded: EmbeddedSettings, number: int) -> tuple[int, int]:
    """Client and peer port of etcd node `number` (from 1)."""
    return embedded.base_port + ETCD_CLIENT + number, embedded.base_port + ETCD_PEER + number


def member_ports(embedded: EmbeddedSettings, number: int) -> tuple[int, int]:
    """PostgreSQL's port and Patroni's of member `number` (from 1)."""
    return embedded.base_port + MEMBER + number, embedded.base_port + REST + number


def reserved_ports(embedded: EmbeddedSettings) -> dict[int, str]:
    """What the counted ports are for, all five possible members included: replicas may be added later."""
    taken: dict[int, str] = {}
    for number in range(1, ETCD_NODES + 1):
        client, peer = etcd_ports(embedded, number)
        taken |= {client: f"etcd-{number}'s clients", peer: f"etcd-{number}'s peers"}
    for number in range(1, MEMBERS + 1):
        postgres, rest = member_ports(embedded, number)
        taken |= {postgres: f"PostgreSQL of pg-{number}", rest: f"Patroni of pg-{number}"}
    return taken


def port_problems(embedded: EmbeddedSettings) -> Iterator[tuple[str, str]]:
    """(path, sentence) for each client port that another part already has or that is out of range."""
    taken = reserved_ports(embedded)
    for name, port in client_ports(embedded).items():
        given = getattr(embedded.ports, name) is not None
        path = f"embedded.ports.{name}" if given else "embedded.base_port"
        if port in taken:
            yield path, f"port {port} for {name} is already taken by {taken[port]}; choose another one"
        elif port > HIGHEST_PORT:
            yield path, f"port {port} for {name} is above {HIGHEST_PORT}; choose a smaller one"
        taken.setdefault(port, f"the client port {name}")
