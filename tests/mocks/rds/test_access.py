"""The whole program's graph on RDS: what waits for what, what travels to the access layer, and where passwords go."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from components.access.logins import logins
from components.access.provider import load_specs, set_up_access
from components.contract import Server
from components.rds.cluster import RdsCluster
from components.settings.model import Settings
from tests.mocks.rds.graph import ACCOUNT, Graph, Monitor
from tests.unit.settings.rds.stacks import settings

FAEVISION = ["sql/faevision/access.yaml"]
LOGINS = ("app", "executive", "jobs", "migrator", "monitor")
ROLES, DATABASE = "pulumi-python:dynamic/access:Roles", "pulumi-python:dynamic/access:DatabaseAccess"
POOLER = "pulumi-python:dynamic/access:PoolerLogin"
PASSWORD = "of-the-test-alone-0123456789"  # what the mocks say that was generated
TOPOLOGIES: dict[str, dict[str, Any]] = {
    "instance": {"topology": "instance", "replicas": [{"name": "near"}]},
    "managed": {"topology": "instance", "replicas": []},
    "cluster": {"topology": "cluster", "instance_class": "db.r6gd.large"},
    "aurora": {"topology": "aurora", "replicas": [{"name": "near"}]},
}


def of(rds: dict[str, Any], access: list[str]) -> Settings:
    return settings({"account": ACCOUNT, "ca_bundle": "ca.pem", **rds}, access=access, replicas=0)


def declared(wanted: Settings) -> Graph:
    """As `__main__` does it."""
    graph = Graph()
    mocks.set_mocks(graph, monitor=Monitor(graph))

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def run() -> Any:
        specs = load_specs(wanted)
        made = RdsCluster(wanted.name, wanted)
        after = pulumi.ResourceOptions(depends_on=[made])
        urls = set_up_access(wanted, made.server, after, made.identity, made.coming)
        made.publish(logins(specs, urls))
        return urls

    run()
    return graph


@cache
def graph(topology: str) -> Graph:
    return declared(of(TOPOLOGIES[topology], FAEVISION))


def waits_for(graph: Graph, kind: str, name: str) -> set[str]:
    """Logical names of what a resource waits for."""
    return {urn.rpartition("::")[2] for urn in graph.requests[kind, name].dependencies}


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_the_access_layer_gets_the_server_as_it_came_out(topology: str) -> None:
    found = graph(topology)
    servers = {
        inputs["server"] for kind in (ROLES, DATABASE, POOLER) for inputs in found.of(kind).values()
    }  # all are given the same one
    (text,) = servers
    server = Server.from_dict(json.loads(text))
    primary = "main-primary.abc.eu-central-1.rds.amazonaws.com"
    assert server.writer.host == {"instance": primary, "managed": primary}.get(topology, "main-cluster.cluster-abc.rds")
    assert server.major == 17
    assert (server.capabilities.superuser, server.capabilities.owns_hba) == (False, False)
    assert (server.admin.user, server.authorities, server.route) == ("platform_admin", "ca.pem", None)
    assert str(server.admin.secret).startswith("arn:")
    assert PASSWORD not in text


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_what_is_known_before_has_no_names_and_travels_along(topology: str) -> None:
    inputs = graph(topology)[ROLES, "faevision-roles"]
    planned = Server.from_dict(json.loads(inputs["planned"]))
    assert (planned.writer.host, planned.pooled.host, planned.admin.secret) == ("", "", None)
    assert inputs["writer"] == Server.from_dict(json.loads(inputs["server"])).writer.host


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_access_comes_last_and_the_pooler_s_own_login_before_that_of_others(topology: str) -> None:
    found = graph(topology)
    before = waits_for(found, ROLES, "faevision-roles")
    assert {"main-pooler-login", "main-running", "main-pooler"} <= before
    assert "faevision-roles" in waits_for(found, DATABASE, "faevision-faevision")
    pooler = waits_for(found, POOLER, "main-pooler-login")
    assert "main-pooler" in pooler  # the tasks, by which this program may come in
    assert any(name in pooler for name in ("main-primary", "main-cluster"))


def test_the_administrator_s_password_is_where_rds_keeps_it_or_where_we_do() -> None:
    by_rds = json.loads(graph("managed")[ROLES, "faevision-roles"]["server"])
    assert by_rds["admin"]["secret"] == "arn:main-primary:secret"
    ours = json.loads(graph("instance")[ROLES, "faevision-roles"]["server"])
    assert "secretsmanager.SecretVersion" in ours["admin"]["secret"]


def test_each_login_has_a_secret_that_outlives_no_stack() -> None:
    found = graph("instance")
    names = [f"main-login-faevision_{name}.faevision" for name in LOGINS]
    for name in names:
        held, version = found["secretsmanager.Secret", name], found["secretsmanager.SecretVersion", name]
        assert held["kmsKeyId"].startswith("arn:")
        assert PASSWORD not in json.dumps(held)
        text = json.loads(version["secretString"]["value"])  # the engine is told that it is one
        assert text["password"] == PASSWORD
        assert text["pooled"].endswith("sslmode=verify-full&sslrootcert=/etc/postgres-platform/pooler-ca.pem")
        assert text["direct"].endswith("sslmode=verify-full&sslrootcert=/etc/postgres-platform/rds-bundle.pem")
        request = found.requests["secretsmanager.SecretVersion", name]
        assert list(request.additionalSecretOutputs) == ["secretString"]
        assert request.parent.rpartition("::")[2] != "main"  # else access would wait for what waits for it
    logins = {name for name in found.of("secretsmanager.Secret") if "-login-" in name}
    assert logins == set(names)


@pytest.mark.parametrize(
    ("rds", "access"),
    [
        ({"pooler": {"kind": "rds_proxy", "image": None}}, FAEVISION),
        ({"pooler": {"kind": "none", "image": None}}, FAEVISION),
        ({}, []),
    ],
)
def test_where_no_login_comes_by_a_pooler_of_ours_it_needs_nothing_there(
    rds: dict[str, Any], access: list[str]
) -> None:
    assert declared(of(rds, access)).of(POOLER) == {}


def test_from_outside_the_way_in_is_session_manager_s() -> None:
    found = declared(of({"reach": {"by": "ssm", "timeout": 90}}, FAEVISION))
    route = Server.from_dict(json.loads(found[ROLES, "faevision-roles"]["server"])).route
    assert route is not None
    assert (route.kind, route.region, route.timeout) == ("ssm", "eu-central-1", 90.0)
    assert (route.target, route.cluster) == (None, found["ecs.Service", "main-pooler"]["cluster"])
