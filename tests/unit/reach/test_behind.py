"""Who is behind an endpoint: itself, unless a route leads to pods; what kubectl cannot do is said with its words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.contract import Endpoint, Route
from components.reach import RouteError
from components.reach.behind import behind

POOLED = Endpoint(host="pg-pool.postgres-main.svc", port=6432)
ROUTE = Route(kind="port-forward", namespace="postgres-main")


def test_without_a_route_there_is_nothing_to_ask() -> None:
    assert behind(None, POOLED) == [POOLED]


def test_no_kubectl_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path))

    with pytest.raises(RouteError, match=r"the pods behind pg-pool.*cannot be listed.*kubectl"):
        behind(ROUTE, POOLED)
