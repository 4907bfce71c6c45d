"""A question or an order to the cluster that a route leads to, by kubectl."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from components.contract import Route
from components.reach.command import complaint, kubectl
from components.reach.errors import RouteError

ANSWER_S = 10  # what the API server may take
SLACK_S = 5  # for kubectl itself: a cloud's exec plugin may fetch a token


def ask(route: Route, *words: str, what: str) -> str:
    """What kubectl prints. Raises RouteError with `what` could not be done, and with what kubectl said."""
    failed = f"{what} in namespace {route.namespace}"
    try:
        done = answer(route, words, ANSWER_S)
    except (OSError, subprocess.TimeoutExpired) as why:
        raise RouteError(f"{failed}: {why}") from None
    if done.returncode != 0:
        raise RouteError(f"{failed}: {complaint(done.stderr.splitlines())}")
    return done.stdout


def answer(route: Route, words: Sequence[str], limit: int) -> subprocess.CompletedProcess[str]:
    """Whatever kubectl ends with; the API server has `limit` seconds. Raises OSError or TimeoutExpired."""
    return subprocess.run(
        [*kubectl(route), f"--request-timeout={limit}s", *words],
        capture_output=True, text=True, timeout=limit + SLACK_S, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
