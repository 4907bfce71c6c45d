"""The context and the address that people are told are those that kubectl takes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from components.kubernetes.kubeconfig import leads_to


def plain(current: str | None, *names: str) -> dict[str, Any]:
    """A kubeconfig whose contexts lead to clusters of like names."""
    found: dict[str, Any] = {
        "contexts": [{"name": name, "context": {"cluster": f"of-{name}"}} for name in names],
        "clusters": [{"name": f"of-{name}", "cluster": {"server": f"https://{name}:6443"}} for name in names],
    }
    return found | ({"current-context": current} if current else {})


def written(folder: Path, *contents: dict[str, Any] | str) -> str:
    files = []
    for number, each in enumerate(contents):
        files.append(folder / f"config-{number}")
        files[-1].write_text(each if isinstance(each, str) else json.dumps(each))
    return os.pathsep.join(map(str, files))


@pytest.mark.parametrize(
    "context, contents, expected",
    [
        pytest.param(None, [plain("lab", "lab", "prod")], ("lab", "https://lab:6443"), id="the current one"),
        pytest.param("prod", [plain("lab", "lab", "prod")], ("prod", "https://prod:6443"), id="the one that is named"),
        pytest.param("test", [plain("lab", "lab")], ("test", ""), id="one that is not there"),
        pytest.param(None, [plain(None, "lab")], ("", ""), id="none is current"),
        pytest.param(
            None, [plain(None, "a"), plain("b", "b"), plain("a", "a", "b")], ("b", "https://b:6443"), id="the first"
        ),
        pytest.param(None, ["{ not: [yaml", "just a text", plain("lab", "lab")], ("lab", "https://lab:6443"), id="bad"),
        pytest.param(None, ['{"current-context": "a", "contexts": null}'], ("a", ""), id="empty"),
    ],
)
def test_where_it_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context: str | None, contents: list[Any], expected: object
) -> None:
    monkeypatch.setenv("KUBECONFIG", written(tmp_path, *contents))
    assert leads_to(context, None) == expected


def test_a_path_of_the_settings_goes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    path = written(tmp_path, plain("lab", "lab"))
    assert leads_to(None, path) == ("lab", "https://lab:6443")
    assert leads_to(None, None) == ("", "")


def test_the_homes_file_is_the_last_resort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube/config").write_text(json.dumps(plain("lab", "lab")))
    assert leads_to(None, None) == ("lab", "https://lab:6443")
