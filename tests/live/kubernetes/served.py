"""What a running stack shows: which certificate its clients see, and which pods its members have."""

from __future__ import annotations

import json
import subprocess

from components.kubernetes import arguments
from components.reach import open_route
from tests.live.kubernetes.lab import Kubectl
from tests.live.kubernetes.stack import Stack


def pods(kubectl: Kubectl) -> dict[str, str]:
    """The members' pods by name, each with what tells it from the next one of that name."""
    items = json.loads(kubectl.run("get", "pods", "-l", "app.kubernetes.io/name=postgresql", "-o", "json"))["items"]
    return {each["metadata"]["name"]: each["metadata"]["uid"] for each in items}


def served(stack: Stack) -> str:
    """The certificate that clients of the writer's Service are shown."""
    server = arguments.server(stack.settings())
    with open_route(server.route, server.writer) as way:
        at = f"127.0.0.1:{way.words()['port']}"
        command = ["openssl", "s_client", "-connect", at, "-starttls", "postgres"]
        done = subprocess.run(command, input="", capture_output=True, text=True, timeout=60)
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    assert begin in done.stdout, done.stderr
    return done.stdout.partition(begin)[2].partition(end)[0]
