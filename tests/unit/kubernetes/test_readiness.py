"""The look at the cluster joins the report of everything else that is wrong with a stack's file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from components import platforms
from components.kubernetes import readiness
from components.kubernetes.kubectl import Answer
from components.settings.load import load
from components.settings.problems import SettingsError
from components.settings.source import Source
from tests.unit.kubernetes.test_preflight import ABSENT, ALL, CLASS, SILENT, STORAGE, well

TEXT = """\
config:
  postgres-platform:platform: kubernetes
  postgres-platform:replicas: 1
  postgres-platform:kubernetes:
    storage:
      storage_class: fast
    resources:
      memory: 100Mi
  postgres-platform:access: []
"""


def told(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Answer], text: str = TEXT) -> list[tuple[str, int | None]]:
    """Path and line of every problem of a stack's file, with a cluster that answers so."""

    def kubectl(_settings: Any) -> Any:
        def ask(words: Sequence[str]) -> Answer:
            return answers[words[1]]

        return ask

    monkeypatch.setattr(readiness, "kubectl", kubectl)
    given = yaml.safe_load(text)["config"]
    with pytest.raises(SettingsError) as caught:
        platforms.checked_settings(given, Source.parse(text, "Pulumi.dev.yaml"), online=True)
    return [(one.path, one.line) for one in caught.value.problems]


def test_settings_and_cluster_in_one_report(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, {**ALL, "namespaces": ABSENT, STORAGE: well({"items": [CLASS]})}) == [
        ("replicas", 3),
        ("kubernetes.storage.storage_class", 6),
        ("kubernetes.resources.memory", 8),
    ]


def test_a_silent_cluster_is_one_problem_among_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, {**ALL, "namespaces": SILENT}) == [
        ("replicas", 3),
        ("kubernetes.context", 4),
        ("kubernetes.resources.memory", 8),
    ]


def test_nobody_is_asked_where_the_context_itself_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXT.replace("    storage:\n", "    context: ''\n    storage:\n")
    assert ("kubernetes.context", 5) in told(monkeypatch, {}, text)


def test_offline_checks_ask_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "kubectl", lambda _: pytest.fail("kubectl was asked"))
    with pytest.raises(SettingsError):
        platforms.checked_settings(yaml.safe_load(TEXT)["config"], None)


def test_what_was_asked_early_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command asks while the engine starts; the program that it runs takes the answers, once."""
    asked: list[str] = []

    def kubectl(_settings: Any) -> Any:
        def ask(words: Sequence[str]) -> Answer:
            asked.append(words[1])
            return ALL[words[1]]

        return ask

    monkeypatch.setattr(readiness, "kubectl", kubectl)
    settings = load({"platform": "kubernetes", "access": []}, default_major=17)
    readiness.begin_early(settings)
    early = readiness.begin(settings, None)()
    once = len(asked)
    again = readiness.begin(settings, None)()
    assert early == again
    assert 0 < once < len(asked)
    readiness.begin_early(settings)
    other = load({"platform": "kubernetes", "access": [], "name": "other"}, default_major=17)
    before = len(asked)
    readiness.begin(other, None)()
    assert len(asked) > before
    readiness.begin(settings, None)()
