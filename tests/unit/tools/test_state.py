"""Backend, passphrase and what interrupted runs leave, on folders of the test's own."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.driver.leftovers import clean, forget_pending
from tools.driver.project import Project
from tools.driver.refusal import Refusal


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "Pulumi.yaml").write_text("name: trial\n")
    (tmp_path / "Pulumi.local.yaml").write_text("config: {a: 1}\n")
    yield Project(tmp_path, "local")


def lock(project: Project, pid: int, host: str = "", at: str = "2026-11-21T10:00:00.123456789+01:00") -> Path:
    project.locks.mkdir(parents=True, exist_ok=True)
    file = project.locks / f"{pid}.json"
    file.write_text(json.dumps({"pid": pid, "hostname": host or socket.gethostname(), "timestamp": at}))
    return file


def test_a_passphrase_is_made_once(project: Project) -> None:
    project.prepare()
    first = project.passphrase_file.read_text()
    project.prepare()
    assert project.passphrase_file.read_text() == first
    assert len(first.strip()) >= 32


def test_a_lost_passphrase_is_never_replaced(project: Project) -> None:
    project.checkpoint.parent.mkdir(parents=True)
    project.checkpoint.write_text("{}")
    with pytest.raises(Refusal, match="passphrase of Pulumi's state is gone"):
        project.prepare()
    assert not project.passphrase_file.exists()


def test_the_salt_of_the_last_run_is_kept(project: Project) -> None:
    project.prepare()
    project.engine_stack_file.write_text("config: {a: 0}\nencryptionsalt: v1:abc\n")
    project.prepare()
    text = project.engine_stack_file.read_text()
    assert text == "config: {a: 1}\nencryptionsalt: v1:abc\n"


def test_a_salt_of_ones_own_wins(project: Project) -> None:
    project.prepare()
    project.engine_stack_file.write_text("encryptionsalt: v1:ours\n")
    project.stack_file.write_text("encryptionsalt: v1:theirs\n")
    project.prepare()
    assert project.engine_stack_file.read_text() == "encryptionsalt: v1:theirs\n"


def test_what_the_person_has_set_is_left_alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://elsewhere")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    project.prepare()
    assert set(project.environment()) == {"PULUMI_SKIP_UPDATE_CHECK"}
    assert not project.state.exists() and not project.passphrase_file.exists()


def test_a_lock_of_a_dead_process_goes(project: Project) -> None:
    file = lock(project, 2**22 + 1)
    assert "process 4194305 is gone" in next(clean(project))
    assert not file.exists()


def test_a_lock_of_another_program_with_the_same_pid_goes(project: Project) -> None:
    file = lock(project, os.getpid())
    assert list(clean(project)) and not file.exists()


def test_a_lock_of_another_machine_stays(project: Project) -> None:
    file = lock(project, 1, host="another.example")
    assert list(clean(project)) == []
    assert file.exists()


def test_files_that_a_killed_engine_had_begun_go_and_whole_ones_stay(project: Project) -> None:
    folder = project.checkpoint.parent
    folder.mkdir(parents=True)
    whole = [project.checkpoint, folder / "local.json.bak.attrs"]
    for file in whole:
        file.write_text("{}")
    (folder / "local.json.attrs").touch()
    (folder / "local.json.tmp12").write_text('{"half')
    assert [note.split(",")[0] for note in clean(project)] == ["removed local.json.attrs", "removed local.json.tmp12"]
    assert sorted(folder.iterdir()) == sorted(whole)


def test_unfinished_operations_are_forgotten_and_named(tmp_path: Path) -> None:
    file = tmp_path / "local.json"
    pending = [{"resource": {"urn": "urn:pulumi:local::p::t::pg-2"}, "type": "creating"}]
    latest = {"resources": [{"urn": "kept"}], "pending_operations": pending}
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))
    assert list(forget_pending(file)) == ["the last run was interrupted at: pg-2; looking at what is really there"]
    assert json.loads(file.read_text()) == {"version": 3, "checkpoint": {"latest": {"resources": [{"urn": "kept"}]}}}
    assert list(forget_pending(file)) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"checkpoint": null}'])
def test_a_state_that_cannot_be_read_is_left_to_the_engine(tmp_path: Path, text: str) -> None:
    file = tmp_path / "local.json"
    file.write_text(text)
    assert list(forget_pending(file)) == []
    assert file.read_text() == text


def state(project: Project, stack: str, resources: str) -> Path:
    """A checkpoint with what else the engine keeps of a stack."""
    below = project.state / ".pulumi"
    for folder in ("history", "backups"):
        (below / folder / "trial" / stack).mkdir(parents=True)
    file = below / "stacks" / "trial" / f"{stack}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'{{"version": 3, "checkpoint": {{"latest": {{"resources": {resources}}}}}}}')
    file.with_suffix(".json.bak").write_text("{}")
    return file


def test_forgetting_a_stack_leaves_one_that_is_up_what_it_needs(project: Project) -> None:
    project.prepare()
    own, other = state(project, "local", "[1, 2]"), state(project, "local17", "[1, 2]")
    assert project.forget() == ["local17"]
    below = project.state / ".pulumi"
    assert project.passphrase_file.exists() and other.exists() and other.with_suffix(".json.bak").exists()
    assert (below / "history/trial/local17").is_dir()
    assert not own.exists() and not own.with_suffix(".json.bak").exists()
    assert not (below / "history/trial/local").exists() and not (below / "backups/trial/local").exists()
    assert not project.engine_stack_file.exists()


@pytest.mark.parametrize("resources", ["[]", "null", "[1]"])
def test_forgetting_the_last_stack_that_is_up_leaves_nothing(project: Project, resources: str) -> None:
    project.prepare()
    state(project, "local", "[1, 2]")
    state(project, "local17", resources)
    assert project.forget() == []
    assert not project.work.exists()


def test_a_state_that_cannot_be_read_may_be_of_something_that_is_up(project: Project) -> None:
    project.prepare()
    state(project, "dev", "[1, 2]").write_text("{")
    assert project.forget() == ["dev"]


def checkpoint(project: Project, stack: str, resources: int) -> Path:
    file = project.checkpoint.with_name(f"{stack}.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": [{"type": "x"}] * resources}}}))
    return file


def test_a_reset_forgets_all_when_no_other_stack_is_up(project: Project) -> None:
    project.prepare()
    checkpoint(project, "local", 5)
    checkpoint(project, "dev", 1)  # the stack itself: it was taken down

    project.forget()

    assert not project.work.exists()


def test_a_reset_leaves_what_another_stack_needs(project: Project) -> None:
    project.prepare()
    own, other = checkpoint(project, "local", 5), checkpoint(project, "dev", 5)
    lock(project, 1)

    assert project.others == ["dev"]
    project.forget()

    assert not own.exists()
    assert not project.locks.exists()
    assert other.exists()
    assert project.passphrase_file.exists()
