"""An `up` that could not verify the server in the end stops before the first resource; a preview warns and goes on."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from components.rds import trust
from components.reach import AuthoritiesError
from tests.mocks.rds.graph import Graph
from tests.unit.settings.rds.stacks import settings

AWAY = "could not be fetched from https://...: no route"


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nobody answers; what is said of it."""
    said: list[str] = []

    def away(_where: str) -> str:
        raise AuthoritiesError(AWAY)

    def heard(message: str, *_: Any) -> None:
        said.append(message)

    monkeypatch.setattr(trust, "authorities", away)
    monkeypatch.setattr(pulumi.log, "warn", heard)
    return said


def test_a_preview_warns(warned: list[str]) -> None:
    mocks.set_mocks(Graph(), preview=True)
    trust.check(settings())
    assert warned == [f"`up` will stop here: {AWAY}"]


def test_an_up_stops(warned: list[str]) -> None:
    mocks.set_mocks(Graph(), preview=False)
    with pytest.raises(pulumi.RunError, match=r"no route; nothing was changed"):
        trust.check(settings())
    assert warned == []


@pytest.mark.parametrize("preview", [True, False])
def test_a_file_that_is_not_there_stops_both(preview: bool) -> None:
    mocks.set_mocks(Graph(), preview=preview)
    with pytest.raises(
        pulumi.RunError, match=r"certificate authorities no/such\.pem: No such file or directory; name a"
    ):
        trust.check(settings({"ca_bundle": "no/such.pem"}))
