"""The access tests' scratch server, here too."""

from __future__ import annotations

from tests.live.access.conftest import mark, pytest_generate_tests, server, target

__all__ = ["mark", "pytest_generate_tests", "server", "target"]
