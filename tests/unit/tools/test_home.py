"""Our runs share the person's Pulumi home, but for the engine's log."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.driver.home import environment


@pytest.fixture
def persons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".pulumi"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def test_everything_is_the_persons_but_the_log(persons: Path, work: Path) -> None:
    (persons / "logs").mkdir(parents=True)
    (persons / "credentials.json").write_text("{}")
    own = Path(environment(work)["PULUMI_HOME"])
    assert (own / "credentials.json").resolve() == persons / "credentials.json"
    (own / "plugins" / "resource-kubernetes").mkdir()
    assert (persons / "plugins" / "resource-kubernetes").is_dir()
    assert (own / "logs").is_file()


def test_it_is_brought_up_to_date_by_each_run(persons: Path, work: Path) -> None:
    own = Path(environment(work)["PULUMI_HOME"])
    (persons / "early").write_text("")
    assert environment(work) == {"PULUMI_HOME": str(own)}
    assert (own / "early").exists()
    (persons / "early").unlink()
    environment(work)
    assert not (own / "early").is_symlink()


def test_who_has_a_home_keeps_it(persons: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_HOME", "/elsewhere")
    assert environment(work) == {}
    assert not persons.exists()
    assert list(work.iterdir()) == []
