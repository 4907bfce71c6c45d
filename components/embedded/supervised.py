"""A part of the platform as a folder with a supervisor: started, looked at, told to reload, stopped.

`launched.json` in the folder remembers what the running programs have read: it is written before a start and after a
reload, so an `up` that was killed in between finds out what is still to be done.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.embedded.failure import EmbeddedError
from components.embedded.files import Account, folder, json_of, server_account, text_of, write
from components.patroni.failure import ClusterError
from components.patroni.waiting import see, until
from components.supervisor import processes
from components.supervisor.processes import Process

START_LIMIT = 15.0
STOP_SLACK = 15.0  # beyond the limit that the supervisor itself keeps to
KILL_LIMIT = 10.0
GONE = " (deleted)"  # what the kernel adds to the path of a folder that was removed
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True, kw_only=True)
class Launched:
    """Digests of what the programs were started with (`launch`) and of the files that they have read since."""

    launch: str = ""
    loaded: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Part:
    """`role` is the supervisor's: member, node or gateway. `runtime` holds the package supervisor."""

    name: str
    role: str
    home: Path
    python: str
    runtime: str
    stop_limit: float

    @staticmethod
    def of(spec: Mapping[str, Any]) -> Part:
        return Part(
            name=spec["name"],
            role=spec["role"],
            home=Path(spec["directory"]),
            python=spec["python"],
            runtime=spec["runtime"],
            stop_limit=float(spec["supervisor"]["stop_limit_seconds"]),
        )

    @property
    def log(self) -> Path:
        return self.home / "log" / "supervisor.log"

    def status(self) -> dict[str, Any]:
        return json_of(self.home / "status.json")

    def running(self) -> Process | None:
        """The supervisor itself, if it is that very process that wrote the status."""
        return _living(self.status())

    def child(self, name: str) -> Process | None:
        """One of the programs that it runs."""
        return _living(self.status().get("children", {}).get(name, {}))

    def launched(self) -> Launched:
        known = json_of(self.home / "launched.json")
        return Launched(launch=str(known.get("launch", "")), loaded=dict(known.get("loaded", {})))

    def remember(self, launched: Launched) -> None:
        text = json.dumps({"launch": launched.launch, "loaded": dict(launched.loaded)})
        write(self.home / "launched.json", text, server_account())

    def start(self, launched: Launched) -> None:
        """Starts the supervisor in its own session, as the servers' account, and waits until it says that it runs."""
        account = server_account()
        self._sweep(vanished=True)
        folder(self.home / "log", account)
        self.remember(launched)
        complaints = self.home / "log" / "start.log"
        write(complaints, "", account)
        with complaints.open("ab") as errors:
            command = [
                *become(account),
                self.python,
                "-m",
                "supervisor",
                self.role,
                "--config",
                str(self.home / "supervisor.json"),
            ]
            process = subprocess.Popen(
                command,
                cwd=self.home,
                env=ENVIRONMENT | {"HOME": str(self.home), "PYTHONPATH": self.runtime},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        until(lambda: self._came_up(process), START_LIMIT, f"the supervisor of {self.name}", lambda: see(complaints))

    def _came_up(self, process: subprocess.Popen[bytes]) -> Process | None:
        code = process.poll()
        # 3: a supervisor that an interrupted `up` started holds the folder; its status comes in a moment.
        if code not in (None, 0, 3):
            said = (text_of(self.home / "log" / "start.log") or "").strip()
            raise EmbeddedError(
                f"the supervisor of {self.name} ended at once (exit code {code}): {said or 'it said nothing'}"
            )
        return self.running()

    def reload(self) -> None:
        """SIGHUP to the supervisor, which tells everything below it."""
        _send(self.running(), signal.SIGHUP)

    def tell(self, child: str, number: signal.Signals) -> None:
        """A signal to one program alone."""
        _send(self.child(child), number)

    def stop(self) -> None:
        """Cleanly within the supervisor's own limit, then by force. What is not running is fine."""
        supervisor = self.running()
        if supervisor is None:
            self._sweep()
            return
        _send(supervisor, signal.SIGTERM)
        try:
            until(lambda: not _alive(supervisor), self.stop_limit + STOP_SLACK, f"{self.name} to stop")
        except ClusterError:
            # The kernel tells what it runs to stop, as it told them when they were started.
            _send(supervisor, signal.SIGKILL)
            until(lambda: not _alive(supervisor), KILL_LIMIT, f"{self.name} to die", lambda: f" (pid {supervisor.pid})")
        self._sweep()

    def kill(self) -> None:
        """At once, for what is not needed any more; the kernel tells what it runs to stop as well."""
        _send(self.running(), signal.SIGKILL)
        self._sweep()

    def _sweep(self, *, vanished: bool = False) -> None:
        """Ends what a killed supervisor left in this folder; or only what runs on in a folder that somebody removed."""

        def left() -> list[Process]:
            found = processes.table().values()
            return [one for one in found if one.alive and at_home(one.pid, self.home, vanished=vanished)]

        if not processes.end(left, limit=KILL_LIMIT, reap=lambda: None, pause=0.05):
            pids = ", ".join(str(one.pid) for one in left())
            raise EmbeddedError(f"processes of {self.name} cannot be ended (pid {pids}); end them and run up again")


def at_home(pid: int, home: Path, *, vanished: bool = False) -> bool:
    """Whether the process works in this folder or below, or did before the folder was removed (`vanished`).

    All that we start does; a person's shell may.
    """
    try:
        link = str(Path(f"/proc/{pid}/cwd").readlink())
        program = Path(f"/proc/{pid}/exe").readlink().name.split(" ")[0]
    except OSError:
        return False
    place = link.removesuffix(GONE)
    if vanished and place == link:
        return False
    if place != str(home) and not place.startswith(f"{home}/"):
        return False
    return program.startswith(
        ("postgres", "etcd", "pgbouncer", "haproxy", "python", "pg_basebackup", "initdb", "pg_rewind", "pgbackrest")
    )


def _living(known: Mapping[str, Any]) -> Process | None:
    pid, start_time = known.get("pid"), known.get("start_time")
    if not isinstance(pid, int) or not isinstance(start_time, int):
        return None
    process = processes.read(pid)
    return process if process is not None and process.start_time == start_time and process.alive else None


def _alive(process: Process) -> bool:
    return processes.is_running(process.pid, process.start_time)


def _send(process: Process | None, number: signal.Signals) -> None:
    if process is not None:
        processes.send(process, number)


def become(account: Account) -> list[str]:
    """A prefix that becomes another account. Not Popen(user=...): that forks, which gRPC's threads do not survive,
    while without it Python calls vfork.
    """
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups", "--"]
