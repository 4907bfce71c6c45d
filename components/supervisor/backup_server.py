"""Runs pgBackRest's TLS server in a member's pod: `python3 -m supervisor.backup_server COMMAND ARGUMENT...`.

As the container's first process it buries what the server leaves behind, and when a folder of $WATCHED (separated by
colons) has new content, such as a renewed certificate, the server is told to read it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from . import watched
from .log import Log

LOG_BYTES = 1024 * 1024


def run(command: list[str], folders: list[str]) -> int:
    """Until the command ends; its exit code, 128 and more for the signal that ended it."""
    before = watched.content(folders)  # what changes while the server starts, it may have read before
    server = subprocess.Popen(command)

    def pass_on(number: int, _frame: object) -> None:
        os.kill(server.pid, number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, pass_on)
    watched.watch(folders, Log("-", LOG_BYTES, "pgbackrest"), before=before)
    while True:
        pid, status = os.wait()  # whoever it is: a first process is the parent of all that lost theirs
        if pid == server.pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], [one for one in os.environ.get("WATCHED", "").split(":") if one]))
