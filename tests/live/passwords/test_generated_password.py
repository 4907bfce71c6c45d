"""A generated password through the real engine: made once, kept by a refresh, never in clear in state or output."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pulumi
import pytest
from pulumi import automation

from components.access.generated_password import GeneratedPassword
from tools.setup.pulumi import ensure_pulumi, search_path

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A file backend and a passphrase of its own; the CLI and the launcher of dynamic providers on PATH."""
    checkout = Path(__file__).parents[3]
    folders = [str(checkout / ".venv/bin"), *search_path(ensure_pulumi()), os.environ["PATH"]]
    return {
        "PATH": os.pathsep.join(folders),
        "PYTHONPATH": str(checkout),
        "WORK_DIR": str(tmp_path_factory.mktemp("work")),
        "PULUMI_BACKEND_URL": tmp_path_factory.mktemp("backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "only for this test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def stack(environment: dict[str, str], rotate: int) -> automation.Stack:
    def program() -> None:
        made = GeneratedPassword("app", rotate=rotate)
        pulumi.export("password", made.password)

    return automation.create_or_select_stack(
        "test",
        project_name="generated-password",
        program=program,
        opts=automation.LocalWorkspaceOptions(work_dir=environment["WORK_DIR"], env_vars=environment),
    )


@pytest.fixture
def at_rotation(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int], automation.Stack]]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    yield lambda rotate: stack(environment, rotate)


def password_of(result: automation.UpResult | automation.Stack) -> automation.OutputValue:
    outputs = result.outputs if isinstance(result, automation.UpResult) else result.outputs()
    return outputs["password"]


def test_made_once_kept_by_refresh_and_rotated(
    environment: dict[str, str], at_rotation: Callable[[int], automation.Stack]
) -> None:
    shown: list[str] = []
    first = at_rotation(0).up(on_output=shown.append)
    made = password_of(first)
    assert made.secret
    assert len(made.value) == 32

    refreshed = at_rotation(0)
    refreshed.refresh(on_output=shown.append)
    assert (password_of(refreshed).value, password_of(refreshed).secret) == (made.value, True)
    again = at_rotation(0).up(on_output=shown.append)
    assert again.summary.resource_changes == {"same": 2}
    assert password_of(again).value == made.value

    preview = at_rotation(1).preview(on_output=shown.append)
    assert preview.change_summary.get(automation.OpType.REPLACE) == 1
    rotated = password_of(at_rotation(1).up(on_output=shown.append))
    assert rotated.secret
    assert rotated.value != made.value
    at_rotation(1).refresh(on_output=shown.append)

    backend = Path(url2pathname(urlsplit(environment["PULUMI_BACKEND_URL"]).path))
    states = [file.read_text() for file in backend.rglob("*") if file.is_file()]
    assert any("GeneratedPassword" in state and "ciphertext" in state for state in states)
    for value in (made.value, rotated.value):
        assert not any(value in text for text in [*states, *shown])
