"""A preview of an unchanged stack loads no driver, no certificate library, no SDK of AWS: each costs it a tenth."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("psycopg", "cryptography", "boto3")
PROVIDERS = ("running", "promotion", "pooler_certificate")


@pytest.mark.parametrize(
    ("module", "more"),
    [("components.rds.cluster", ())]
    + [(f"components.rds.{name}", ("pydantic", "components.settings.model")) for name in PROVIDERS],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(module: str, more: tuple[str, ...]) -> None:
    """In a process of its own, as the program and Pulumi's plugin for providers are."""
    code = f"import sys, {module}; print(*sys.modules)"
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120, check=True
    )
    assert set(done.stdout.split()) & {*HEAVY, *more} == set()
