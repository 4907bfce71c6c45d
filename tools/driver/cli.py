"""The Pulumi CLI as the Automation API calls it, in a process group of its own, so that Ctrl-C reaches it once.

The engine answers a first SIGINT by finishing what it has begun and saving the state, a second by stopping at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from tools.setup.places import PULUMI_VERSION

Heard = Callable[[str], Any] | None


class Cli(PulumiCommand):
    """`pulumi` of PATH; its version was checked by the set-up, so it is not asked again."""

    def __init__(self) -> None:
        self.command = "pulumi"
        self.version = VersionInfo.parse(PULUMI_VERSION)
        self.interrupted = 0
        self._process: subprocess.Popen[str] | None = None

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Heard = None,
        on_error: Heard = None,
    ) -> CommandResult:
        """One command to its end. Raises the Automation API's CommandError when it fails."""
        with subprocess.Popen(
            [self.command, "--non-interactive", *args],
            cwd=cwd,
            env={**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            process_group=0,
        ) as process:
            self._process = process
            output, errors = _listen(process.stdout, on_output), _listen(process.stderr, on_error)
            result = CommandResult(stdout=output(), stderr=errors(), code=process.wait())
            self._process = None
        if result.code != 0:
            raise create_command_error(result)
        return result

    @contextmanager
    def interruptible(self, tell: Callable[[int], None]) -> Iterator[None]:
        """Within the block SIGINT and SIGTERM are passed on to the engine; `tell` hears which time it was."""
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def pass_on(_number: int, _frame: object) -> None:
            self.interrupted += 1
            tell(self.interrupted)
            self._signal(signal.SIGINT if self.interrupted < 3 else signal.SIGKILL)

        for number in before:
            signal.signal(number, pass_on)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def _listen(stream: IO[str] | None, heard: Heard) -> Callable[[], str]:
    """Read a stream to its end in a thread; the returned function waits for the end and has the text."""
    lines: list[str] = []

    def read() -> None:
        for line in stream or ():
            lines.append(line.rstrip())
            if heard:
                heard(lines[-1])

    thread = threading.Thread(target=read, daemon=True)
    thread.start()

    def whole() -> str:
        thread.join()
        return "\n".join(lines)

    return whole
