"""Starts programs, is their parent, and starts again what dies. One loop that sleeps until the kernel has news.

What a death means is not decided here: the role (member, node, gateway) is asked.
"""

from __future__ import annotations

import contextlib
import functools
import os
import selectors
import signal
import subprocess
import threading
import time
from typing import Any

from . import processes, status
from .backoff import WINDOW, delay
from .configuration import Common
from .log import Lines, Log
from .program import Kept, Program, Role, child
from .status import Exit

_HANDLED = frozenset({signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2})
_HANDLER_LIMIT = 3.0
_NEWS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Keeper:
    """Runs `programs` for `role` until SIGTERM. One per process: it owns the signals and every child."""

    def __init__(self, role_name: str, common: Common, programs: list[Program], role: Role, log: Log) -> None:
        self._role_name, self._common, self._role, self.log = role_name, common, role, log
        self._kept = {program.name: Kept(program) for program in programs}
        self._selector = selectors.DefaultSelector()
        self._pending: list[int] = []
        self._state, self._since = "starting", time.time()
        self._stop_deadline: float | None = None
        self._overdue = False
        self._saying = threading.Lock()

    def run(self) -> int:
        """Keeps everything running; returns the exit code once all is stopped."""
        processes.become_subreaper()
        self._listen()
        self.log(f"supervisor of {self._common.name} started, pid {os.getpid()}")
        self._say("starting")
        while not (self._stop_deadline is not None and self._finished()):
            self._start_due()
            self._wait()
            for number in self._taken():
                self._handle(signal.Signals(number))
            self.reap()
            self._enforce_stop()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.data, Lines):
                self._copy_output(key.fd, key.data)  # last words
                key.data.end()
        self._say("stopped")
        self.log("stopped")
        return 0

    def children(self) -> dict[str, processes.Process | None]:
        """The processes of the programs by name."""
        return {name: kept.process for name, kept in self._kept.items()}

    def tell(self, name: str, number: signal.Signals) -> bool:
        """Signals a program if it runs. One without a handler yet would die of a reload or pause: it is given time."""
        process = self._kept[name].process
        if process is None:
            return False
        deadline = time.monotonic() + _HANDLER_LIMIT
        while number in _HANDLED and not processes.catches(process, number):
            if time.monotonic() > deadline or not processes.is_running(process.pid, process.start_time):
                self.log(f"{name} does not take {number.name} yet: not sent")
                return False
            time.sleep(0.005)
        processes.send(process, number)
        return True

    def reap(self) -> None:
        """Takes every exit status there is; also called by a role that waits for deaths."""
        while True:
            try:
                pid, code = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._died(pid, code)

    def say(self) -> None:
        """Writes the status anew, because what the role adds has changed."""
        self._say(self._state)

    def recovering(self) -> None:
        """For the time between a death and the decision what to do about it."""
        self._say("recovering")

    # What follows runs only in the loop's own thread.

    def _listen(self) -> None:
        # The handlers do nothing: the byte that set_wakeup_fd writes is the news.
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in _NEWS:
            signal.signal(number, lambda *_: None)
        self._selector.register(read, selectors.EVENT_READ, "signals")

    def _wait(self) -> None:
        due = [kept.due for kept in self._kept.values() if kept.due is not None]
        if self._stop_deadline is not None:
            due = [self._stop_deadline, time.monotonic() + 0.2]
        timeout = max(0.0, min(due) - time.monotonic()) if due else None
        for key, _ in self._selector.select(timeout):
            if isinstance(key.data, Lines):
                self._copy_output(key.fd, key.data)
            else:
                self._pending += os.read(key.fd, 4096)

    def _taken(self) -> list[int]:
        taken, self._pending = self._pending, []
        return taken

    def _handle(self, number: signal.Signals) -> None:
        if number == signal.SIGHUP and self._stop_deadline is None:
            self._reload()
        elif number in (signal.SIGTERM, signal.SIGINT) and self._stop_deadline is None:
            self._stop_deadline = time.monotonic() + self._common.stop_limit_seconds
            self._say("stopping")
            self.log(f"{number.name}: stopping")
            for name, kept in self._kept.items():
                kept.due = None
                self.tell(name, kept.program.stop)

    def _reload(self) -> None:
        self.log("SIGHUP: reloading")
        self._role.reload()
        for name, kept in self._kept.items():
            if kept.program.reload is not None:
                self.tell(name, kept.program.reload)

    def _finished(self) -> bool:
        return not any(kept.process for kept in self._kept.values()) and self._role.stopped(self._overdue)

    def _enforce_stop(self) -> None:
        if self._stop_deadline is not None and time.monotonic() > self._stop_deadline:
            for name, kept in self._kept.items():
                if self.tell(name, signal.SIGKILL):
                    self.log(f"{name} (pid {kept.process.pid if kept.process else '-'}) did not stop in time: killed")
            self._overdue = True
            self._stop_deadline += 5.0

    def _start_due(self) -> None:
        now = time.monotonic()
        for name, kept in self._kept.items():
            if kept.due is None or kept.due > now or kept.process is not None:
                continue
            try:
                self._role.prepare(name)
                self._start(kept)
            except OSError as error:
                kept.deaths.append(now)
                kept.due = now + self._delay(kept, now)
                self.log(f"{name} cannot be started: {error}; next attempt in {kept.due - now:.1f} s")
                self._say("backing-off")

    def _start(self, kept: Kept) -> None:
        read, write = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(read, False)
        die = functools.partial(processes.die_with_parent, os.getpid(), kept.program.orphaned)
        try:
            started = subprocess.Popen(
                kept.program.command,
                cwd=self._common.directory,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=write,
                stderr=write,
                start_new_session=True,
                preexec_fn=die,  # between fork and exec it takes no lock that a thread could hold: two system calls
            )
        except OSError:
            os.close(read)
            raise
        finally:
            os.close(write)
        started.returncode = 0  # reap() takes the exit status, this object must not
        kept.process, kept.due = processes.read(started.pid), None
        self._selector.register(read, selectors.EVENT_READ, Lines(self.log, kept.program.name))
        self.log(f"started {kept.program.name}, pid {started.pid}")
        self._say(self._overall())
        self._role.started(kept.program.name)

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"} | kept | dict(self._common.environment)

    def _copy_output(self, descriptor: int, lines: Lines) -> None:
        with contextlib.suppress(BlockingIOError):
            text = os.read(descriptor, 65536)
            if text:
                lines.feed(text)
                return
            lines.end()
            self._selector.unregister(descriptor)
            os.close(descriptor)

    def _died(self, pid: int, code: int) -> None:
        number = os.waitstatus_to_exitcode(code)
        made = Exit(
            at=time.time(), code=number if number >= 0 else None, signal=-number if number < 0 else None, reason=""
        )
        for kept in self._kept.values():
            if kept.process is not None and kept.process.pid == pid:
                self._program_died(kept, made)
                return
        reason = self._role.adopted_died(pid, made)
        if reason is not None and self._stop_deadline is None:
            self.log(reason)
            for name in self._kept:
                self.tell(name, signal.SIGKILL)

    def _program_died(self, kept: Kept, made: Exit) -> None:
        name, planned, now = kept.program.name, self._stop_deadline is not None, time.monotonic()
        kept.process = None
        self.log(f"{name} ended: {made}")
        reason = self._role.died(name, made, planned=planned)
        kept.last_exit = Exit(at=made.at, code=made.code, signal=made.signal, reason=reason)
        if planned:
            return
        kept.deaths = [at for at in kept.deaths if now - at < WINDOW] + [now]
        kept.restarts += 1
        kept.due = time.monotonic() + self._delay(kept, now)
        self.log(f"{name} is started again in {kept.due - time.monotonic():.1f} s ({reason})")
        self._say(self._overall())

    def _delay(self, kept: Kept, now: float) -> float:
        return delay(kept.deaths, now, self._common.restart_delay_seconds)

    def _overall(self) -> str:
        waiting = [kept for kept in self._kept.values() if kept.process is None]
        if not waiting:
            return "running"
        return "backing-off" if any(kept.deaths for kept in waiting) else "starting"

    def _say(self, state: str) -> None:
        if state != self._state:
            self._state, self._since = state, time.time()
        own = processes.read(os.getpid())
        with self._saying:
            status.write(self._common.status_file, self._content(own.start_time if own else 0))

    def _content(self, start_time: int) -> dict[str, Any]:
        return {
            "role": self._role_name,
            "name": self._common.name,
            "pid": os.getpid(),
            "start_time": start_time,
            "state": self._state,
            "since": self._since,
            "children": {name: child(kept) for name, kept in self._kept.items()},
            "restarts": sum(kept.restarts for kept in self._kept.values()),
            **self._role.extra(),
        }
