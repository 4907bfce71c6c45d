"""The look at the cluster before the first resource, as problems of the stack's file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import pulumi

from components.kubernetes.findings import findings
from components.kubernetes.preflight import Ask, kubectl, look
from components.settings.load import located
from components.settings.model import Settings
from components.settings.problems import Problem
from components.settings.source import Source

Told = Callable[[], list[Problem]]
WHERE = ("kubernetes.context", "kubernetes.kubeconfig")


def begin(settings: Settings, source: Source | None, known: Iterable[Problem] = (), ask: Ask | None = None) -> Told:
    """Asks; what it returns waits for the answers, and says what the cluster lacks.

    Nobody is asked where the settings do not even say rightly which cluster it is. Says which cluster it is, since the
    kubeconfig may have chosen it.
    """
    if any(problem.path in WHERE for problem in known):
        return list
    beside = ThreadPoolExecutor(1)
    facts = beside.submit(look, settings, ask or kubectl(settings))
    beside.shutdown(wait=False)

    def told() -> list[Problem]:
        found = facts.result()
        if found.unreachable is None:
            pulumi.log.info(f"Kubernetes: context {found.context or '(none)'} at {found.address}")
        return [located(finding, source) for finding in findings(settings, found)]

    return told
