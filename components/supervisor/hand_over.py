"""Before a member's pod stops: if it is the primary, a checkpoint and a switchover. The container's preStop hook.

    python3 -m supervisor.hand_over --config FILE

FILE is the member's. Gateways hold their clients while the switchover runs: they see it asked for in etcd, or are told.
Each step has a limit, and what fails is said and left: the pod stops anyway, and the supervisor then stops the member
cleanly.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from . import etcd
from .configuration import ConfigurationError, Member, load

_FIRST_ANSWER = 1.0  # a frozen Patroni: kubelet grants the whole end of such a container 4 s
_CHECKPOINT_LIMIT = 25.0
_SWITCHOVER_LIMIT = 30.0
_OUTPUT = Path("/proc/1/fd/1")  # what a hook says itself is shown to nobody


def say(message: str) -> None:
    """One line in the container's log."""
    with contextlib.suppress(OSError), _OUTPUT.open("w", encoding="utf-8") as file:
        file.write(f"hand-over: {message}\n")


def ask(member: Member, method: str, path: str, limit: float, body: dict[str, Any] | None = None) -> tuple[int, str]:
    """Patroni's answer; status 0 and the reason when there is none."""
    if member.rest is None:
        return 0, "the configuration has no `rest`"
    try:
        url, context = f"https://localhost:{member.rest_port}", etcd.tls(member.rest)
        with contextlib.closing(etcd.connect(url, context, limit)) as connection:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{type(error).__name__}: {error}"


def checkpoint(member: Member) -> None:
    """Makes the stop that follows short: PostgreSQL takes another checkpoint then, of what came since."""
    psql = [f"{member.binaries}/psql", "-X", "-q", "-h", member.sockets, "-U", "postgres", "-d", "postgres"]
    try:
        done = subprocess.run([*psql, "-c", "CHECKPOINT"], capture_output=True, text=True, timeout=_CHECKPOINT_LIMIT)
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"checkpoint: {error}; going on")
        return
    if done.returncode != 0:
        say(f"checkpoint was refused: {done.stderr.strip()}; going on")


def hand_over(member: Member) -> None:
    """Returns when another member leads, or when this is not the primary, or when a limit has passed."""
    began = time.monotonic()
    if ask(member, "GET", "/primary", _FIRST_ANSWER)[0] != 200:
        return
    checkpoint(member)
    status, text = ask(member, "POST", "/switchover", _SWITCHOVER_LIMIT, {"leader": member.name})
    if status == 200:
        say(f"{text.strip()} after {time.monotonic() - began:.1f} s")
    else:
        say(f"switchover was refused ({status}: {text.strip()[:200]}): stopping as the primary")


def main() -> int:
    parser = argparse.ArgumentParser(prog="supervisor.hand_over", description="Hands the lead over before a stop.")
    parser.add_argument("--config", required=True, type=Path, help="the member's supervisor file")
    try:
        hand_over(load("member", parser.parse_args().config))
    except ConfigurationError as error:
        say(str(error))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
