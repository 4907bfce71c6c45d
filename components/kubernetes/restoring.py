"""Why a cluster that is to be restored does not come: pgBackRest's own words in the members' logs.

Patroni tries a restore that failed again and again, and nothing else, so that no empty cluster comes of it; Kubernetes
knows only that the pods are not ready.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from components.contract import Route
from components.kubernetes.pods import Pods
from components.patroni.failure import ClusterError
from components.reach import RouteError
from components.reach.asking import ask

FAULT = re.compile(r"ERROR: \[\d+\]: (.*)")
SINCE = "60s"
GIVE_UP = 90.0  # seconds of nothing but failures: longer than a repository is away for a moment


def log(route: Route, pod: str) -> list[str]:
    """What a member said of late; nothing when it cannot be asked."""
    try:
        words = ("logs", pod, "--container=postgres", f"--since={SINCE}")
        return ask(route, *words, what=f"the log of {pod} cannot be read").splitlines()
    except RouteError:
        return []


@dataclass
class Restoring:
    """Looked at now and then while members are waited for. `of` is what is restored, in words."""

    route: Route
    of: str
    read: Callable[[Route, str], Iterable[str]] = log
    clock: Callable[[], float] = time.monotonic
    failing: float | None = field(default=None, init=False)  # since when

    def trouble(self, now: Pods) -> str:
        """What fails, in words; "" when nothing does. Raises ClusterError once that is so for long."""
        told = [] if any(pod.ready for pod in now.members) else [self._fault(pod.name) for pod in now.members]
        found = next((one for one in told if one), "")
        if not found:
            self.failing = None
            return ""
        self.failing = self.failing or self.clock()
        if self.clock() - self.failing > GIVE_UP:
            raise ClusterError(
                f"the restore from {self.of} fails: {found}; nothing was made. Correct `restore` or `secrets` of the"
                " stack, remove what is there (make down names the command), and run make up again"
            )
        return f"; the restore fails and is tried again: {found}"

    def _fault(self, pod: str) -> str:
        found = [one[1] for line in self.read(self.route, pod) if (one := FAULT.search(line))]
        return f"pgbackrest on {pod}: {found[-1]}" if found else ""
