"""Where this layer meets Pulumi: what is shown, and how a failure ends a call in one report instead of a traceback."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

Made = TypeVar("Made")


class _Unlogged(logging.Filter):
    """gRPC logs a traceback of whatever a provider raises; the engine prints the report, which is enough."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.exc_info is None


def quiet() -> None:
    """Keeps gRPC from logging tracebacks."""
    logging.getLogger("grpc._server").addFilter(_Unlogged())


def say(lines: Iterable[str]) -> None:
    """Shows lines in Pulumi's output; at once, since several resources speak at the same time."""
    if text := "".join(f"{line}\n" for line in lines):
        sys.stdout.write(text)
        sys.stdout.flush()


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
    context = _call_context()
    if context is not None:
        import grpc  # type: ignore[import-untyped]  # there already; commands without Pulumi never load it

        context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
    from components.access.failures import AccessError

    raise AccessError(message)


def _call_context() -> Any:
    """The gRPC context of the call that is being served, found on the stack: dynamic providers are not given it."""
    grpc = sys.modules.get("grpc")
    frame = sys._getframe() if grpc else None
    while frame is not None:
        found = frame.f_locals.get("context")
        if grpc and isinstance(found, grpc.ServicerContext):
            return found
        frame = frame.f_back
    return None
