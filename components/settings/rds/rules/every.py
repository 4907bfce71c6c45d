"""All rules of a stack of platform rds, in one list."""

from __future__ import annotations

from datetime import date

from components.settings.finding import Finding
from components.settings.model import Settings
from components.settings.rds.rules import (
    lifecycle,
    names,
    network,
    parameters,
    pooling,
    replicas,
    storage,
    versions,
    watching,
)

RULES = (
    *names.RULES,
    *lifecycle.RULES,
    *network.RULES,
    *storage.RULES,
    *replicas.RULES,
    *versions.RULES,
    *parameters.RULES,
    *watching.RULES,
    *pooling.RULES,
)
ADVICE = (*network.ADVICE, *storage.ADVICE, *replicas.ADVICE, *parameters.ADVICE, *pooling.ADVICE)


def findings(settings: Settings, today: date | None = None) -> list[Finding]:
    """Every fault of the settings. `today` decides what is past its support; by default the clock says."""
    day = today or date.today()
    dated = [finding for rule in versions.DATED for finding in rule(settings, day)]
    return [finding for rule in RULES for finding in rule(settings)] + dated


def advice(settings: Settings, today: date | None = None) -> list[Finding]:
    """What is allowed and unwise: lines for the preview, never a stop."""
    day = today or date.today()
    dated = [finding for rule in versions.DATED_ADVICE for finding in rule(settings, day)]
    return [finding for rule in ADVICE for finding in rule(settings)] + dated
