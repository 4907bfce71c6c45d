"""An apply on the embedded cluster whose primary is killed in its middle."""

from __future__ import annotations

import time
from collections.abc import Sequence

from components.access import apply
from components.access.model import Statement
from components.access.session import Connection, Target
from components.supervisor import processes
from tests.live.access.shop import Shop
from tests.live.embedded.stack import Stack

RUN = apply.run
GONE_S = 10.0
# What was changed by hand since the last apply, so that there is a repair to be interrupted.
HARM = (
    "DROP POLICY tenant_floor ON app.users",
    'GRANT ALL ON ALL TABLES IN SCHEMA app TO "MARK_readers" WITH GRANT OPTION',
    'REVOKE ALL ON ALL TABLES IN SCHEMA app FROM "MARK_app"',
    'GRANT SELECT (secret) ON app.users TO "MARK_board"',
    "ALTER SCHEMA app OWNER TO postgres",
    'ALTER ROLE "MARK_report" CREATEDB',
    'GRANT "MARK_owner" TO "MARK_app"',
)


def shop(stack: Stack, port: int) -> Shop:
    """Of a spec applied through the gateway, which knows who the primary is."""
    files = {"sslrootcert": "ca.crt", "sslcert": "pki/postgres.crt", "sslkey": "pki/postgres.key"}
    words = {name: str(stack.local / path) for name, path in files.items()}
    here = {"host": "localhost", "port": port, "user": "postgres", "sslmode": "verify-full"}
    return Shop(Target(words={**here, **words}), "failover", allow=frozenset({"cuts-off-sessions"}))


class Killer:
    """Kills a member with all that belongs to it, before the n-th statement of an apply."""

    def __init__(self, stack: Stack, member: str, at: int) -> None:
        self.stack, self.member, self.at, self.seen = stack, member, at, 0

    def run(self, connection: Connection, statements: Sequence[Statement]) -> None:
        """In place of what the program sends statements with."""
        for statement in statements:
            self.seen += 1
            if self.seen == self.at:
                self.stack.kill(self.member)
                _wait_for_the_end_of(connection.info.backend_pid)
            RUN(connection, [statement])


def _wait_for_the_end_of(backend: int) -> None:
    """A session may outlive its killed server for a moment and commit in it; then nothing would be outlived."""
    end = time.monotonic() + GONE_S
    while (found := processes.table().get(backend)) and found.alive:
        assert time.monotonic() < end, f"the session's process {backend} lives {GONE_S:g} s after its server was killed"
        time.sleep(0.02)
