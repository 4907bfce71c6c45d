from __future__ import annotations

from tools.judges import Finding, Waived, verdict

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
