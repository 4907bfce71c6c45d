"""The administrator's identity lies on disk for one session, readable by nobody else, and what was left is swept."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from components.patroni.authority import issue, new_authority
from components.reach.identity import PREFIX, identity_files, unusable

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PEM = {"certificate": "cert", "key": "key", "ca": "ca"}


def test_files_are_private_and_go_at_the_end(tmp_path: Path) -> None:
    with identity_files(PEM, tmp_path) as words:
        key = Path(words["sslkey"])
        assert key.read_text() == "key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
        assert words.keys() == {"sslcert", "sslkey", "sslrootcert"}
    assert not list(tmp_path.iterdir())


def test_files_go_after_a_failure_too(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), identity_files(PEM, tmp_path):
        raise RuntimeError("the session failed")
    assert not list(tmp_path.iterdir())


def test_what_a_killed_run_left_is_swept_and_others_are_not(tmp_path: Path) -> None:
    left, others = tmp_path / f"{PREFIX}999999999-x", tmp_path / f"{PREFIX}1-x"
    left.mkdir()
    others.mkdir()

    with identity_files(PEM, tmp_path):
        assert not left.exists()
    assert others.exists()


def test_no_identity_gives_no_words() -> None:
    with identity_files(None) as words:
        assert words == {}


def test_an_identity_is_usable_until_it_expires() -> None:
    authority = new_authority("test", NOW)
    pair = issue(authority, "postgres", NOW)
    identity = {"certificate": pair.certificate.decode(), "key": pair.key.decode(), "ca": "ca"}

    assert unusable(identity, NOW + timedelta(days=1)) is None
    assert "expired at 2026-" in str(unusable(identity, NOW + timedelta(days=91)))
    assert "yet to be made" in str(unusable({}))
    assert unusable(None) is None
