"""What a look at the cluster hears of kubectl, whatever becomes of it."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from components.kubernetes import kubectl
from tests.unit.kubernetes.test_findings import settings

LATE = subprocess.TimeoutExpired("kubectl", 10)


@pytest.mark.parametrize(
    ("failure", "status", "told"),
    [
        (FileNotFoundError(2, "No such file or directory"), 127, "kubectl is not installed or not on PATH"),
        (PermissionError(13, "Permission denied"), 126, "kubectl cannot be run: Permission denied"),
        (LATE, 124, "no answer within 10 s"),
    ],
)
def test_a_kubectl_that_does_not_answer_is_an_answer(
    failure: Exception, status: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise failure

    monkeypatch.setattr(kubectl, "answer", fails)
    found = kubectl.kubectl(settings())(("get", "pods"))

    assert found[:2] == (status, "")
    assert found[2].startswith(told)
