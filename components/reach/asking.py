"""A question or an order to the cluster that a route leads to, by kubectl."""

from __future__ import annotations

import subprocess

from components.contract import Route
from components.reach.command import complaint, kubectl
from components.reach.errors import RouteError

ANSWER_S = 10  # what the API server may take
SLACK_S = 5  # for kubectl itself: a cloud's exec plugin may fetch a token


def ask(route: Route, *words: str, what: str) -> str:
    """What kubectl prints. Raises RouteError with `what` could not be done, and with what kubectl said."""
    failed = f"{what} in namespace {route.namespace}"
    try:
        done = subprocess.run(
            [*kubectl(route), f"--request-timeout={ANSWER_S}s", *words],
            capture_output=True, text=True, timeout=ANSWER_S + SLACK_S, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as why:
        raise RouteError(f"{failed}: {why}") from None
    if done.returncode != 0:
        raise RouteError(f"{failed}: {complaint(done.stderr.splitlines())}")
    return done.stdout
