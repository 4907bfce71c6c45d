"""`tools/run <target> [arguments]`: install what the target needs, then run it with the project's Python."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tools.setup import pulumi
from tools.setup.asked import ensure_asked
from tools.setup.environment import ensure_environment
from tools.setup.majors import ensure_majors
from tools.setup.patroni import ensure_patroni
from tools.setup.places import ROOT, VENV, cache, patroni_home
from tools.setup.progress import SetupError, say
from tools.setup.servers import ensure_servers
from tools.setup.targets import TARGETS, Need, Target, needs
from tools.setup.trixie import ensure_trixie, trixie_for_tests

# Each is given the target's own arguments.
STEPS: dict[Need, Callable[[list[str]], object]] = {
    Need.PYTHON: lambda _: ensure_environment(tools=False),
    Need.TOOLS: lambda _: ensure_environment(tools=True),
    Need.SERVERS: lambda _: ensure_servers(),
    Need.ASKED: ensure_asked,
    Need.PATRONI: lambda _: ensure_patroni(),
    Need.PULUMI: lambda _: pulumi.ensure_pulumi(),
    Need.MAJORS: lambda _: ensure_majors(),
    Need.TRIXIE: ensure_trixie,
    Need.TIMESCALE: lambda _: trixie_for_tests(),
}
LOCK_LIMIT = 3600.0


def main(arguments: list[str]) -> int:
    """Exit code: the target's own; 1 when the set-up failed, 130 after Ctrl-C, 2 for an unknown target."""
    name = arguments[0] if arguments else ""
    target = TARGETS.get(name)
    if target is None:
        say(f"no target {name!r}; there are: {', '.join(sorted(TARGETS))}")
        return 2
    try:
        with only_one():
            for need in needs(target, servers_here=servers_here(os.environ.get("STACK") or "local")):
                STEPS[need](arguments[1:])
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("\nstopped; the next run goes on from here")
        return 130
    return run_target(name, target, arguments[1:])


def servers_here(stack: str) -> bool:
    """Whether a stack's servers run on this machine. Read without a parser, since no package is there yet."""
    try:
        text = (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    except OSError:
        return True
    named = re.search(r"^\s*postgres-platform:platform:\s*[\"']?(\w+)", text, re.MULTILINE)
    return named is None or named.group(1) == "embedded"


@contextmanager
def only_one() -> Iterator[None]:
    """Two set-ups at once wait for each other, for an hour at most."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "setup.lock").open("w") as lock:
        begin, told = time.monotonic(), False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() - begin > LOCK_LIMIT:
                    raise SetupError(
                        "another set-up has been running for an hour; end it, then run this again"
                    ) from None
                if not told:
                    say("  waiting for another set-up of this account to finish")
                told = True
                time.sleep(0.5)
        yield


def run_target(name: str, target: Target, arguments: list[str]) -> int:
    """The first exit code that is not 0, else 0 after all commands.

    Of a single command this process takes the place, so that signals reach it directly.
    """
    os.chdir(ROOT)
    os.environ.update(environment())
    python = str(VENV / "bin" / "python")
    for command in target.commands:
        whole = [python, *command, *([name] if command[-1] == "tools.driver" else []), *arguments]
        if len(target.commands) == 1:
            os.execv(python, whole)  # noqa: S606
        code = subprocess.run(whole).returncode
        if code != 0:
            say(f"make {name}: {' '.join(command[1:])} failed")
            return code
    return 0


def environment() -> dict[str, str]:
    """What the target sees: the project's Python and the CLI first on PATH, the project importable from anywhere."""
    program = pulumi.usable()
    folders = [str(VENV / "bin"), *(pulumi.search_path(program.parent) if program else [])]
    return {
        "PATH": os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)]),
        "VIRTUAL_ENV": str(VENV),
        "PYTHONPATH": str(ROOT),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "POSTGRES_PLATFORM_PATRONI": os.environ.get("POSTGRES_PLATFORM_PATRONI", str(patroni_home())),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
