"""Where this layer meets Pulumi: what is shown, and how a failure ends a call in one report instead of a traceback."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from components.engine import end_call, quiet
from components.engine import tell as say

__all__ = ["guarded", "quiet", "say", "told"]

Made = TypeVar("Made")


def told(error: Exception) -> str:
    """What went wrong, for a person."""
    import psycopg  # loaded when something went wrong: a preview of a platform alone needs no driver

    from components.access import failures
    from components.access.failures import AccessError
    from components.access.scripts import ScriptError
    from components.access.spec import SpecError

    if isinstance(error, AccessError | ScriptError | SpecError):
        return str(error)
    if isinstance(error, psycopg.Error):
        return failures.sentence(error)
    return f"unexpected {type(error).__name__}: {error}"


def guarded(where: str, action: Callable[[], Made]) -> Made:
    """Runs `action`; whatever goes wrong ends the call with a report that begins with `where`."""
    try:
        return action()
    except Exception as error:
        message = f"{where}: {told(error)}"
    end_call(message)
    from components.access.failures import AccessError

    raise AccessError(message)
