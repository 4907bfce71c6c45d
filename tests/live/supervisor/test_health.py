from __future__ import annotations

import urllib.error
import urllib.request

from components.supervisor import health
from tests.ports import free_port


def asked(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/liveness", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_only_a_loop_that_hangs_is_told_to_the_machine() -> None:
    port, told = free_port(), [True]
    health.serve(port, lambda: told[0])
    assert asked(port) == 200
    told[0] = False
    assert asked(port) == 503
