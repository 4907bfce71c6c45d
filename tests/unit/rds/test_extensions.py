"""What RDS cannot have is told with its line; what is optional, or there, is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.access.spec.load import load, loads
from components.rds.extensions import absent

SQL = Path(__file__).parents[3] / "sql"
SPEC = """version: 1
roles:
  owner:
databases:
  shop:
    owner: owner
    extensions:
      NAME: {}
"""


def test_a_system_that_needs_timescaledb_is_told_where_to_go() -> None:
    (problem,) = absent([load(SQL / "corporate_intel" / "access.yaml", name="sql/corporate_intel/access.yaml")])
    assert (problem.path, problem.file) == (
        "databases.corporate_intel.extensions.timescaledb",
        "sql/corporate_intel/access.yaml",
    )
    assert problem.line
    assert problem.message == (
        "Amazon RDS has no timescaledb; use platform embedded or kubernetes with it, or mark it optional: true"
    )


@pytest.mark.parametrize(
    ("name", "found"), [("citus", 1), ("pg_cron", 0), ("pgaudit", 0), ("vector", 0), ("postgis", 0)]
)
def test_which_there_are(name: str, found: int) -> None:
    assert len(list(absent([loads(SPEC.replace("NAME", name), "a.yaml")]))) == found


@pytest.mark.parametrize("system", ["faevision", "devmentor", "pretamane", "aves", "nexpo"])
def test_the_other_systems_go(system: str) -> None:
    assert list(absent([load(SQL / system / "access.yaml", name=system)])) == []
