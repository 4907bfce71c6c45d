"""`python -m components.upgrade` on a real server: what it prints and how it ends."""

from __future__ import annotations

import pytest

from components.upgrade.__main__ import main
from tests.live.access.scratch import packaged, port, scratch_server
from tests.live.upgrade.test_planted import target

pytestmark = pytest.mark.live


def test_its_words_and_its_ends(capsys: pytest.CaptureFixture[str]) -> None:
    major = packaged()
    with scratch_server(major) as folder:
        asked = [str(major), "18", "--url", f"host={folder} port={port(folder)} user=postgres"]
        assert main(asked) == 0
        assert "stops an upgrade" in capsys.readouterr().out
        with target(folder).open(autocommit=True) as connection:
            connection.execute("CREATE TABLE public.t (how regproc)")
        assert main(asked) == 2
        assert capsys.readouterr().out.startswith("stops the upgrade: postgres: column how of table public.t (regproc)")
    assert main(asked) == 1
    assert capsys.readouterr().err.count("\n") >= 1
