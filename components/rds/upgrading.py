"""Before a major upgrade is ordered, the databases are asked what would stop it; the primary comes after the answer.

The server's name comes from AWS, not from the resource: that one waits for this. Nothing is asked, of AWS neither, by a
stack that says no upgrade.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi
from pulumi import dynamic

from components.access import edge
from components.rds import arguments_server
from components.rds.arguments_server import Hosts
from components.rds.databases import Ground
from components.rds.resource import PROVIDER
from components.settings.rds.allowed import UNCHECKED
from components.settings.rds.replicas import identifier

WHERE = "rds: upgrade"
Props = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Words:
    """How AWS's provider calls what it is asked for: one of a name, which has to be there, and a list, maybe empty."""

    function: str
    filter: str
    named: str
    names: str


OF_INSTANCES = _Words(
    function="getInstance", filter="db-instance-id", named="dbInstanceIdentifier", names="instanceIdentifiers"
)
OF_CLUSTERS = _Words(
    function="getCluster", filter="db-cluster-id", named="clusterIdentifier", names="clusterIdentifiers"
)


class ReadyProvider(dynamic.ResourceProvider):
    """Everything happens while inputs are checked, because a preview asks for no more of what is yet to be made."""

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # holds nothing, so needs no encryption

    def configure(self, _req: dynamic.ConfigureRequest) -> None:
        edge.quiet()

    def check(self, _olds: Props, news: Props) -> dynamic.CheckResult:
        edge.say(edge.guarded(WHERE, lambda: _asked(news)))
        return dynamic.CheckResult(news, [])

    def create(self, props: Props) -> dynamic.CreateResult:
        return dynamic.CreateResult(id_="ready", outs=props)

    def diff(self, _id: str, _olds: Props, _news: Props) -> dynamic.DiffResult:
        return dynamic.DiffResult(changes=any(_olds.get(one) != _news.get(one) for one in ("old", "new")))

    def update(self, _id: str, _olds: Props, _news: Props) -> dynamic.UpdateResult:
        return dynamic.UpdateResult(outs=_news)


def _asked(props: Mapping[str, Any]) -> list[str]:
    """Lines for the preview; raises AccessError where the upgrade must not begin."""
    from components.access.failures import AccessError
    from components.upgrade.report import refusal, report

    old, new = int(props["old"]), int(props["new"])
    server = props.get("server")
    if not isinstance(server, dict):
        return [f"{WHERE}: the database, or its administrator's secret, is yet to be made; nothing was looked for"]
    try:
        seen = _seen(server, old, new, str(props["pooler"]))
    except Exception as error:
        if props["unchecked"]:
            return [f"{WHERE}: not looked into, as {UNCHECKED} allows: {edge.told(error)}"]
        raise AccessError(
            f"what would stop it could not be asked: {edge.told(error)}; nothing was begun; make the database "
            f"reachable (rds.reach), or add {UNCHECKED} to allow and let RDS find out"
        ) from None
    if seen.stopping and not props["unchecked"]:
        raise AccessError(refusal(seen, old, new))
    return [f"{WHERE}: {line}" for line in report(seen, old, new)]


def _seen(plain: Mapping[str, Any], old: int, new: int, pooler: str) -> Any:
    from components.access.session import reached
    from components.contract import Server
    from components.rds.way_in import with_a_way
    from components.upgrade.look import look

    with reached(with_a_way(Server.from_dict(dict(plain)), pooler)) as target:
        return look(target, old, new)


class Ready(dynamic.Resource, module="rds", name="UpgradeReady"):
    """Is there while nothing stops the upgrade that the stack says. `server` None: there is none yet."""

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(ReadyProvider(), name, dict(inputs), opts)


def ready(ground: Ground) -> list[pulumi.Resource]:
    """What the primary, or the cluster, has to wait for."""
    scope = ground.home.scope
    said = scope.settings.rds.upgrade
    if said is None:
        return []
    inputs = {
        "server": _server(ground),
        "old": said.from_,
        "new": said.to,
        "pooler": f"{scope.name}-pooler-",
        "unchecked": UNCHECKED in scope.settings.allow,
    }
    return [Ready(f"{scope.name}-upgrade-ready", inputs, pulumi.ResourceOptions(parent=scope.component))]


def _server(ground: Ground) -> pulumi.Output[dict[str, Any] | None]:
    """What AWS says of it; None where it knows none of this name."""
    settings = ground.home.scope.settings
    asked = OF_CLUSTERS if settings.rds.members_are_a_cluster else OF_INSTANCES
    name = identifier(settings)
    listed = _ask(ground, f"{asked.function}s", {"filters": [{"name": asked.filter, "values": [name]}]})
    found = listed.apply(lambda said: _ask(ground, asked.function, {asked.named: name}) if said[asked.names] else None)
    secret = ground.held["arn"] if ground.held else None
    return pulumi.Output.all(found, secret).apply(lambda both: _described(ground, *both))


def _described(ground: Ground, found: Mapping[str, Any] | None, secret: str | None) -> dict[str, Any] | None:
    if found is None:
        return None
    settings = ground.home.scope.settings
    host = str(found.get("address") or found["endpoint"])
    kept = [secret] if secret else [one["secretArn"] for one in found["masterUserSecrets"]]
    hosts = Hosts(writer=host, reader=host, secret=kept[0] if kept else None)
    return arguments_server.server(settings, hosts, found["masterUsername"]).to_dict()


def _ask(ground: Ground, function: str, arguments: Mapping[str, Any]) -> pulumi.Output[Any]:
    token = f"aws:rds/{function}:{function}"
    options = pulumi.InvokeOutputOptions(provider=ground.home.scope.provider, version=PROVIDER)
    return pulumi.runtime.invoke_output(token, dict(arguments), options)
