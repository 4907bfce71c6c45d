"""The look at the cluster before the first resource, as problems of the stack's file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

import pulumi

from components.kubernetes.findings import findings
from components.kubernetes.kubectl import Ask, kubectl
from components.kubernetes.preflight import Facts, look
from components.settings.load import located
from components.settings.model import Settings
from components.settings.problems import Problem
from components.settings.source import Source

Told = Callable[[], list[Problem]]
WHERE = ("kubernetes.context", "kubernetes.kubeconfig")

_EARLY: dict[str, Future[Facts]] = {}


def begin_early(settings: Settings) -> None:
    """Asks for the program that this process is about to run: the answers are there once the engine has started."""
    _EARLY[_key(settings)] = _asked(settings, kubectl(settings))


def _key(settings: Settings) -> str:
    """All that the questions are made of."""
    return f"{settings.name} {settings.kubernetes!r}"


def _asked(settings: Settings, ask: Ask) -> Future[Facts]:
    beside = ThreadPoolExecutor(1)
    facts = beside.submit(look, settings, ask)
    beside.shutdown(wait=False)
    return facts


def begin(settings: Settings, source: Source | None, known: Iterable[Problem] = (), ask: Ask | None = None) -> Told:
    """Asks; what it returns waits for the answers, and says what the cluster lacks.

    Nobody is asked where the settings do not even say rightly which cluster it is. Says which cluster it is, since the
    kubeconfig may have chosen it.
    """
    if any(problem.path in WHERE for problem in known):
        return list
    early = _key(settings) in _EARLY and ask is None
    facts = _EARLY.pop(_key(settings)) if early else _asked(settings, ask or kubectl(settings))

    def told() -> list[Problem]:
        found = facts.result()
        if found.unreachable is None:
            pulumi.log.info(f"Kubernetes: context {found.context or '(none)'} at {found.address}")
        return [located(finding, source) for finding in findings(settings, found)]

    return told
