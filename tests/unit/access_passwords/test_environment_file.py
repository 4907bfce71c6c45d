"""What was written is read back: by sh itself, and by the rules of Docker's reader."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.access.environment_file import EnvironmentFileError, render, write
from tests.unit.access_passwords.test_passwords import THORNS

VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


def read_by_sh(text: str, name: str) -> str:
    command = ["sh", "-c", 'eval "$1"; eval "printf %s \\"\\$$2\\""', "sh", text, name]
    return subprocess.run(command, capture_output=True, check=True, env={}, timeout=10).stdout.decode()


def read_by_docker(text: str) -> dict[str, str]:
    """Line by line; `#` begins a comment only at the very start; the value is all after the first `=`, as it stands."""
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize(
    "value", [*THORNS, "", "#", "$HOME", "$(id)", "`id`", "a\nb", "\\", "'", '"', "!", "%", "~", "a=b"]
)
def test_sh_reads_back_what_was_meant(value: str) -> None:
    text = render({"BEFORE": "1", "PGPASSWORD": value, "AFTER": "2"}, "sh")
    assert read_by_sh(text, "PGPASSWORD") == value
    assert read_by_sh(text, "AFTER") == "2"


@settings(max_examples=50)
@given(VALUES)
def test_sh_reads_back_any_value(value: str) -> None:
    assert read_by_sh(render({"PGPASSWORD": value}, "sh"), "PGPASSWORD") == value


@pytest.mark.parametrize("value", [value for value in THORNS if value])
def test_docker_gets_the_value_as_it_stands(value: str) -> None:
    text = render({"PGPASSWORD": value, "AFTER": "2"}, "docker")
    assert read_by_docker(text) == {"PGPASSWORD": value, "AFTER": "2"}


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("plain", "A=plain"),
        ("postgresql://u:%23p%24@h:1/d", "A=postgresql://u:%23p%24@h:1/d"),
        ("#Thaw$in2k77!", "A='#Thaw$in2k77!'"),
        ('a "quoted" word', "A='a \"quoted\" word'"),
    ],
)
def test_dotenv_quotes_what_needs_it(value: str, line: str) -> None:
    assert render({"A": value}, "dotenv") == line + "\n"


def test_every_problem_is_told_and_no_value() -> None:
    values = {"A": "it's", "B": "back\\slash", "C": "two\nlines", "1D": "fine", "E": "nul\0"}
    with pytest.raises(EnvironmentFileError) as caught:
        render(values, "dotenv")
    told = str(caught.value)
    assert [line.split(":")[0] for line in told.splitlines()] == ["A", "B", "C", "1D", "E"]
    assert not any(value in told for value in values.values())


def test_docker_refuses_two_lines() -> None:
    with pytest.raises(EnvironmentFileError, match="A: holds a line break, which docker cannot read; write it as part"):
        render({"A": "two\nlines"}, "docker")


def test_the_file_is_the_owners_alone_even_if_there_was_a_wider_one(tmp_path: Path) -> None:
    file = tmp_path / "app.env"
    file.write_text("OLD=1\n")
    file.chmod(0o644)
    write(file, {"PGPASSWORD": "é漢"}, "docker")
    assert file.read_text() == "PGPASSWORD=é漢\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [left.name for left in tmp_path.iterdir()] == ["app.env"]


def test_a_refused_value_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "app.env"
    file.write_text("OLD=1\n")
    with pytest.raises(EnvironmentFileError):
        write(file, {"A": "two\nlines"}, "docker")
    assert file.read_text() == "OLD=1\n"
