"""WHERE each part lives: addresses, ports and paths as frozen values that the renderers read.

`sites` lays the embedded platform out. Kubernetes makes the same types with names and paths of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from components.settings.model import Settings
from components.settings.ports import client_ports, etcd_ports, member_ports
from components.settings.problems import Problem, SettingsError

LOOPBACK, ANYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104  a pod has its network for itself, policies guard it
ETCD_NODES = 3
POOLER_HBA, POOLER_USERS = "pooler_hba.conf", "pooler_users.txt"
# The kernel's limit for the path of a Unix socket, and what PostgreSQL adds to its folder.
SOCKET_PATH_LIMIT = 107
SOCKET_FILE = "/.s.PGSQL.65535"


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """Paths of a PEM certificate, its key (0600, of the server user) and the CA that signed it."""

    ca: str
    certificate: str
    key: str


def certificate(folder: PurePosixPath, name: str) -> Certificate:
    """The files `ca.crt`, `<name>.crt` and `<name>.key` of a `tls` folder."""
    return Certificate(ca=f"{folder}/ca.crt", certificate=f"{folder}/{name}.crt", key=f"{folder}/{name}.key")


@dataclass(frozen=True, kw_only=True)
class EtcdSite:
    """One etcd node. `tls` serves clients and peers and is also what the node shows to its peers.

    `address` is listened at; `host` is the name by which others reach it (default: the address). `metrics_port` serves
    health and metrics without TLS, for the probes of a pod.
    """

    number: int
    name: str
    directory: str
    data: str
    config_file: str
    address: str
    client_port: int
    peer_port: int
    tls: Certificate
    host: str = ""
    metrics_port: int | None = None

    @property
    def client(self) -> str:
        """host:port for etcd's clients."""
        return f"{self.host or self.address}:{self.client_port}"

    @property
    def peer(self) -> str:
        return f"{self.host or self.address}:{self.peer_port}"


@dataclass(frozen=True, kw_only=True)
class MemberSite:
    """One Patroni member: PostgreSQL and Patroni's REST interface.

    `address` is listened at; `host` is the name by which others reach PostgreSQL and which its certificate carries.
    `server_user` is the operating system's account that the unix socket lets in as superuser.
    `server` is the certificate of PostgreSQL, of the REST interface and, as a client, of Patroni towards etcd and other
    members' REST. `replicator` and `rewind` log in to other members. `ca` in each is the same file.
    `wal` is the folder of WAL, where that is not pg_wal itself.
    `monitored` lets the account `monitor` in by the unix socket, for an exporter beside the server.
    """

    number: int
    name: str
    directory: str
    data: str
    config_file: str
    sockets: str
    logs: str | None
    post_init: str
    post_init_sql: str
    pgpass: str
    address: str
    host: str
    port: int
    rest_port: int
    binaries: str
    server_user: str
    etcd_hosts: tuple[str, ...]
    server: Certificate
    replicator: Certificate
    rewind: Certificate
    monitored: bool = False
    wal: str = ""

    @property
    def rest(self) -> str:
        """host:port of Patroni's REST interface."""
        return f"{self.address}:{self.rest_port}"

    @property
    def target(self) -> str:
        """Where the gateway connects to: the name, if the member listens at all of its addresses."""
        return self.host if self.address == ANYWHERE else self.address


@dataclass(frozen=True, kw_only=True)
class PoolerSite:
    """One PgBouncer process. `databases` is the file that it includes: the follower writes it (read-write), or the
    gateway's resource once (read-only, which always points at HAProxy's reader port). `hba` says who may log in, and
    `users` names who may without being looked up; both poolers read the same two. `log` is a file, or "" for standard
    error. `sockets` is the folder of its unix socket, by which its own account may ask for statistics; "" is none.
    """

    name: str
    address: str
    port: int
    config_file: str
    databases: str
    hba: str
    users: str
    log: str
    pid: str
    server: Certificate
    login: Certificate
    sockets: str = ""


@dataclass(frozen=True, kw_only=True)
class GatewaySite:
    """The gateway: HAProxy, PgBouncer rw and ro, the follower. `client` is the certificate shown to REST and etcd.

    `health_port`, if any, says that HAProxy runs, for the probe of a pod.
    """

    directory: str
    address: str
    writer_port: int
    reader_port: int
    haproxy_config: str
    haproxy_socket: str
    haproxy_pid: str
    pooled: PoolerSite
    pooled_reader: PoolerSite
    client: Certificate
    etcd_hosts: tuple[str, ...]
    health_port: int | None = None


@dataclass(frozen=True, kw_only=True)
class Sites:
    """All parts of one cluster. `admin` is the superuser's client certificate, kept by whoever runs `make up`; `ca` is
    the copy of the CA certificate that everybody may read.
    """

    directory: str
    ca: str
    admin: Certificate
    etcd: tuple[EtcdSite, ...]
    members: tuple[MemberSite, ...]
    gateway: GatewaySite
    runtime: str


def etcd_site(settings: Settings, directory: PurePosixPath, number: int) -> EtcdSite:
    """Node `number` (from 1) below `directory`."""
    name = f"etcd-{number}"
    home = directory / name
    client_port, peer_port = etcd_ports(settings.embedded, number)
    return EtcdSite(
        number=number,
        name=name,
        directory=str(home),
        data=f"{home}/data",
        config_file=f"{home}/etcd.yml",
        address=LOOPBACK,
        client_port=client_port,
        peer_port=peer_port,
        tls=certificate(home / "tls", "server"),
    )


def member_site(
    settings: Settings,
    directory: PurePosixPath,
    number: int,
    *,
    binaries: str,
    server_user: str,
    etcd_hosts: tuple[str, ...],
) -> MemberSite:
    """Member `number` (from 1) below `directory`."""
    name = f"pg-{number}"
    home = directory / name
    port, rest_port = member_ports(settings.embedded, number)
    return MemberSite(
        number=number,
        name=name,
        directory=str(home),
        data=f"{home}/data",
        config_file=f"{home}/patroni.yml",
        sockets=f"{home}/run",
        logs=f"{home}/log",
        post_init=f"{home}/post_init.sh",
        post_init_sql=f"{home}/post_init.sql",
        pgpass=f"{home}/pgpass",
        address=LOOPBACK,
        host="localhost",  # a name, because libpq before 15 does not check a certificate against an address
        port=port,
        rest_port=rest_port,
        binaries=binaries,
        server_user=server_user,
        etcd_hosts=etcd_hosts,
        server=certificate(home / "tls", "server"),
        replicator=certificate(home / "tls", "replicator"),
        rewind=certificate(home / "tls", "rewind"),
    )


def pooler_site(home: PurePosixPath, name: str, port: int) -> PoolerSite:
    """A PgBouncer of the gateway: its files in the gateway's folder, all beginning with `name`."""
    return PoolerSite(
        name=name,
        address=LOOPBACK,
        port=port,
        config_file=f"{home}/{name}.ini",
        databases=f"{home}/{name}.databases.ini",
        hba=f"{home}/{POOLER_HBA}",
        users=f"{home}/{POOLER_USERS}",
        log=f"{home}/{name}.log",
        pid=f"{home}/{name}.pid",
        server=certificate(home / "tls", "server"),
        login=certificate(home / "tls", "pgbouncer"),
    )


def gateway_site(settings: Settings, directory: PurePosixPath, etcd_hosts: tuple[str, ...]) -> GatewaySite:
    """The gateway below `directory`."""
    home = directory / "gateway"
    ports = client_ports(settings.embedded)
    return GatewaySite(
        directory=str(home),
        address=LOOPBACK,
        writer_port=ports["writer"],
        reader_port=ports["reader"],
        haproxy_config=f"{home}/haproxy.cfg",
        haproxy_socket=f"{home}/haproxy.sock",
        haproxy_pid=f"{home}/haproxy.pid",
        pooled=pooler_site(home, "pooled", ports["pooled"]),
        pooled_reader=pooler_site(home, "pooled-reader", ports["pooled_reader"]),
        client=certificate(home / "tls", "client"),
        etcd_hosts=etcd_hosts,
    )


def _check_socket_path(member: MemberSite) -> None:
    length = len((member.sockets + SOCKET_FILE).encode())
    if length > SOCKET_PATH_LIMIT:
        raise SettingsError(
            [
                Problem(
                    "embedded.directory",
                    f"{member.sockets} is too long for Unix sockets ({length} bytes with the socket's name, at most"
                    f" {SOCKET_PATH_LIMIT}); set a shorter embedded.directory",
                )
            ]
        )


def sites(settings: Settings, directory: str, *, binaries: str | None = None, server_user: str = "postgres") -> Sites:
    """Every part of the embedded cluster below `directory`, an absolute path that the server user can reach.

    `binaries` is the folder of the server's programs (default: where Debian has them for the stack's major version).
    `server_user` is the account that runs the servers. Raises SettingsError when the directory is too deep for Unix
    sockets.
    """
    root = PurePosixPath(directory)
    programs = binaries or f"/usr/lib/postgresql/{settings.known_major}/bin"
    nodes = tuple(etcd_site(settings, root, number) for number in range(1, ETCD_NODES + 1))
    hosts = tuple(node.client for node in nodes)
    members = tuple(
        member_site(settings, root, number, binaries=programs, server_user=server_user, etcd_hosts=hosts)
        for number in range(1, settings.members + 1)
    )
    _check_socket_path(members[-1])
    return Sites(
        directory=str(root),
        ca=f"{root}/ca.crt",
        admin=certificate(root / "pki", "postgres"),
        etcd=nodes,
        members=members,
        gateway=gateway_site(settings, root, hosts),
        runtime=f"{root}/runtime",
    )
