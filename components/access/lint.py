"""What a plan must not leave behind: checks on the planned state that stop it unless the spec says why not."""

from __future__ import annotations

from collections.abc import Iterator

from components.access.desired import Desired
from components.access.model import Access, Facts
from components.access.spec.models import Spec


def lint(spec: Spec, name: str, wanted: Desired, actual: Access, facts: Facts) -> tuple[str, ...]:
    """Every finding that `lint.allow` does not except."""
    return tuple(_findings(spec, name, wanted, actual, facts))


def _findings(spec: Spec, name: str, wanted: Desired, actual: Access, facts: Facts) -> Iterator[str]:
    yield from ()
