"""AWS Session Manager: the command that carries connections through a managed instance or a task, and what it says.

No secret stands in a command: `aws` finds its own credentials, as Pulumi's provider does.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

from components.contract import Endpoint, Route

DOCUMENT = "AWS-StartPortForwardingSessionToRemoteHost"
ASK_S = 30.0
_PORT = re.compile(r"^Port (\d+) opened for sessionId ")
_PROGRAMS = {
    "aws": "the AWS CLI, version 2",
    "session-manager-plugin": "the AWS CLI's plugin for Session Manager",
}
# What AWS says, and what is to be done about it.
_ADVICE = {
    "TargetNotConnected": "its agent has not reported; an instance needs the SSM agent and its role, a task a start "
    "after rds.reach was set to ssm (the next `up` replaces the tasks)",
    "AccessDenied": "whoever runs this needs ssm:StartSession for the target and for the document " + DOCUMENT,
    "ExpiredToken": "log in to AWS again",
    "Unable to locate credentials": "log in to AWS, or name a profile in AWS_PROFILE",
}


class UnreadyError(Exception):
    """Why no session can be started, and what to do."""


def session(route: Route, endpoint: Endpoint, local: int | None = None) -> tuple[str, ...]:
    """The AWS CLI's own words; without `local` the plugin chooses a free port. Raises UnreadyError."""
    _installed()
    carried = {"host": [endpoint.host], "portNumber": [str(endpoint.port)]}
    if local:
        carried["localPortNumber"] = [str(local)]
    named = ("--target", route.target or task(route), "--document-name", DOCUMENT)
    return ("aws", "ssm", "start-session", *_region(route), *named, "--parameters", json.dumps(carried, sort_keys=True))


def local_port(line: str) -> int | None:
    """The port of this machine that the plugin says it carries; None for its other lines."""
    found = _PORT.match(line)
    return int(found.group(1)) if found else None


def advice(said: str) -> str:
    """AWS's words, followed by what to do where it is known."""
    return next((f"{said}; {hint}" for sign, hint in _ADVICE.items() if sign in said), said)


def shown(route: Route, endpoint: Endpoint) -> str:
    """The route, for messages."""
    way = route.target or f"a task of ECS service {route.service}"
    return f"Session Manager's way to {endpoint} through {way}"


def task(route: Route) -> str:
    """A running task of the service for Session Manager: ecs:<cluster>_<task>_<runtime>. Raises UnreadyError."""
    if not (route.cluster and route.service):
        raise UnreadyError("there is no target: name one in rds.reach.target, for no PgBouncer runs in ECS here")
    where = ("--cluster", route.cluster)
    arns = _asked(route, "list-tasks", *where, "--service-name", route.service, "--desired-status", "RUNNING")
    if not arns["taskArns"]:
        raise UnreadyError(f"ECS service {route.service} has no running task; wait for one, or name rds.reach.target")
    found = _asked(route, "describe-tasks", *where, "--tasks", *arns["taskArns"])["tasks"]
    for one in sorted(found, key=lambda each: str(each["taskArn"])):
        for container in one.get("containers", ()):
            if container.get("runtimeId") and container.get("lastStatus") == "RUNNING":
                cluster = route.cluster.rpartition("/")[2]
                return f"ecs:{cluster}_{one['taskArn'].rpartition('/')[2]}_{container['runtimeId']}"
    raise UnreadyError(
        f"no task of ECS service {route.service} has a container that runs yet; run this again in a minute"
    )


def _installed() -> None:
    lacking = [f"{name} ({what})" for name, what in _PROGRAMS.items() if shutil.which(name) is None]
    if lacking:
        raise UnreadyError(
            f"{' and '.join(lacking)} is not on PATH; install it, or run inside the VPC with rds.reach.by: direct"
        )


def _region(route: Route) -> tuple[str, ...]:
    return ("--region", route.region) if route.region else ()


def _asked(route: Route, *words: str) -> dict[str, Any]:
    command = ["aws", "ecs", *words, *_region(route), "--output", "json", "--no-cli-pager"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASK_S, check=False)
    except subprocess.TimeoutExpired:
        raise UnreadyError(f"aws ecs {words[0]} gave no answer within {ASK_S:g} s") from None
    if done.returncode:
        raise UnreadyError(advice(" ".join(done.stderr.split()) or f"aws ecs {words[0]} ended with {done.returncode}"))
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise UnreadyError(f"aws ecs {words[0]} answered with something that is no JSON") from None
    return answer
