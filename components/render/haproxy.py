"""HAProxy's configuration: the direct ports. TLS passes through; its own checks are the net below the follower."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.render.sites import ANYWHERE, GatewaySite, MemberSite

WRITER, READER = "writer", "reader"  # names of the backends, which the follower uses on the stats socket
READ_LAG = "64MB"  # replicas further behind get no reads
MAX_CONNECTIONS = 2000
NOBODY = "192.0.2.1"  # of the block that is kept for examples


@dataclass(frozen=True)
class Pace:
    """How fast HAProxy tries a server, and how fast its own checks give one up."""

    connect: str
    checks: str


# The follower does what must be fast. Pods share machines with others': on a busy one, checks as fast as on loopback
# would take the only writer out every few seconds, and cut its sessions.
PACE = {
    False: Pace("200ms", "inter 1s fastinter 500ms downinter 1s rise 1 fall 2"),
    True: Pace("500ms", "inter 2s fastinter 1s downinter 1s rise 1 fall 3"),
}


def quoted(text: str) -> str:
    """A word of HAProxy's language, whatever it holds."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def _global(site: GatewaySite, *, in_pods: bool) -> list[str]:
    return [
        "global",
        f"    maxconn {MAX_CONNECTIONS}",
        f"    stats socket {quoted(site.haproxy_socket)} mode 600 level admin",
        "    log stderr format raw local0 notice",
        "",
        "defaults",
        "    mode tcp",
        "    log global",
        "    option dontlognull",
        # A session that comes while the primary changes waits for the next one: a short attempt, again and again, each
        # at another server, for 6 s. With 2 s an attempt the outage of the direct port was 3.1 s instead of 0.45 s.
        "    option redispatch 1",
        "    retries 30",
        f"    timeout connect {PACE[in_pods].connect}",
        "    timeout check 2s",
        # Sessions may idle for a day; the keepalives find a client or a server that is gone.
        "    timeout client 24h",
        "    timeout server 24h",
        "    timeout queue 5s",
        "    option clitcpka",
        "    option srvtcpka",
        "    clitcpka-idle 10s",
        "    clitcpka-intvl 5s",
        "    clitcpka-cnt 4",
        "    srvtcpka-idle 5s",
        "    srvtcpka-intvl 2s",
        "    srvtcpka-cnt 3",
    ]


def _backend(name: str, path: str, site: GatewaySite, members: Sequence[MemberSite]) -> list[str]:
    return [
        "",
        f"backend {name}",
        f"    balance {'first' if name == WRITER else 'leastconn'}",
        "    option httpchk",
        f"    http-check send meth OPTIONS uri {path} ver HTTP/1.1 hdr Host localhost",
        "    http-check expect status 200",
        f"    default-server {PACE[_in_pods(members)].checks} on-marked-down shutdown-sessions"
        f"{_unresolved(members)} check check-ssl check-sni localhost verify required verifyhost localhost"
        f" ca-file {quoted(site.client.ca)}",
        *(f"    server {member.name} {member.target}:{member.port} port {member.rest_port}" for member in members),
    ]


def _health(site: GatewaySite) -> list[str]:
    """For the probe of a pod: a bare connection to a port above would be one to PostgreSQL, which logs its end."""
    bind = f"    bind {site.address}:{site.health_port}"
    return ["", "frontend health", "    mode http", bind, "    monitor-uri /ready", "    option dontlog-normal"]


def _in_pods(members: Sequence[MemberSite]) -> bool:
    return any(member.address == ANYWHERE for member in members)


def _unresolved(members: Sequence[MemberSite]) -> str:
    """The follower tells HAProxy what addresses the names have; until then each server is at one that nobody has.

    A server without any address would take none later ("only supported through configuration file").
    """
    return f" init-addr {NOBODY}" if _in_pods(members) else ""


def haproxy_cfg(site: GatewaySite, members: Sequence[MemberSite]) -> str:
    """The whole haproxy.cfg. Reads go to the replicas, and to the primary while no replica is fit for them.

    A change of the members is a reload, which keeps the open sessions.
    """
    lines = [
        *_global(site, in_pods=_in_pods(members)),
        "",
        f"frontend {WRITER}_port",
        f"    bind {site.address}:{site.writer_port}",
        f"    default_backend {WRITER}",
        "",
        f"frontend {READER}_port",
        f"    bind {site.address}:{site.reader_port}",
        f"    use_backend {READER} if {{ nbsrv({READER}) gt 0 }}",
        f"    default_backend {WRITER}",
        *(_health(site) if site.health_port else []),
        *_backend(WRITER, "/primary", site, members),
        *_backend(READER, f"/replica?lag={READ_LAG}", site, members),
        "",
    ]
    return "\n".join(lines)
