"""How a run under writers ends: its table, its audit and whatever makes it a failure."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from tests.chaos.report import Audit, Outages, problems, table


def conclude(outages: Outages, audit: Audit, routes: Sequence[str], limits: Mapping[str, float], count: int) -> int:
    """Prints them; the exit code is 1 when something makes the run a failure."""
    print(table(outages, routes, limits))
    print(f"rows acknowledged {audit.acknowledged}, of them lost {len(audit.lost)}")
    found = problems(outages, audit, limits, count)
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0
