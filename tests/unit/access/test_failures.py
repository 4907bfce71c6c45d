"""Which troubles with a connection pass by themselves, and which do not."""

from __future__ import annotations

import psycopg
import pytest

from components.access import failures


@pytest.mark.parametrize(
    "said, expected",
    [
        pytest.param("connection failed: Connection refused", True, id="no server yet"),
        pytest.param("connection failed: SSL error: unexpected eof while reading", True, id="cut off amid TLS"),
        pytest.param("SSL SYSCALL error: Connection reset by peer", True, id="reset amid TLS"),
        pytest.param("connection failed: SSL error: certificate verify failed", False, id="a wrong certificate"),
        pytest.param('server certificate for "a" does not match host name "b"', False, id="a wrong name"),
        pytest.param('FATAL:  no pg_hba.conf entry for host "::1"', False, id="not let in"),
    ],
)
def test_what_passes_by_itself(said: str, expected: bool) -> None:
    error = psycopg.OperationalError(said)

    assert (failures.unreachable(error), failures.passes(error)) == (expected, expected)
