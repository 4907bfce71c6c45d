"""Runs what a task of the pooler would run: both containers of the task definition, with the secrets that they name.

Stands in for ECS alone. Files lie in a folder of the test, Amazon's bundle is the test's, and addresses are loopback.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from components.rds.pooler_containers import BUNDLE, FOLDER
from tests.live.rds.pooler_program import pooler_program
from tests.live.rds.whole import Whole

ENTRY = Path(__file__).parents[3] / "components" / "rds" / "image" / "entry"
START_S = 20.0


@contextmanager
def task(stack: Whole, folder: Path) -> Iterator[None]:
    """Both poolers, from when they listen to the end of the block."""
    folder.chmod(0o755)
    program = pooler_program(folder)
    ecs = stack.client("ecs")
    arn = ecs.list_task_definitions(sort="DESC")["taskDefinitionArns"][0]
    with ExitStack() as running:
        for container in ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["containerDefinitions"]:
            own = folder / container["name"]
            own.mkdir()
            variables = {**_plain(stack, container, own), **_secrets(stack, container), "POOLER_FOLDER": str(own)}
            port = container["portMappings"][0]["containerPort"]
            running.enter_context(_container(program, own, variables, port))
        yield


def _plain(stack: Whole, container: dict[str, Any], own: Path) -> dict[str, str]:
    here = {BUNDLE: f"{stack.server}/pki/ca.crt", FOLDER: str(own), "= 0.0.0.0": "= 127.0.0.1"}
    found = {one["name"]: one["value"] for one in container["environment"]}
    for there, place in here.items():
        found = {name: text.replace(there, place) for name, text in found.items()}
    return found


def _secrets(stack: Whole, container: dict[str, Any]) -> dict[str, str]:
    """`arn:key::version`, as ECS reads it."""
    manager, found = stack.client("secretsmanager"), {}
    for one in container["secrets"]:
        *arn, key, stage, version = one["valueFrom"].split(":")
        assert stage == ""
        held = manager.get_secret_value(SecretId=":".join(arn), VersionId=version)["SecretString"]
        found[one["name"]] = json.loads(held)[key]
    return found


@contextmanager
def _container(program: Path, own: Path, variables: dict[str, str], port: int) -> Iterator[None]:
    entry, command = own / "entry", []
    shutil.copy(ENTRY, entry)
    entry.chmod(0o755)
    if os.geteuid() == 0:  # PgBouncer never runs as root
        account = pwd.getpwnam("postgres")
        os.chown(own, account.pw_uid, account.pw_gid)
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    known = {"PATH": f"{program.parent}:{os.environ['PATH']}", **variables}
    with (own / "said").open("w") as said:
        process = subprocess.Popen([*command, str(entry)], cwd=own, env=known, stdout=said, stderr=said)
    try:
        _wait(process, port, own / "said")
        yield
    finally:
        process.terminate()
        try:
            process.wait(START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, said: Path) -> None:
    end = time.monotonic() + START_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, said.read_text()
        assert time.monotonic() < end, f"nobody listens at {port} after {START_S:g} s: {said.read_text()}"
        time.sleep(0.05)
