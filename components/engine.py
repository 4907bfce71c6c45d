"""Where our code meets Pulumi's engine from inside a dynamic provider: what is shown, and how a failure ends a call.

Commands without Pulumi use it too, so gRPC is looked for and never loaded here.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import Any


class _Unlogged(logging.Filter):
    """gRPC logs a traceback of whatever a provider raises; the engine prints the report, which is enough."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.exc_info is None


def quiet() -> None:
    """Keeps gRPC from logging tracebacks."""
    logging.getLogger("grpc._server").addFilter(_Unlogged())


def tell(lines: Iterable[str]) -> None:
    """Shows lines in Pulumi's output: whole and at once, since several resources speak at the same time."""
    if text := "".join(f"{line}\n" for line in lines):
        sys.stdout.write(text)
        sys.stdout.flush()


def end_call(message: str) -> None:
    """Ends the call that the engine waits for with this message, by raising; returns where there is no such call."""
    context = _call_context()
    if context is not None:
        context.abort(sys.modules["grpc"].StatusCode.FAILED_PRECONDITION, message)


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
