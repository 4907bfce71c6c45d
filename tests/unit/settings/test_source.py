"""The line of a setting in the file that a person wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.settings.problems import Problem, SettingsError
from components.settings.source import Source

STACK = """\
encryptionsalt: v1:x
config:
  postgres-platform:platform: embedded
  # a comment
  postgres-platform:access:
    - a.yaml
    - b.yaml
  postgres-platform:embedded:
    ports: {writer: 1, reader: 2}
"""


@pytest.mark.parametrize(
    "path, line",
    [
        (("platform",), 3),
        (("access",), 5),
        (("access", 1), 7),
        (("embedded", "ports", "reader"), 9),
        (("embedded", "ports", "unknown"), 9),
        (("embedded", "unknown"), 8),
        (("absent",), None),
        ((), None),
    ],
)
def test_lines(path: tuple[str | int, ...], line: int | None) -> None:
    assert Source.parse(STACK, "Pulumi.local.yaml").line(path) == line


def test_a_plain_file_has_its_own_paths(tmp_path: Path) -> None:
    file = tmp_path / "access.yaml"
    file.write_text("roles:\n  app:\n    login: true\n")
    source = Source.read(file)
    assert (source.file, source.line(("roles", "app", "login"))) == ("access.yaml", 3)


@pytest.mark.parametrize("text, line", [("a: [1", 1), ("a: 1\nb: 'x\n", 2), ("a:\n\t- b", 2)])
def test_what_is_no_yaml_is_a_problem_with_its_line(text: str, line: int) -> None:
    with pytest.raises(SettingsError) as caught:
        Source.parse(text, "x.yaml")
    (problem,) = caught.value.problems
    assert problem.message.startswith("is not valid YAML: ")
    assert problem.line is not None
    assert line <= problem.line <= line + 1


def test_an_empty_file_has_no_lines() -> None:
    assert Source.parse("", "x.yaml").line(("a",)) is None


def test_a_problem_reads_as_one_line() -> None:
    assert str(Problem("a.b", "is wrong", "x.yaml", 3)) == "x.yaml:3: a.b: is wrong"
    assert str(Problem("a.b", "is wrong")) == "a.b: is wrong"
    assert str(Problem("", "is wrong", "x.yaml")) == "x.yaml: is wrong"
    assert str(SettingsError([Problem("a", "x")])) == "1 problem in the settings; nothing was changed:\n  a: x"
