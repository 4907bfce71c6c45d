"""The way in by AWS Session Manager, with a stand-in for the AWS CLI that carries connections on this machine."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.contract import Endpoint, Route
from components.reach import RouteError, open_route
from components.reach.route import begin, close_all
from tests import plugins

pytestmark = pytest.mark.live
ROUTE = Route(kind="ssm", target="i-0123456789abcdef0", region="eu-central-1", timeout=20)
BY_TASK = dataclasses.replace(ROUTE, target=None, cluster="arn:aws:ecs:eu-central-1:1:cluster/pool", service="pooler")
TASK = {
    "taskArn": "arn:aws:ecs:eu-central-1:1:task/pool/0a1b",
    "containers": [
        {"name": "read-only", "lastStatus": "PENDING"},
        {"name": "read-write", "lastStatus": "RUNNING", "runtimeId": "0a1b-77"},
    ],
}


class Calls:
    """What the AWS CLI was asked for."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def __iter__(self) -> Iterator[list[str]]:
        return map(json.loads, self._log.read_text().splitlines())

    def parameters(self) -> dict[str, Any]:
        (last,) = [words for words in self if words[:2] == ["ssm", "start-session"]]
        found: dict[str, Any] = json.loads(last[last.index("--parameters") + 1])
        return found


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    log = tmp_path / "calls"
    log.touch()
    monkeypatch.setenv("STANDIN_LOG", str(log))
    monkeypatch.setenv("PATH", f"{plugins.folder('session_manager')}:{os.environ['PATH']}")
    yield Calls(log)
    close_all()


@pytest.fixture
def echo() -> Iterator[Endpoint]:
    """A server that says back what it hears. Its name is one that only the far end could resolve."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                client.sendall(client.recv(100))
                client.close()

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield Endpoint(host="main.abc.eu-central-1.rds.amazonaws.com", port=server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)  # wakes who accepts, as closing it alone does not
        serving.join(10)


def said_back(words: dict[str, Any]) -> bytes:
    with socket.create_connection((words["hostaddr"], words["port"]), timeout=10) as client:
        client.sendall(b"hello")
        return client.recv(100)


def test_connections_are_carried_to_the_database_by_its_own_name(calls: Calls, echo: Endpoint) -> None:
    with open_route(ROUTE, echo) as way:
        assert said_back(way.words()) == b"hello"
        assert way.words() == way.words()
    assert calls.parameters() == {"host": [echo.host], "portNumber": [str(echo.port)]}
    (words,) = calls
    assert words[:6] == ["ssm", "start-session", "--region", "eu-central-1", "--target", "i-0123456789abcdef0"]


def test_a_way_that_was_begun_is_the_one_that_is_taken(calls: Calls, echo: Endpoint) -> None:
    begin(ROUTE, echo)
    begin(ROUTE, echo)
    with open_route(ROUTE, echo) as way:
        assert said_back(way.words()) == b"hello"
    assert len(list(calls)) == 1


def test_a_way_that_cannot_be_begun_is_told_to_who_takes_it(echo: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    begin(ROUTE, echo)
    with open_route(ROUTE, echo) as way, pytest.raises(RouteError, match="the AWS CLI, version 2"):
        way.words()


def test_a_session_that_ends_is_started_again_by_the_same_port(calls: Calls, echo: Endpoint) -> None:
    with open_route(ROUTE, echo) as way:
        first = way.words()
        way.renew()
        assert said_back(way.words()) == b"hello"
        assert said_back(first) == b"hello"


def test_a_task_of_the_pooler_is_the_target_by_default(
    calls: Calls, echo: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_TASKS", json.dumps([TASK]))
    with open_route(BY_TASK, echo) as way:
        assert said_back(way.words()) == b"hello"
    *_, words = calls
    assert words[words.index("--target") + 1] == "ecs:pool_0a1b_0a1b-77"


@pytest.mark.parametrize(
    ("tasks", "why"),
    [
        ([], "ECS service pooler has no running task; wait for one, or name rds.reach.target"),
        ([{**TASK, "containers": []}], "no task of ECS service pooler has a container that runs yet"),
    ],
)
def test_without_a_task_to_go_through(
    calls: Calls, echo: Endpoint, monkeypatch: pytest.MonkeyPatch, tasks: list[Any], why: str
) -> None:
    monkeypatch.setenv("STANDIN_TASKS", json.dumps(tasks))
    with open_route(BY_TASK, echo) as way, pytest.raises(RouteError, match=why):
        way.words()


def test_what_aws_refuses_is_said_with_what_to_do(
    calls: Calls, echo: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "An error occurred (TargetNotConnected) when calling the StartSession operation: i-0 is not connected."
    monkeypatch.setenv("STANDIN_REFUSES", said)
    with open_route(ROUTE, echo) as way, pytest.raises(RouteError) as refused:
        way.words()
    assert str(refused.value).startswith(f"Session Manager's way to {echo} through i-0123456789abcdef0: {said}")
    assert "needs the SSM agent and its role" in str(refused.value)


@pytest.mark.parametrize("there", [(), ("aws",)])
def test_without_the_programs_it_is_said_which_and_what_else_can_be_done(
    there: tuple[str, ...], echo: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in there:
        shutil.copy(plugins.folder("session_manager") / name, tmp_path / name)
    monkeypatch.setenv("PATH", str(tmp_path))
    with open_route(ROUTE, echo) as way, pytest.raises(RouteError) as refused:
        way.words()
    assert ("aws (the AWS CLI, version 2)" in str(refused.value)) is ("aws" not in there)
    assert "session-manager-plugin (the AWS CLI's plugin for Session Manager) is not on PATH" in str(refused.value)
    assert "rds.reach.by: direct" in str(refused.value)


def test_no_way_and_no_pooler() -> None:
    nowhere = dataclasses.replace(BY_TASK, service=None)
    with (
        open_route(nowhere, Endpoint(host="h", port=1)) as way,
        pytest.raises(RouteError, match=r"(is not on PATH|name one in rds\.reach\.target)"),
    ):
        way.words()
