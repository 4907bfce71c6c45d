"""Stopped at any moment, the next run finishes the job."""

from __future__ import annotations

import os
import signal

import pytest

from tests.live.driver.conftest import LIMIT, Trial


def test_ctrl_c_finishes_what_has_begun(trial: Trial) -> None:
    trial.ask_for("one", wait=3)
    run = trial.begin("up")
    trial.until("the step's begin", (trial.files / "one.begun").exists)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=LIMIT)
    assert run.returncode == 130, errors
    assert "stopped on request; the next `make up` finishes the job" in errors
    assert "Traceback" not in errors
    assert (trial.files / "one").exists()
    assert not list((trial.root / ".pulumi/state/.pulumi/locks").rglob("*.json"))
    assert trial.drive("up").returncode == 0


@pytest.mark.parametrize("twice_after", [0.3], ids=["a second Ctrl-C"])
def test_ctrl_c_twice_stops_at_once(trial: Trial, twice_after: float) -> None:
    trial.ask_for("one", wait=20)
    run = trial.begin("up")
    trial.until("the step's begin", (trial.files / "one.begun").exists)
    run.send_signal(signal.SIGINT)
    with pytest.raises(Exception, match="timed out"):
        run.wait(timeout=twice_after)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=15)
    assert run.returncode == 130, errors
    trial.ask_for("one")
    again = trial.drive("up")
    assert again.returncode == 0, again.stderr
    assert (trial.files / "one").read_text() == "first"
    assert "nothing to change" in trial.drive("up").stderr


@pytest.mark.parametrize("victim", ["driver", "engine", "both"])
def test_kill_9_in_the_middle(trial: Trial, victim: str) -> None:
    trial.ask_for("one", wait=3)
    run = trial.begin("up")
    trial.until("the step's begin", (trial.files / "one.begun").exists)
    engines = trial.engines()
    assert engines
    if victim in ("driver", "both"):
        run.kill()
    if victim in ("engine", "both"):
        for pid in engines:
            os.kill(pid, signal.SIGKILL)
    run.wait(timeout=LIMIT)
    again = trial.drive("up")
    assert again.returncode == 0, again.stderr
    assert (trial.files / "one").read_text() == "first"
    third = trial.drive("up")
    assert (third.returncode, "nothing to change" in third.stderr) == (0, True), third.stderr


def test_a_run_beside_another_one_says_so(trial: Trial) -> None:
    trial.ask_for("one", wait=6)
    run = trial.begin("up")
    trial.until("the step's begin", (trial.files / "one.begun").exists)
    second = trial.drive("up")
    assert second.returncode == 1
    assert "another run holds stack local" in second.stderr
    _, errors = run.communicate(timeout=LIMIT)
    assert run.returncode == 0, errors


def test_a_state_whose_attributes_were_being_written(trial: Trial) -> None:
    trial.ask_for("one")
    assert trial.drive("up").returncode == 0
    halves = list((trial.root / ".pulumi/state/.pulumi/stacks").rglob("*.attrs"))
    assert halves
    for file in halves:
        file.write_text("")
    again = trial.drive("up")
    assert again.returncode == 0, again.stderr
    assert "nothing to change" in again.stderr
