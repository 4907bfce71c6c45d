"""Ends the session of an apply before one of its statements, in the ways in which sessions really end."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Sequence

import psycopg
import pytest

from components.access import apply, run_scripts
from components.access.model import Statement
from components.access.scripts import Script
from components.access.session import Connection, Target

# cancelled: by pg_cancel_backend; terminated: by pg_terminate_backend; dropped: the network between the two is gone;
# crashed: the server process is killed, so that the whole server recovers.
ENDINGS = ("cancelled", "terminated", "dropped")
RUN, APART = apply.run, apply._run_apart


class Interrupter:
    """Counts the statements of an apply, and the end of each transaction's; ends the session just before that number.

    So an apply can end after any statement, the last one before a commit too.
    """

    def __init__(self, target: Target, at: int, ending: str) -> None:
        self.target, self.at, self.ending, self.seen = target, at, ending, 0

    def into(self, patch: pytest.MonkeyPatch) -> None:
        """In place of what the program sends statements with."""
        patch.setattr(apply, "run", self.run)
        patch.setattr(apply, "_run_apart", self.apart)
        patch.setattr(run_scripts, "run_whole", self.script)

    @property
    def happened(self) -> bool:
        return self.seen >= self.at

    def run(self, connection: Connection, statements: Sequence[Statement]) -> None:
        for statement in statements:
            self.end_before(connection)
            RUN(connection, [statement])
        if statements:
            self.end_before(connection)

    def apart(self, connection: Connection, statement: Statement) -> None:
        self.end_before(connection)
        APART(connection, statement)

    def script(self, connection: Connection, script: Script) -> None:
        """Statement by statement, where the program sends the whole file at once."""
        for statement in script.statements:
            self.end_before(connection)
            connection.execute(statement.text.encode(), prepare=False)

    def end_before(self, connection: Connection) -> None:
        self.seen += 1
        if self.seen == self.at:
            end(connection, self.target, self.ending)


def end(connection: Connection, target: Target, ending: str) -> None:
    """Ends a session."""
    pid = connection.info.backend_pid
    if ending == "cancelled":
        # From within, since a session that waits for its client cannot be cancelled.
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(10)")
        raise psycopg.errors.QueryCanceled("cancelled by pg_cancel_backend")
    if ending == "terminated":
        with target.open(autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    elif ending == "dropped":
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
    else:
        os.kill(pid, signal.SIGKILL)
