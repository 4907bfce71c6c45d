"""When a statement runs, and what it may cost."""

from __future__ import annotations

import enum


class Phase(enum.IntEnum):
    """When a statement runs. Scripts run between DEFAULTS and RIGHTS: what they make is born with its rights."""

    STRUCTURE = 1
    APART = 2  # cannot be in a transaction
    DEFAULTS = 3
    RIGHTS = 4
    RETIRE = 5  # in every database that depends on the role


class Hazard(enum.StrEnum):
    """What a statement may cost. A stack allows each by its name."""

    CUTS_OFF_SESSIONS = "cuts-off-sessions"
    MOVES_EXTENSION = "moves-extension"
    ENDS_SESSIONS = "ends-sessions"


HAZARDS = {
    Hazard.CUTS_OFF_SESSIONS: "roles with open sessions could not connect again",
    Hazard.MOVES_EXTENSION: "code that names the extension's objects in their old schema would fail",
    Hazard.ENDS_SESSIONS: "open sessions of a retired role end at once",
}
