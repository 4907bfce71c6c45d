"""Faults that pass every schema and stop a cluster all the same: each was met on a real one, and is looked for here.

tests/live/kubernetes/test_kubectl_route.py shows the same on a cluster.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from components.kubernetes.manifests import Manifest, identity
from tests.unit.kubernetes.golden import case_names, default, given, made

Look = Callable[[list[Manifest]], Iterator[str]]
TARGETS = ("leader", "127.0.0.1:5433")  # the follower's choice, and HAProxy beside it


def pod_specs(objects: list[Manifest]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in objects:
        spec = one.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            yield "/".join(identity(one)), template["spec"]


def text_of(objects: list[Manifest], config_map: str, file: str) -> str:
    return str(next(one for one in objects if identity(one) == ("ConfigMap", config_map))["data"][file])


def opened_data_directories(objects: list[Manifest]) -> Iterator[str]:
    """At a second start kubelet would open PGDATA to the group, and PostgreSQL refuses that for ever."""
    for name, spec in pod_specs(objects):
        context = spec.get("securityContext", {})
        if "fsGroup" in context and context.get("fsGroupChangePolicy") != "OnRootMismatch":
            yield f"{name}: fsGroup without OnRootMismatch"


def callbacks(objects: list[Manifest]) -> Iterator[str]:
    """Patroni hides its variables from them, so one that labels pods fails silently."""
    plain = yaml.safe_load(text_of(objects, "patroni", "patroni.yml"))
    shared = plain.get("bootstrap", {}).get("dcs", {}).get("postgresql", {})
    if "callbacks" in plain["postgresql"] or "callbacks" in shared:
        yield "patroni.yml: callbacks"


def labels_that_route(objects: list[Manifest]) -> Iterator[str]:
    """A Service that chooses by role needs somebody to label pods, and the API server while it fails over."""
    for one in objects:
        if one["kind"] == "Service" and {"role", "patroni-role"} & one["spec"].get("selector", {}).keys():
            yield f"Service/{one['metadata']['name']}: chooses by role"


def pooled_host_lists(objects: list[Manifest]) -> Iterator[str]:
    """PgBouncer takes any host of a list, a replica too."""
    plain = yaml.safe_load(text_of(objects, "gateway", "gateway.json"))
    for pooler in plain["pgbouncer"]:
        if pooler["target"] not in TARGETS or "," in pooler.get("databases", ""):
            yield f"pooler {pooler['name']}: {pooler['target']}"


def spread_checkpoints(objects: list[Manifest]) -> Iterator[str]:
    """A base backup would wait minutes for one."""
    plain = yaml.safe_load(text_of(objects, "patroni", "patroni.yml"))
    if {"checkpoint": "fast"} not in plain["postgresql"].get("basebackup", []):
        yield "patroni.yml: base backups wait for a spread checkpoint"


def namespaces_that_are_no_text(objects: list[Manifest]) -> Iterator[str]:
    """As a YAML reader finds them, after the objects have been written once."""
    for one in yaml.safe_load_all(yaml.safe_dump_all(objects)):
        named = one["metadata"].get("namespace", one["metadata"]["name"])
        if not isinstance(named, str):
            yield f"{one['kind']}: {named!r} is no name"


LOOKS: list[Look] = [
    opened_data_directories, callbacks, labels_that_route, pooled_host_lists, spread_checkpoints,
    namespaces_that_are_no_text,
]  # fmt: skip


def found(objects: list[Manifest]) -> list[str]:
    return [line for look in LOOKS for line in look(objects)]


@pytest.mark.parametrize("case", case_names())
def test_no_stack_has_one_of_them(case: str) -> None:
    assert found(made(given(case))) == []


@pytest.mark.parametrize("name", ["n", "no", "on", "off", "null", "y"])
def test_a_stack_may_be_called_what_yaml_takes_for_something_else(name: str) -> None:
    objects = made({"config": {"platform": "kubernetes", "name": name, "kubernetes": {"namespace": name}}})

    assert found(objects) == []
    assert {one["metadata"].get("namespace", one["metadata"]["name"]) for one in objects} == {name}
    assert yaml.safe_load(text_of(objects, "patroni", "patroni.yml"))["scope"] == name


# --- planted ---


def member_pods(objects: list[Manifest]) -> dict[str, Any]:
    return dict(pod_specs(objects))["StatefulSet/pg"]


def rewrite(objects: list[Manifest], config_map: str, file: str, old: str, new: str) -> None:
    data = next(one for one in objects if identity(one) == ("ConfigMap", config_map))["data"]
    assert old in data[file]
    data[file] = data[file].replace(old, new, 1)


def plant_group(objects: list[Manifest]) -> None:
    del member_pods(objects)["securityContext"]["fsGroupChangePolicy"]


def plant_callback(objects: list[Manifest]) -> None:
    rewrite(objects, "patroni", "patroni.yml", "\npostgresql:\n", "\npostgresql:\n  callbacks: {on_role_change: /x}\n")


def plant_label(objects: list[Manifest]) -> None:
    next(one for one in objects if identity(one) == ("Service", "pg-rw"))["spec"]["selector"]["role"] = "primary"


def plant_list(objects: list[Manifest]) -> None:
    rewrite(objects, "gateway", "gateway.json", '"target": "leader"', '"target": "pg-0.pg,pg-1.pg,pg-2.pg"')


def plant_spread(objects: list[Manifest]) -> None:
    rewrite(objects, "patroni", "patroni.yml", "checkpoint: fast", "checkpoint: spread")


def plant_bare_name(objects: list[Manifest]) -> None:
    objects[1]["metadata"]["namespace"] = yaml.safe_load("no")


@pytest.mark.parametrize(
    "plant, said",
    [
        pytest.param(plant_group, "StatefulSet/pg: fsGroup", id="fsGroup"),
        pytest.param(plant_callback, "patroni.yml: callbacks", id="a callback"),
        pytest.param(plant_label, "Service/pg-rw: chooses by role", id="routing by labels"),
        pytest.param(plant_list, "pooler pooled: pg-0.pg,", id="a list of hosts"),
        pytest.param(plant_spread, "spread checkpoint", id="a spread checkpoint"),
        pytest.param(plant_bare_name, "False is no name", id="a bare name"),
    ],
)
def test_each_is_found_where_it_is_planted(plant: Callable[[list[Manifest]], None], said: str) -> None:
    objects = copy.deepcopy(list(default().values()))
    plant(objects)
    assert [line for line in found(objects) if said in line], found(objects)
