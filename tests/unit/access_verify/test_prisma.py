"""Prisma's two URLs: which goes where, what each says, and what is told when they cannot be made."""

from __future__ import annotations

import io
import json
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from components.access import prisma
from components.access.failures import AccessError
from components.contract import Endpoint, url

PASSWORD = "#Thaw$in2k77!'\"\\ %:@/?&é"


def entry(role: str) -> dict[str, str]:
    ends = {"pooled": 6432, "direct": 5432}
    made = {
        name: url(Endpoint(host="localhost", port=port), user=role, password=PASSWORD, database="nexpo", ca="/ca.crt")
        for name, port in ends.items()
    }
    return {"database": "nexpo", "role": role, **made}


ENTRIES = [entry("nexpo_app"), entry("nexpo_migrator")]
WORDS = {"database": "nexpo", "client": "nexpo_app", "migrator": "nexpo_migrator"}


def test_the_client_goes_through_the_pooler_and_migrations_past_it() -> None:
    found = prisma.urls(ENTRIES, **WORDS, schema="content", certificate="/c.crt", key="/c.key")
    for name, port, role in (("DATABASE_URL", 6432, "nexpo_app"), ("DIRECT_URL", 5432, "nexpo_migrator")):
        parts = urlsplit(found[name])
        assert (parts.port, parts.username, unquote(parts.password or "")) == (port, role, PASSWORD)
        tls = {"sslmode": ["verify-full"], "sslrootcert": ["/ca.crt"], "sslcert": ["/c.crt"], "sslkey": ["/c.key"]}
        pooler = {"pgbouncer": ["true"]} if name == "DATABASE_URL" else {}
        assert parse_qs(parts.query) == {**tls, "schema": ["content"], **pooler}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"client": "nexpo_ap"}, "no login nexpo_ap for database nexpo has a URL; there are: nexpo_app at nexpo"),
        ({"certificate": "/c.crt"}, "come together"),
        ({"key": "/c.key"}, "come together"),
    ],
)
def test_what_cannot_be_made_is_told_without_a_password(words: dict[str, str], told: str) -> None:
    with pytest.raises(AccessError, match=told) as caught:
        prisma.urls(ENTRIES, **{**WORDS, **words})
    assert "Thaw" not in str(caught.value)


def test_the_command_writes_an_env_file(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [word for name, value in WORDS.items() for word in (f"--{name}", value)]
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(ENTRIES)))
    assert prisma.main(arguments) == 0
    lines = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())
    assert set(lines) == {"DATABASE_URL", "DIRECT_URL"}
    assert lines["DATABASE_URL"].strip("'") == prisma.urls(ENTRIES, **WORDS)["DATABASE_URL"]
    monkeypatch.setattr("sys.stdin", io.StringIO("[{}]"))
    assert prisma.main(arguments) == 1
    assert "not what `make -s urls` prints" in capsys.readouterr().err
