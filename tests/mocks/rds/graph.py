"""A stack's resources under Pulumi's mocks, by type and logical name, with what AWS would add."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks

from components.rds.cluster import RdsCluster
from components.settings.model import Settings

ACCOUNT = "123456789012"
IDENTITY = "aws:index/getCallerIdentity:getCallerIdentity"
# What AWS answers; the databases of a stack that says an upgrade are there already.
ANSWERS: dict[str, dict[str, Any]] = {
    IDENTITY: {"accountId": ACCOUNT},
    "aws:rds/getInstances:getInstances": {"instanceIdentifiers": ["main"]},
    "aws:rds/getInstance:getInstance": {
        "address": "main.abc.eu-central-1.rds.amazonaws.com", "masterUsername": "platform_admin",
        "masterUserSecrets": [{"secretArn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1"}],
    },
    "aws:rds/getClusters:getClusters": {"clusterIdentifiers": ["main"]},
    "aws:rds/getCluster:getCluster": {
        "endpoint": "main.cluster-abc.eu-central-1.rds.amazonaws.com", "masterUsername": "platform_admin",
        "masterUserSecrets": [{"secretArn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!cluster-1"}],
    },
}  # fmt: skip
AUTONAMED = ("ParameterGroup", "ClusterParameterGroup", "SubnetGroup", "Role", "Topic", "EventSubscription", "Policy")


@dataclass
class Graph(mocks.Mocks):
    """What was declared: `[("rds.Instance", "main-primary")]` gives the inputs, as they go over the wire."""

    resources: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    requests: dict[tuple[str, str], Any] = field(default_factory=dict)
    order: list[tuple[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        kind = short(args.typ)
        key = (kind, args.name)
        self.resources[key] = dict(args.inputs)
        self.order.append(key)
        return f"{args.name}-id", {**args.inputs, **_added(kind, args)}

    def call(self, args: mocks.MockCallArgs) -> Any:
        self.asked.append(args.token)
        return ANSWERS[args.token]

    def __getitem__(self, key: tuple[str, str]) -> dict[str, Any]:
        return self.resources[key]

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Logical name -> inputs of all of one kind."""
        return {name: inputs for (found, name), inputs in self.resources.items() if found == kind}


class Monitor(mocks.MockMonitor):
    """Keeps the options of each resource (protect, ignoreChanges, parent, dependencies), which mocks are not given."""

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # the protocol's name
        graph = self.mocks
        assert isinstance(graph, Graph)
        graph.requests[(short(request.type), request.name)] = request
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


def short(token: str) -> str:
    """`aws:rds/instance:Instance` -> `rds.Instance`; what is not AWS's stays as it is."""
    if not token.startswith("aws:"):
        return token
    module, name = token.removeprefix("aws:").split("/")
    return f"{module}.{name.rpartition(':')[2]}"


def _added(kind: str, args: mocks.MockResourceArgs) -> dict[str, Any]:
    """What AWS or the provider adds to the inputs."""
    name, region = args.name, args.inputs.get("region", "eu-central-1")
    found: dict[str, Any] = {"arn": f"arn:aws:{kind}:{region}:{ACCOUNT}:{name}"}
    if kind.rpartition(".")[2] in AUTONAMED:
        found["name"] = f"{name}-1a2b3c4"
    if kind == "kms.Key":
        found["keyId"] = f"{name}-key-id"
    if kind == "ec2.Vpc":
        found["ipv6CidrBlock"] = "2001:db8:1234:1a00::/56"
    if kind == "rds.Instance":
        found |= {"address": f"{name}.abc.{region}.rds.amazonaws.com", "resourceId": f"db-{name}"}
    if kind == "rds.Cluster":
        found |= {
            "endpoint": f"{name}.cluster-abc.rds",
            "readerEndpoint": f"{name}.cluster-ro-abc.rds",
            "clusterResourceId": f"cluster-{name}",
        }
    if kind in ("rds.Instance", "rds.Cluster"):
        found |= {"engineVersionActual": "17.6", "masterUserSecrets": [{"secretArn": f"arn:{name}:secret"}]}
    if kind.endswith(":GeneratedPassword"):
        found["password"] = "of-the-test-alone-0123456789"
    if kind.endswith(":Promotion"):
        found["retention"] = 0
    return found


def declared(settings: Settings, extensions: frozenset[str] = frozenset()) -> tuple[Graph, dict[str, Any]]:
    """The graph of a stack, and its outputs."""
    graph = Graph()
    mocks.set_mocks(graph, monitor=Monitor(graph))
    seen: dict[str, Any] = {}

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def run() -> Any:
        made = RdsCluster(settings.name, settings, extensions)
        outputs = {"server": made.server, "secret": made.secret, "policies": dict(made.policies)}
        return pulumi.Output.all(**outputs).apply(seen.update)

    run()
    return graph, seen
