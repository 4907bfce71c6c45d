"""Waits for what Kubernetes makes: through an API server's silence, up to a limit, and not in silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from components.kubernetes import waiting
from components.kubernetes.waiting import wait
from components.patroni.failure import ClusterError
from components.reach import RouteError


def saying(*answers: str | RouteError) -> Callable[[], str]:
    """What is lacking, look by look; the last one goes on."""
    coming = list(answers)

    def look() -> str:
        answer = coming.pop(0) if len(coming) > 1 else coming[0]
        if isinstance(answer, RouteError):
            raise answer
        return answer

    return look


def lacking(now: str) -> str:
    return "" if now == "ready" else now


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PAUSE", 0.0)
    monkeypatch.setattr(waiting, "TOLD_EVERY", -1.0)


def test_a_silent_api_server_is_no_end(capsys: pytest.CaptureFixture[str]) -> None:
    look = saying(RouteError("no answer"), "pg-1 is not ready", "ready")

    assert wait(look, lacking, 60.0, "pods", trouble=lambda now: f" ({now}!)") == "ready"

    assert capsys.readouterr().out.splitlines() == [
        "waiting for pods: no answer",
        "waiting for pods: pg-1 is not ready (pg-1 is not ready!)",
    ]


def test_the_limit_ends_in_what_is_lacking() -> None:
    with pytest.raises(ClusterError, match=r"^waited 0\.01 s for pods: pg-1 is not ready; it is late$"):
        wait(saying("pg-1 is not ready"), lacking, 0.01, "pods", hint=lambda: "; it is late")


def test_a_trouble_may_give_up() -> None:
    def give_up(_now: str) -> str:
        raise ClusterError("nothing was made")

    with pytest.raises(ClusterError, match="nothing was made"):
        wait(saying("pg-1 is not ready"), lacking, 60.0, "pods", trouble=give_up)
