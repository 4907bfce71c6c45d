"""One `kubectl port-forward`, or one session of Session Manager.

Started, waited for with a limit, started again when it has died, ended by pid.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

from components.contract import Endpoint, Route
from components.reach import ssm
from components.reach.command import PODS_S, complaint, local_port, port_forward
from components.reach.errors import RouteError

READY_S = PODS_S + 10.0  # a route may give itself another limit
END_S = 5.0
AGAIN_S = 0.3
GUARD = Path(__file__).with_name("guard.py")


class Forward:
    """Carries connections to one endpoint, by the same local port for as long as it is open.

    kubectl ends with the pod that it had chosen and after some errors of single connections; it is started again.
    """

    def __init__(self, route: Route, endpoint: Endpoint) -> None:
        self._route, self._endpoint = route, endpoint
        self._running: _Running | None = None
        self._port: int | None = None
        self._lock = threading.Lock()

    def port(self) -> int:
        """The port of 127.0.0.1 that leads there now. Raises RouteError."""
        with self._lock:
            if self._running is None or self._running.ended:
                self._start()
            return self._ready()

    def begin(self) -> None:
        """Starts it without waiting; what goes wrong is told to whoever asks for the port."""
        with self._lock, contextlib.suppress(RouteError):
            if self._running is None or self._running.ended:
                self._start()

    def close(self) -> None:
        with self._lock:
            self._stop()
            self._port = None

    def _start(self) -> None:
        self._stop()
        try:
            command = _command(self._route, self._endpoint, self._port)
        except ssm.UnreadyError as why:
            raise RouteError(f"{self._shown()}: {why}") from None
        self._running = _Running(command, self._route.timeout or READY_S)
        threading.Thread(target=self._watch, args=[self._running], daemon=True).start()

    def _ready(self) -> int:
        assert self._running
        try:
            self._port = self._running.ready_port()
        except RouteError as error:
            self._stop()
            self._port = None  # somebody else may have it by now
            raise RouteError(f"{self._shown()}: {error}") from None
        return self._port

    def _watch(self, running: _Running) -> None:
        """Starts again what ended by itself: whoever holds the port's number need not ask anew."""
        running.wait()
        time.sleep(AGAIN_S)
        with self._lock:
            if self._running is not running or self._port is None:
                return  # closed, or started anew by somebody who asked
            self._start()
            with contextlib.suppress(RouteError):  # whoever asks next is told
                self._ready()

    def _stop(self) -> None:
        if self._running is not None:
            self._running.stop()
        self._running = None

    def _shown(self) -> str:
        if self._route.kind == "ssm":
            return ssm.shown(self._route, self._endpoint)
        context = f" of context {self._route.context}" if self._route.context else ""
        return f"kubectl port-forward to {self._endpoint} in namespace {self._route.namespace}{context}"


def _command(route: Route, endpoint: Endpoint, local: int | None) -> tuple[str, ...]:
    """What carries connections. Raises ssm.UnreadyError."""
    return ssm.session(route, endpoint, local) if route.kind == "ssm" else port_forward(route, endpoint, local)


def _opened(line: str) -> int | None:
    """The port of this machine that is carried, as kubectl or Session Manager says it."""
    return local_port(line) or ssm.local_port(line)


def _ended(lines: list[str], who: str) -> str:
    """What it ended with, in one line."""
    return ssm.advice(complaint(lines, who))


class _Running:
    """The process: kubectl or aws below a guard, which ends it should we be killed."""

    def __init__(self, command: tuple[str, ...], limit: float) -> None:
        self._limit, self._who = limit, command[0]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: deque[str] = deque(maxlen=20)
        self._port: int | None = None
        self._known = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def wait(self) -> None:
        """Until it has ended."""
        self._process.wait()

    def ready_port(self) -> int:
        """Waits until kubectl says that it listens."""
        begin = time.monotonic()
        self._known.wait(self._limit)
        if self._port is not None:
            return self._port
        if self.ended or not self._reader.is_alive():
            raise RouteError(_ended(list(self._lines), self._who))
        raise RouteError(f"not ready after {time.monotonic() - begin:.0f} s: {_ended(list(self._lines), self._who)}")

    def _read(self) -> None:
        """Reads to the end, lest kubectl wait for a full pipe."""
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.append(line)
            if self._port is None and (port := _opened(line)) is not None:
                self._port = port
                self._known.set()
        self._known.set()

    def stop(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()  # the guard sees it and ends kubectl
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(END_S)
        self._process.stdout.close()
