"""The look at the cluster before the first resource, as problems of the stack's file."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi

from components.kubernetes.findings import findings
from components.kubernetes.preflight import Ask, kubectl, look
from components.settings.load import located
from components.settings.model import Settings
from components.settings.problems import Problem
from components.settings.source import Source

WHERE = ("kubernetes.context", "kubernetes.kubeconfig")


def problems(
    settings: Settings, source: Source | None, known: Iterable[Problem] = (), ask: Ask | None = None
) -> list[Problem]:
    """What the cluster lacks; nothing where the settings do not even say rightly which cluster it is.

    Says which cluster it is, since the kubeconfig may have chosen it.
    """
    if any(problem.path in WHERE for problem in known):
        return []
    facts = look(settings, ask or kubectl(settings))
    if facts.unreachable is None:
        pulumi.log.info(f"Kubernetes: context {facts.context or '(none)'} at {facts.address}")
    return [located(finding, source) for finding in findings(settings, facts)]
