"""What a server says of one place of a spec is told with the place's file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.access import given
from components.access.spec.load import Placed, load, loads

SPEC = """\
version: 1
roles: { owner: {} }
databases:
  shop:
    owner: owner
    schemas:
      app: {}
    rls:
      tables:
        app.orders:
          own: { to: owner, using: "true" }
"""
PATH = ("databases", "shop", "rls", "tables", "app.orders", "own", "using")
SAYS = Placed(PATH, "PostgreSQL says: no")
TOLD = 'databases.shop.rls.tables."app.orders".own.using: PostgreSQL says: no'


def test_the_line_is_that_of_the_expression() -> None:
    assert loads(SPEC, "shop.yaml").told(SAYS) == f"shop.yaml:11: {TOLD}"


def test_without_a_file_it_is_a_text_like_any_other() -> None:
    assert SAYS == TOLD
    assert loads(SPEC, "shop.yaml").told("role x is not on this server") == "role x is not on this server"


@pytest.fixture
def props(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> given.Props:
    """As a resource has them: the spec without its lines, and the name of its file."""
    monkeypatch.setattr(given, "ROOT", tmp_path)
    (tmp_path / "shop.yaml").write_text(SPEC)
    return {"spec": json.dumps(load(tmp_path / "shop.yaml").plain), "file": "shop.yaml"}


def test_a_resource_reads_the_line_where_the_file_is_still_the_same(props: given.Props, tmp_path: Path) -> None:
    assert given.told(props, SAYS) == f"shop.yaml:11: {TOLD}"
    file = tmp_path / "shop.yaml"
    file.write_text(f"# moved\n{SPEC}")
    assert given.told(props, SAYS) == f"shop.yaml:12: {TOLD}"
    file.write_text(SPEC.replace('"true"', '"false"'))
    assert given.told(props, SAYS) == f"shop.yaml: {TOLD}"
    file.write_text("version: [")
    assert given.told(props, SAYS) == f"shop.yaml: {TOLD}"
    file.unlink()
    assert given.told(props, SAYS) == f"shop.yaml: {TOLD}"
