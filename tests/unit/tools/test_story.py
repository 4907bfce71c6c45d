"""Engine events in, lines for a person out."""

from __future__ import annotations

import pytest
from pulumi.automation import DiagnosticEvent, EngineEvent, OpType, ResourcePreEvent, ResOutputsEvent, StepEventMetadata

from tools.driver.story import Story, drift, sentence, summary

URN = "urn:pulumi:local::p::postgres-ha:embedded:Cluster$pulumi-python:dynamic:Resource::main-pg-1"
STACK = "urn:pulumi:local::p::pulumi:pulumi:Stack::p-local"


def about(operation: OpType, urn: str = URN, **more: object) -> StepEventMetadata:
    return StepEventMetadata(op=operation, urn=urn, type="t", provider="", **more)  # type: ignore[arg-type]


def begins(operation: OpType, urn: str = URN) -> EngineEvent:
    return EngineEvent(sequence=1, timestamp=1, resource_pre_event=ResourcePreEvent(about(operation, urn)))


def ends(operation: OpType, urn: str = URN, **more: object) -> EngineEvent:
    return EngineEvent(sequence=1, timestamp=1, res_outputs_event=ResOutputsEvent(about(operation, urn, **more)))


def says(severity: str, text: str, urn: str | None = None) -> EngineEvent:
    event = DiagnosticEvent(message=text, color="", severity=severity, urn=urn)
    return EngineEvent(sequence=1, timestamp=1, diagnostic_event=event)


def texts(story: Story, event: EngineEvent, now: float = 0.0) -> list[str]:
    return [line.text for line in story.hear(event, now)]


def test_what_stays_the_same_is_not_worth_a_line() -> None:
    story = Story("up")
    assert texts(story, begins(OpType.SAME)) == texts(story, ends(OpType.SAME)) == []
    assert story.changes == {}


def test_a_creation_is_told_with_its_seconds() -> None:
    story = Story("up")
    assert texts(story, begins(OpType.CREATE), 1.0) == []
    assert story.running[URN][0] == "creating main-pg-1"
    assert texts(story, ends(OpType.CREATE), 3.5) == ["+ main-pg-1 created (2.5 s)"]
    assert story.running == {}
    assert story.changes == {"create": 1}


def test_a_preview_speaks_of_the_future_and_names_what_differs() -> None:
    story = Story("preview")
    story.hear(begins(OpType.UPDATE), 0)
    assert story.running == {}
    assert texts(story, ends(OpType.UPDATE, diffs=["spec"])) == ["~ main-pg-1 will be updated: spec"]


def test_a_refresh_tells_drift() -> None:
    story = Story("refresh")
    assert texts(story, ends(OpType.DELETE)) == ["- main-pg-1 is gone"]
    assert texts(story, ends(OpType.UPDATE)) == ["~ main-pg-1 differs from what was last applied"]
    assert drift(story.changes) == "1 gone, 1 different"


def test_the_stack_itself_is_not_counted() -> None:
    story = Story("up")
    assert texts(story, ends(OpType.CREATE, STACK)) == []
    assert story.changes == {}


def test_statements_are_shown_once_looking_is_over() -> None:
    story = Story("up")
    assert texts(story, says("info", "ALTER ROLE a;\n\n")) == []
    assert texts(story, says("info", "drift: pg-1: does not run")) == ["    drift: pg-1: does not run"]
    story.hear(begins(OpType.SAME, STACK), 0)
    assert texts(story, says("info", "drift: pg-1: does not run")) == []
    assert texts(story, says("info", "<{%reset%}>ALTER ROLE a;\n\n")) == ["    ALTER ROLE a;"]


def test_drift_is_told_once_even_where_a_refresh_looks_twice_and_notes_as_often_as_they_come() -> None:
    story = Story("refresh")
    assert texts(story, says("info", "drift: pg-1: does not run")) == ["    drift: pg-1: does not run"]
    assert texts(story, says("info", "drift: pg-1: does not run")) == []
    assert texts(story, says("info", "note: left out")) == texts(story, says("info", "note: left out"))


def test_debug_events_are_never_shown_nor_kept() -> None:
    story = Story("up")
    assert texts(story, says("debug", "password: hush")) == []
    assert "hush" not in repr(story)


def test_an_error_is_kept_once_with_its_resource() -> None:
    story = Story("up")
    story.hear(says("error", "Exception calling application: the disk is full\n", URN), 0)
    story.hear(says("error", "Exception calling application: the disk is full\n", URN), 0)
    story.hear(says("error", "update failed\n"), 0)
    assert story.errors == ["main-pg-1: the disk is full"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("no wrapping", "no wrapping", id="as it is"),
        pytest.param("an unhandled error occurred: a: b", "a: b", id="the engine's prefix"),
        pytest.param("error: Exception calling application: x", "x", id="prefixes one after the other"),
        pytest.param(
            'Traceback (most recent call last):\n  File "a.py", line 1\n    f()\nsome.module.OddError: what\n',
            "what",
            id="a traceback's last line",
        ),
    ],
)
def test_sentence(text: str, expected: str) -> None:
    assert sentence(text) == expected


def test_summary() -> None:
    assert summary({"create": 3, "update": 1}, future=False) == "3 created, 1 updated"
    assert summary({"delete": 2}, future=True) == "2 will be removed"
