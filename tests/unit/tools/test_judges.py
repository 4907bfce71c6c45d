from __future__ import annotations

import json

from tools.judges.finding import Finding, Waived, verdict
from tools.judges.schemas import file_name, whole

LIMIT = Finding("checkov", "CKV_K8S_11", "StatefulSet/postgres-main/pg", "CPU limits should be set")
TOKEN = Finding("checkov", "CKV_K8S_38", "StatefulSet/postgres-main/pg", "tokens only where necessary")


def test_what_is_excepted_is_not_said() -> None:
    assert verdict([LIMIT], [Waived("checkov", "CKV_K8S_11", "all", "why")]) == []


def test_an_exception_covers_its_object_alone() -> None:
    waived = [Waived("checkov", "CKV_K8S_38", "certificates", "why")]
    assert verdict([TOKEN], waived) == [
        "checkov CKV_K8S_38 on StatefulSet/postgres-main/pg: tokens only where necessary",
        "k8s/exceptions.yaml: checkov CKV_K8S_38 on certificates is asked for no more",
    ]


def test_an_exception_covers_what_it_says_alone() -> None:
    waived = [Waived("checkov", "CKV_K8S_11", "all", "why", says="CPU")]
    memory = Finding("checkov", "CKV_K8S_11", "StatefulSet/postgres-main/pg", "memory limits should be set")
    assert verdict([LIMIT, memory], waived) == [str(memory)]


def test_a_schema_takes_along_what_it_refers_to_and_no_more() -> None:
    common = {
        "Meta": {"properties": {"owners": {"items": {"$ref": "#/$defs/Owner"}}}},
        "Owner": {"properties": {"of": {"$ref": "#/$defs/Owner"}}},  # refers to itself
        "Other": {},
    }
    schema = {"$id": "somewhere", "properties": {"metadata": {"$ref": "/api/_definitions.json#/$defs/Meta"}}}

    found = whole(schema, common)

    assert found["$defs"].keys() == {"Meta", "Owner"}
    assert found["properties"] == {"metadata": {"$ref": "#/$defs/Meta"}}
    assert "somewhere" not in json.dumps(found)


def test_a_schema_s_file_has_the_group_s_first_word() -> None:
    assert file_name({"apiVersion": "v1", "kind": "Service"}) == "service-v1.json"
    assert file_name({"apiVersion": "apps/v1", "kind": "StatefulSet"}) == "statefulset-apps-v1.json"
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    assert file_name(policy) == "networkpolicy-networking-v1.json"
