"""What one run of a program cost: wall time, CPU of the program and of the server, and the program's peak memory."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
LIMIT_S = 900.0


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Seconds and bytes of one run; `said` is its standard output."""

    wall: float
    client: float
    server: float
    peak: int
    said: str

    @property
    def cpu(self) -> float:
        return self.client + self.server


def run(
    command: Sequence[str], postmaster: int, *, well: tuple[int, ...] = (0,), env: Mapping[str, str] = {}
) -> Sample:
    """Runs a program to its end; raises RuntimeError where its exit status is none of `well`."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        before, start = server_cpu(postmaster), time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, **env}, start_new_session=True)
        limit = threading.Timer(LIMIT_S, os.killpg, [process.pid, signal.SIGKILL])
        limit.start()
        # wait4 and not communicate: only it tells this child's own CPU time and peak.
        _, status, usage = os.wait4(process.pid, 0)
        limit.cancel()
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        time.sleep(0.15)  # a backend goes on for a moment after its client left
        spent = server_cpu(postmaster) - before
        out.seek(0)
        err.seek(0)
        said = out.read().decode()
        if process.returncode not in well:
            told = err.read().decode()[-1500:]
            raise RuntimeError(f"{' '.join(command[:6])} ended with {process.returncode}: {told}{said[-500:]}")
    return Sample(
        wall=wall, client=usage.ru_utime + usage.ru_stime, server=spent, peak=usage.ru_maxrss * 1024, said=said
    )


def server_cpu(postmaster: int) -> float:
    """CPU seconds of a server so far: the postmaster, its children, and those that it has buried."""
    own = _ticks(postmaster)
    total = sum(own)
    for child in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
        try:
            total += sum(_ticks(int(child))[:2])
        except FileNotFoundError:
            total = 0
            break
    return total / _TICK if total else server_cpu(postmaster)


def _ticks(pid: int) -> tuple[int, int, int, int]:
    """utime, stime, and the same of waited-for children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]), int(fields[12]), int(fields[13]), int(fields[14])
