"""What every platform hands back, and all that the access layer knows of one.

A platform (embedded, Kubernetes, RDS) ends in one `Server`. Nothing else crosses from the platform to the access
layer, so the same conformance suite runs on all of them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal
from urllib.parse import quote, urlencode

SslMode = Literal["verify-full"]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A host and a TCP port at which one kind of session is served. `host` is a name that the certificate carries."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """How the access layer logs in.

    `user` with either a client certificate (`certificate` and `key` are file paths) or a password that is asked of AWS
    Secrets Manager for each session: `secret` is the ARN of a JSON that has it as `password`. A password itself is
    never part of this type, because what is of this type may be printed.
    """

    user: str
    certificate: str | None = None
    key: str | None = None
    secret: str | None = None


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What the server's administrator may do; the access layer decides from these, never from a product's name."""

    superuser: bool = True
    owns_hba: bool = True  # pg_hba.conf is ours to write
    pgbouncer_reload: bool = True  # the poolers may be told to reconnect after DDL


@dataclass(frozen=True, kw_only=True)
class Route:
    """How a private server is reached from where `pulumi` runs.

    `port-forward`: kubectl carries each connection to the Service that the endpoint's host begins with
    (`pg-rw.postgres-main.svc` is Service `pg-rw`), at the endpoint's port, in `namespace`. `context` and `kubeconfig`
    None leave the choice to kubectl.

    `ssm`: AWS Session Manager carries each connection by way of `target`, a managed instance or `ecs:...`; None: by a
    task of `service` in ECS's `cluster`. `region` is that of both.

    `timeout`: seconds that it may take to open; None leaves it to the kind.
    """

    kind: Literal["port-forward", "ssm"]
    namespace: str = ""
    context: str | None = None
    kubeconfig: str | None = None
    target: str | None = None
    cluster: str | None = None
    service: str | None = None
    region: str | None = None
    timeout: float | None = None


@dataclass(frozen=True, kw_only=True)
class Server:
    """One highly available PostgreSQL, whichever platform runs it.

    `writer` and `reader` are direct (one client, one backend), `pooled` and `pooled_reader` go through PgBouncer.
    `ca` is the path of a PEM file that clients verify the server with. `database` is the maintenance database in which
    the access layer takes its lock and creates the others. `consoles` are the PgBouncer processes themselves, where
    `pooled` and `pooled_reader` each stand for several. `pods`: how each of the pods behind a console is reached, where
    it is a Service. `route` None: everybody reaches the endpoints directly.
    `resting` says why nothing is to be read or changed there for now ("it hibernates"); access is then as it was.
    `pooled_ca` is what clients verify the poolers with, where that is another file than `ca`. `authorities` is where
    this program itself finds whom to trust, where not in `ca`: a file (relative to the project), or a web address.
    `pooled_lifetime` is after how many seconds poolers that cannot be told to reconnect do so by themselves.

    Where the administrator's identity is no file yet (`admin.certificate` is None), it travels beside this type, as a
    secret of its own: what is of this type may be printed.
    """

    writer: Endpoint
    reader: Endpoint
    pooled: Endpoint
    pooled_reader: Endpoint
    admin: Credentials
    ca: str
    major: int
    database: str = "postgres"
    capabilities: Capabilities = field(default_factory=Capabilities)
    consoles: tuple[Endpoint, ...] = ()
    pods: Route | None = None
    route: Route | None = None
    resting: str | None = None
    pooled_ca: str | None = None
    authorities: str | None = None
    pooled_lifetime: int | None = None

    @property
    def poolers(self) -> tuple[Endpoint, ...]:
        """Where each PgBouncer is told to reconnect; none where the platform does not let us."""
        if not self.capabilities.pgbouncer_reload:
            return ()
        return self.consoles or (self.pooled, self.pooled_reader)

    def conninfo(self, endpoint: Endpoint | None = None, database: str | None = None) -> dict[str, Any]:
        """libpq keywords for the administrator's own sessions (default: the writer, the maintenance database)."""
        where = endpoint or self.writer
        words: dict[str, Any] = {
            "host": where.host,
            "port": where.port,
            "dbname": database or self.database,
            "user": self.admin.user,
            "sslmode": "verify-full",
            "sslrootcert": self.ca,
            "application_name": "postgres-platform",
            "connect_timeout": 10,
        }
        if self.admin.certificate:
            words |= {"sslcert": self.admin.certificate, "sslkey": self.admin.key}
        return words

    def to_dict(self) -> dict[str, Any]:
        """A plain form for resource inputs and outputs; `from_dict` is its inverse."""
        return asdict(self)

    @staticmethod
    def from_dict(plain: dict[str, Any]) -> Server:
        """The inverse of `to_dict`; numbers that travelled as floats come back as integers."""

        def end(of: dict[str, Any]) -> Endpoint:
            return Endpoint(host=of["host"], port=int(of["port"]))

        ends = {name: end(plain[name]) for name in ("writer", "reader", "pooled", "pooled_reader")}
        known = {one.name for one in fields(Credentials)}  # a state of before may hold others
        lifetime = plain.get("pooled_lifetime")
        return Server(
            **ends,
            admin=Credentials(**{name: value for name, value in plain["admin"].items() if name in known}),
            ca=plain["ca"],
            major=int(plain["major"]),
            database=plain["database"],
            capabilities=Capabilities(**plain["capabilities"]),
            consoles=tuple(end(one) for one in plain.get("consoles", ())),
            pods=Route(**plain["pods"]) if plain.get("pods") else None,
            route=Route(**plain["route"]) if plain.get("route") else None,
            resting=plain.get("resting"),
            pooled_ca=plain.get("pooled_ca"),
            authorities=plain.get("authorities"),
            pooled_lifetime=None if lifetime is None else int(lifetime),
        )


def url(endpoint: Endpoint, *, user: str, password: str, database: str, ca: str) -> str:
    """A URL that psql and every libpq client takes as it stands; each part is percent-encoded, whatever it holds."""
    options = urlencode({"sslmode": "verify-full", "sslrootcert": ca}, quote_via=quote, safe="/")
    return (
        f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{endpoint.host}:{endpoint.port}"
        f"/{quote(database, safe='')}?{options}"
    )
