"""The embedded platform as one Pulumi component. What goes into its resources is computed in `arguments.py`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.access.logins import Login
from components.contract import Server
from components.embedded import arguments, backup_arguments, backup_preflight, preflight, programs
from components.embedded.backup_files import BackupFiles
from components.embedded.backups import Backups, Stanza
from components.embedded.dynamic_configuration import DynamicConfiguration
from components.embedded.etcd_node import EtcdNode
from components.embedded.files import server_account
from components.embedded.foundation import CertificateAuthority, Foundation, package_digest
from components.embedded.gateway import Gateway
from components.embedded.member import Member
from components.embedded.place import Place, place
from components.embedded.programs import Programs
from components.render.hba import Admission
from components.render.promise import promise
from components.render.sites import Sites, sites
from components.settings.model import Settings

PROJECT = Path(__file__).resolve().parents[2]
SUPERVISOR = PROJECT / "components" / "supervisor"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What this machine has for the platform: a folder, the programs, and all paths and ports that follow."""

    where: Place
    programs: Programs
    sites: Sites
    supervisor: Path = SUPERVISOR  # the package that is copied beside the servers


def survey(settings: Settings, project: Path = PROJECT) -> Ground:
    """Looks before anything is touched; raises pulumi.RunError with every problem of this machine in one report."""
    try:
        account = server_account()
    except KeyError:
        raise pulumi.RunError(
            "PostgreSQL never runs as root, and this machine has no account postgres: apt-get install postgresql-common"
            " makes it, or run as another user"
        ) from None
    where = place(settings.embedded.directory, project, account)
    found, problems = programs.find(settings.known_major, account)
    laid = sites(settings, str(where.real), binaries=found.binaries or None, server_user=account.name)
    problems += preflight.occupant(settings, where)
    problems += preflight.taken_ports(arguments.ports(laid), where.real)
    problems += preflight.room(settings, where.real, preflight.free_bytes)
    problems += backup_preflight.problems(settings, where, account)
    if problems:
        lines = "".join(f"\n  - {problem}" for problem in problems)
        raise pulumi.RunError(f"this machine is not ready for the embedded platform; nothing was touched:{lines}")
    return Ground(where=where, programs=found, sites=laid)


class EmbeddedCluster(pulumi.ComponentResource):
    """Real etcd, Patroni, PostgreSQL, PgBouncer and HAProxy on loopback.

    `server` is known at once, because all ports follow from the settings; `ready` resolves to True when the gateway
    serves. `extensions` are those that the access specs ask for, whose libraries PostgreSQL has to preload;
    `admissions` are the logins that they let in, or None where they leave the door to the passwords.
    """

    server: Server
    coming = None  # all of it is known at once
    identity = None  # the administrator's certificate and key lie in files of this machine
    ready: pulumi.Output[bool]

    def __init__(
        self,
        name: str,
        settings: Settings,
        extensions: frozenset[str] = frozenset(),
        admissions: Collection[Admission] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        ground: Ground | None = None,
    ) -> None:
        super().__init__("postgres-ha:embedded:Cluster", name, {}, opts)
        self._ground = ground or survey(settings)
        for line in promise(settings):
            pulumi.log.info(line, self)
        gateway = self._declare(name, settings, extensions, admissions)
        self.server = arguments.server(settings, self._ground.sites)
        self.ready = gateway.spec.apply(lambda _: True)
        self.register_outputs({"ready": self.ready})

    def publish(self, logins: Iterable[Login]) -> None:
        """Nothing: applications on this machine take their URLs from the stack's outputs (`make urls`)."""

    def _declare(
        self, name: str, settings: Settings, extensions: frozenset[str], admissions: Collection[Admission] | None
    ) -> Gateway:
        """Every part, each after what it needs; the last one serves only when all the others do."""
        laid, found, source = self._ground.sites, self._ground.programs, self._ground.supervisor
        digest = package_digest(source)
        runtime = f"{laid.runtime}/{digest}"
        ground = arguments.foundation_spec(settings, laid, str(self._ground.where.wanted), str(source), digest)
        foundation = Foundation(f"{name}-folder", ground, self._after())
        trust = arguments.authority_spec(settings, laid)
        authority = CertificateAuthority(f"{name}-authority", trust, self._after(foundation))
        nodes: list[pulumi.Resource] = []
        for node in laid.etcd:
            spec = arguments.etcd_spec(settings, laid, node, found, runtime)
            nodes.append(EtcdNode(f"{name}-{node.name}", spec, self._after(authority)))
        if backup_arguments.concerned(settings):
            shared_files = backup_arguments.files_spec(settings, laid)
            secret = backup_arguments.secret_files(settings)
            nodes.append(BackupFiles(f"{name}-backup-files", shared_files, secret, self._after(authority)))
        members: list[pulumi.Resource] = []
        for member in laid.members:
            spec = arguments.member_spec(settings, laid, member, found, runtime, extensions, admissions)
            members.append(Member(f"{name}-{member.name}", spec, self._after(*nodes)))
        if settings.backup:
            members.append(Stanza(f"{name}-stanza", arguments.stanza_spec(settings, laid), self._after(*members)))
        shared = arguments.configuration_spec(settings, laid, extensions, admissions)
        configuration = DynamicConfiguration(f"{name}-configuration", shared, self._after(*members))
        if settings.backup:
            Backups(f"{name}-backups", arguments.stanza_spec(settings, laid), self._after(configuration))
        front = arguments.gateway_spec(settings, laid, found, runtime, admissions)
        return Gateway(f"{name}-gateway", front, self._after(configuration))

    def _after(self, *resources: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(resources))
