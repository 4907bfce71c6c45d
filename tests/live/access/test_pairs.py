"""rotate: ab on a server: the login before goes on working until it is switched off."""

from __future__ import annotations

import psycopg
import pytest

from components.access.session import Target
from components.contract import Server
from tests.live.access.shop import Shop

pytestmark = pytest.mark.live
FIRST = {"app_a": "the first password", "app_b": "not made yet, ever"}
SECOND = {"app_a": "the first password", "app_b": "the second password"}
THIRD = {"app_a": "the third password", "app_b": "the second password"}


def test_a_rotation_cuts_nobody_off(target: Target, mark: str, contract_server: Server) -> None:
    shop = Shop(target, mark)
    plain = shop.text

    def turn(generation: int, passwords: dict[str, str], previous: str = "works") -> None:
        pair = f"{{ secret: app, rotate: ab, generation: {generation}, previous: {previous} }}"
        shop.text = plain.replace("password: secret:app", f"password: {pair}")
        shop.passwords = passwords
        shop.apply()
        assert shop.plan() == []

    def enters(letter: str, password: str) -> bool:
        words = contract_server.conninfo() | {"user": f"{mark}_app_{letter}", "dbname": shop.database}
        for certificate in ("sslcert", "sslkey"):
            words.pop(certificate, None)
        try:
            with psycopg.connect(**words, password=password) as connection:
                connection.execute("SELECT set_config('app.org', '1', true)")
                assert connection.execute("SELECT count(*) FROM app.users").fetchone() == (2,)
                assert connection.execute("SHOW work_mem").fetchone() == ("4MB",)
                assert connection.execute("SHOW statement_timeout").fetchone() == ("30s",)
            return True
        except psycopg.OperationalError:
            return False

    turn(0, FIRST)
    assert enters("a", "the first password") and not enters("b", FIRST["app_b"])
    turn(1, SECOND)
    assert enters("a", "the first password") and enters("b", "the second password")
    turn(1, SECOND, previous="locked")
    assert not enters("a", "the first password") and enters("b", "the second password")
    turn(2, THIRD)
    assert enters("a", "the third password") and enters("b", "the second password")
