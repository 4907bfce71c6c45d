"""What the supervisor's way of starting Patroni adds to it."""

from __future__ import annotations

from typing import Any

import pytest

from components.supervisor.patroni_main import FENCED, fence

TAGS = {"nofailover": False, "nosync": False, "own": 1}


@pytest.mark.parametrize(
    "name, fenced, tags",
    [
        pytest.param("pg-1", ["pg-1"], {**TAGS, **FENCED}, id="fenced"),
        pytest.param("pg-0", ["pg-1"], TAGS, id="another member"),
        pytest.param("pg-1", None, TAGS, id="nobody is"),
    ],
)
def test_a_fenced_member_gets_its_tags(name: str, fenced: list[str] | None, tags: dict[str, Any]) -> None:
    class Config:
        """Patroni's, as far as it is asked."""

        def _load_config_file(self) -> dict[str, Any]:
            return {"name": name, "tags": dict(TAGS)} | ({"fenced": fenced} if fenced else {})

    fence(Config)
    assert Config()._load_config_file()["tags"] == tags
