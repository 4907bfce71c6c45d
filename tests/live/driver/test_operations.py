"""up, preview, refresh, down and what they say."""

from __future__ import annotations

import json

from tests.live.driver.conftest import Trial


def test_up_twice_then_down(trial: Trial) -> None:
    first = trial.drive("up", "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["changes"] == {"create": 2}
    assert (trial.files / "one").read_text() == "first"
    second = trial.drive("up")
    assert (second.returncode, "nothing to change" in second.stderr) == (0, True), second.stderr
    assert "localhost:1" in second.stderr
    down = trial.drive("down")
    assert down.returncode == 0, down.stderr
    assert not (trial.files / "one").exists()
    assert "nothing to remove" in trial.drive("down").stderr


def test_the_checkout_stays_as_it_was(trial: Trial) -> None:
    before = {file.name: file.read_text() for file in trial.root.glob("*.*") if file.is_file()}
    trial.drive("up")
    trial.drive("preview")
    assert {file.name: file.read_text() for file in trial.root.glob("*.*") if file.is_file()} == before


def test_secrets_are_for_the_owner_only(trial: Trial) -> None:
    trial.drive("up")
    work = trial.root / ".pulumi"
    assert work.stat().st_mode & 0o777 == 0o700
    assert (work / "passphrase").stat().st_mode & 0o777 == 0o600
    assert "hush" not in (work / "state/.pulumi/stacks/trial/local.json").read_text()
    shown = trial.drive("outputs")
    assert json.loads(shown.stdout)["urls"] == "[secret]"
    assert json.loads(trial.drive("urls").stdout)[0]["direct"] == "postgresql://r:hush@h/d"


def test_preview_shows_statements_and_says_whether_there_are_changes(trial: Trial) -> None:
    assert trial.drive("preview", "--expect-no-changes").returncode == 2
    trial.drive("up")
    assert trial.drive("preview", "--expect-no-changes").returncode == 0
    trial.ask_for("one", "two", text="second")
    shown = trial.drive("preview")
    assert "ALTER FILE one SET TEXT second" in shown.stderr
    assert "~ one will be updated" in shown.stderr
    assert (trial.files / "one").read_text() == "first"


def test_drift_is_found_and_repaired(trial: Trial) -> None:
    trial.drive("up")
    (trial.files / "one").write_text("by hand")
    (trial.files / "two").unlink()
    found = trial.drive("refresh", "--json")
    assert json.loads(found.stdout)["changes"] == {"delete": 1, "update": 1}
    assert "drift found: 1 gone, 1 different" in found.stderr
    assert trial.drive("up").returncode == 0
    assert [(trial.files / name).read_text() for name in ("one", "two")] == ["first", "first"]


def test_a_failure_is_one_sentence(trial: Trial) -> None:
    trial.ask_for("one", fail=True)
    failed = trial.drive("up")
    assert failed.returncode == 1
    assert "one: the disk is full; free some space, then run this again" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "Exception calling" not in failed.stderr


def test_a_refused_program_is_one_report(trial: Trial) -> None:
    trial.write({"refuse": "2 problems in the settings; nothing was changed:\n  a: wrong\n  b: wrong"})
    refused = trial.drive("up")
    assert refused.returncode == 1
    assert refused.stderr.count("2 problems in the settings") == 1
    assert "  b: wrong" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_stack_that_does_not_exist(trial: Trial) -> None:
    refused = trial.drive("up", "--stack", "nosuch")
    assert refused.returncode == 1
    assert "Pulumi.nosuch.yaml does not exist; stacks here: local" in refused.stderr


def test_a_lost_and_a_wrong_passphrase(trial: Trial) -> None:
    trial.drive("up")
    passphrase = trial.root / ".pulumi/passphrase"
    passphrase.unlink()
    lost = trial.drive("up")
    assert lost.returncode == 1
    assert "put .pulumi/passphrase back" in lost.stderr and "make reset" in lost.stderr
    passphrase.write_text("another\n")
    wrong = trial.drive("up")
    assert wrong.returncode == 1
    assert "the passphrase does not fit" in wrong.stderr
    assert trial.drive("reset").returncode == 0
    assert not (trial.root / ".pulumi").exists()
    assert trial.drive("up").returncode == 0


def test_a_passphrase_of_ones_own_is_respected(trial: Trial) -> None:
    assert trial.drive("up", PULUMI_CONFIG_PASSPHRASE="mine").returncode == 0
    assert not (trial.root / ".pulumi/passphrase").exists()
    assert trial.drive("urls", PULUMI_CONFIG_PASSPHRASE="mine").returncode == 0


def test_env_is_what_an_installed_cli_needs(trial: Trial) -> None:
    trial.drive("up")
    lines = trial.drive("env").stdout.splitlines()
    assert f"export PULUMI_BACKEND_URL=file://{trial.root}/.pulumi/state" in lines
    assert f"export PULUMI_CONFIG_PASSPHRASE_FILE={trial.root}/.pulumi/passphrase" in lines
