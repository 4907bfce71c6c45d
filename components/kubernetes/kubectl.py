"""kubectl as a look at a cluster asks it: an answer is an answer, a refusal and a silence too."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

from components.kubernetes.arguments import route_of
from components.reach.asking import answer
from components.settings.model import Settings

LIMIT = 5  # seconds for one answer of the cluster
# Its words on what it does not get.
ABSENT, FORBIDDEN, UNKNOWN = "NotFound", "(Forbidden)", "the server doesn't have a resource type"

Answer = tuple[int, str, str]  # status, output, complaint
Ask = Callable[[Sequence[str]], Answer]


def kubectl(settings: Settings) -> Ask:
    """Runs kubectl with the stack's kubeconfig, context and namespace; a hang ends with a sentence."""
    route = route_of(settings)

    def ask(words: Sequence[str]) -> Answer:
        try:
            done = answer(route, words, LIMIT)
        except FileNotFoundError:
            return (
                127,
                "",
                "kubectl is not installed or not on PATH; install it, it also carries the access layer's way in",
            )
        except OSError as why:
            return 126, "", f"kubectl cannot be run: {why.strerror}; see what `command -v kubectl` names"
        except subprocess.TimeoutExpired as late:
            return 124, "", f"no answer within {late.timeout:g} s"
        return done.returncode, done.stdout, done.stderr.strip()

    return ask
