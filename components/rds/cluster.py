"""The RDS platform as one Pulumi component: any topology, and everything around it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi

from components.access.coming import Coming
from components.contract import Server
from components.rds import arguments_running, arguments_server, names, security, watching
from components.rds.arguments import region, regions_abroad
from components.rds.arguments_server import Hosts
from components.rds.clusters import clusters
from components.rds.databases import Databases, Ground
from components.rds.in_front import in_front
from components.rds.instances import instances
from components.rds.logins import login_secrets
from components.rds.place import Place, place
from components.rds.pooler import Pooled
from components.rds.resource import PROVIDER, Scope
from components.rds.running import Running
from components.settings.model import Settings
from components.settings.rds.rules import advice

if TYPE_CHECKING:
    from components.access.logins import Login  # loads the language, which a stack without access does not need

IDENTITY = "aws:index/getCallerIdentity:getCallerIdentity"


class RdsCluster(pulumi.ComponentResource):
    """PostgreSQL on Amazon RDS: instance, Multi-AZ DB cluster or Aurora, with the same outputs for all.

    `server` is known when AWS has given its names, `coming` before. `home` and `databases` are what a pooler is built
    on. `secret` is the ARN of the administrator's, `waiting` says what a reboot or the maintenance window has to
    finish, `policies` maps logins to the ARNs of their policies. `extensions` are those that the access specs ask for.
    """

    server: pulumi.Output[Server]
    coming: Coming
    identity = None  # the administrator's password lies in Secrets Manager, where each session asks for it
    home: Place
    databases: Databases
    secret: pulumi.Output[str]
    waiting: pulumi.Output[list[str]]
    pooled: Pooled | None
    policies: Mapping[str, pulumi.Output[str]]

    def __init__(
        self,
        name: str,
        settings: Settings,
        extensions: frozenset[str] = frozenset(),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("postgres-ha:rds:Cluster", name, {}, opts)
        for path, message in advice(settings):
            pulumi.log.warn(f"{'.'.join(path)}: {message}", self)
        self._settings, self._prefix = settings, name
        self._aws = _provider(name, settings, self)
        self._account = _account(settings, self._aws)
        ground = self._ground(extensions)
        self.home = ground.home
        self.databases = instances(ground) if settings.rds.topology == "instance" else clusters(ground)
        self._surround(ground)
        self.pooled = in_front(ground.home, self.databases, self.secret)
        self.waiting = self._remember(extensions)
        self.server = self._server()
        self.coming = Coming(planned=arguments_server.planned(settings), writer=self.databases.writer)
        self._set_up_pooler()
        self.register_outputs({"secret": self.secret, "waiting": self.waiting})

    @property
    def exports(self) -> dict[str, Any]:
        """Outputs of the stack that other platforms do not have."""
        front = self.pooled
        return {
            "administrator_secret": self.secret,
            "certificate_authorities": arguments_server.bundle_url(self._settings),
            "login_policies": dict(self.policies),
            "pooler_certificate_authority": front.ca if front else None,
            "pooler_service": {"cluster": front.cluster, "name": front.service} if front else None,
            "waiting": self.waiting,
        }

    def publish(self, logins: Iterable[Login]) -> None:
        """A secret in Secrets Manager for each login and database, made once its URLs work."""
        # No child of ours: access waits for all of those, and these wait for access.
        scope = dataclasses.replace(self.home.scope, component=None)
        authority = self.pooled.ca if self.pooled else None
        pulumi.export("login_secrets", login_secrets(scope, self.home.key, logins, authority))

    def _set_up_pooler(self) -> None:
        """What PgBouncer needs on the server, where anybody is let in by it; reached by its tasks if need be."""
        front = self.pooled
        if front is None or front.password is None or not self._settings.access:
            return
        from components.access.pooler_login import PoolerLogin  # loads what a stack without access does not need

        after = pulumi.ResourceOptions(parent=self, depends_on=[*self.databases.everything, *front.parts])
        password, name = front.password, f"{self._prefix}-pooler-login"
        PoolerLogin(name, server=self.server, coming=self.coming, password=password, opts=after)

    def _scope(self, where: str) -> Scope:
        home = where == region(self._settings)
        return Scope(
            name=self._prefix if home else f"{self._prefix}-{where}",
            settings=self._settings,
            region=where,
            home=home,
            account=self._account,
            component=self,
            provider=self._aws,
        )

    def _ground(self, extensions: frozenset[str]) -> Ground:
        home = self._scope(region(self._settings))
        here = place(home, extensions)
        return Ground(
            home=here,
            abroad={there: place(self._scope(there), extensions) for there in regions_abroad(self._settings)},
            monitoring=security.monitoring(home),
            password=security.password(home),
            held=security.held(home, here.key),
        )

    def _surround(self, ground: Ground) -> None:
        """What needs the databases to be there."""
        home, found = ground.home, self.databases
        login = security.Login(
            host=found.writer,
            username=found.username,
            password=ground.password,
            managed_secret=None if ground.password else found.managed_secret,
        )
        self.secret = security.admin_secret(home.scope, ground.held, login)
        self.policies = security.login_policies(home.scope, found.resource_ids)
        for one in (home, *ground.abroad.values()):
            members = [each for each in found.members if each.region == one.scope.region]
            watching.alarms(one.scope, one.topic, [(each.watched, each.resource) for each in members])
            watching.events(one.scope, one.topic, found.sources.get(one.scope.region, {}))
        watching.dashboard(home.scope, [(each.region, each.watched) for each in found.members])
        names.database_names(home.scope, found)
        self._second_backups(ground)

    def _second_backups(self, ground: Ground) -> None:
        asked = self._settings.rds.backup.cross_region
        if asked is None:
            return
        there = ground.abroad.get(asked.region)
        scope = there.scope if there else self._scope(asked.region)
        key = there.key if there else security.region_key(scope, asked.key)
        names.replicated_backups(scope, key, self.databases)

    def _remember(self, extensions: frozenset[str]) -> pulumi.Output[list[str]]:
        main = self.databases.main
        storage = None if self._settings.rds.topology == "aurora" else main["allocatedStorage"]
        spec = arguments_running.text(arguments_running.spec(self._settings, extensions))
        options = pulumi.ResourceOptions(parent=self, depends_on=list(self.databases.everything))
        return Running(f"{self._prefix}-running", spec, self.databases.version, storage, options).waiting

    def _server(self) -> pulumi.Output[Server]:
        found, settings, front = self.databases, self._settings, self.pooled
        names: dict[str, pulumi.Input[str] | None] = {"writer": found.writer, "reader": found.reader}
        names["secret"] = self.secret
        if front is not None:
            names |= {"pooled": front.host, "cluster": front.cluster, "service": front.service}
        return pulumi.Output.all(pulumi.Output.all(**names), found.username).apply(
            lambda known: arguments_server.server(settings, Hosts(**known[0]), known[1])
        )


def _provider(name: str, settings: Settings, component: pulumi.Resource) -> pulumi.ProviderResource:
    """One for all regions, bound to the stack's account where it is named."""
    allowed: Sequence[str] = [settings.rds.account] if settings.rds.account else []
    inputs = {"region": region(settings), "allowedAccountIds": pulumi.Output.json_dumps(allowed) if allowed else None}
    options = pulumi.ResourceOptions(parent=component, version=PROVIDER)
    return pulumi.ProviderResource("aws", f"{name}-aws", {k: v for k, v in inputs.items() if v is not None}, options)


def _account(settings: Settings, provider: pulumi.ProviderResource) -> pulumi.Output[str]:
    """As the stack says, so that nobody has to be asked; else AWS is."""
    if settings.rds.account:
        return pulumi.Output.from_input(settings.rds.account)
    options = pulumi.InvokeOutputOptions(provider=provider, version=PROVIDER)
    found: pulumi.Output[str] = pulumi.runtime.invoke_output(IDENTITY, {}, options).apply(
        lambda said: said["accountId"]
    )
    return found
