"""The pooler's certificate: made once, made out anew when a name is missing or its time has come, by the same CA."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from pulumi.runtime import rpc

from components.patroni import authority
from components.rds import pooler_certificate
from components.rds.pooler_certificate import PoolerCertificateProvider

HOST = "pool-1a2b.elb.eu-central-1.amazonaws.com"
ASKED: dict[str, Any] = {"name": "main-pooler", "hosts": [HOST]}
PROVIDER = PoolerCertificateProvider()


@pytest.fixture
def made() -> dict[str, Any]:
    outs = PROVIDER.create(ASKED).outs
    assert outs is not None
    return dict(outs)


def test_it_verifies_for_the_balancers_name(made: dict[str, Any]) -> None:
    leaf = x509.load_pem_x509_certificate(made["certificate"].encode())
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(made["ca"].encode()))
    assert authority.names_of(leaf) == {HOST}
    assert made["key"].startswith("-----BEGIN PRIVATE KEY-----")


def test_what_is_good_stays(made: dict[str, Any]) -> None:
    assert PROVIDER.diff("main-pooler", made, ASKED).changes is False


def test_what_is_known_to_be_good_is_not_read_again(made: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> str:
        raise AssertionError("the certificate was read")

    monkeypatch.setattr(authority, "flaw", asked)
    assert PROVIDER.diff("main-pooler", made, ASKED).changes is False


@pytest.mark.parametrize("touched", ["certificate", "ca"])
def test_what_was_touched_since_is_judged_anew(made: dict[str, Any], touched: str) -> None:
    other = dict(PROVIDER.create(ASKED).outs or {})
    assert PROVIDER.diff("main-pooler", {**made, touched: other[touched]}, ASKED).changes is True


def test_a_state_from_before_the_judgement_was_kept_is_read(made: dict[str, Any]) -> None:
    older = {name: value for name, value in made.items() if name != "judged"}
    assert PROVIDER.diff("main-pooler", older, ASKED).changes is False


def test_a_clock_that_was_set_back_is_seen(made: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooler_certificate, "present", lambda: authority.present() - timedelta(days=1))
    assert PROVIDER.diff("main-pooler", made, ASKED).changes is True


def test_another_name_is_signed_by_the_same_ca(made: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    wider = {**ASKED, "hosts": [HOST, "pool.example.com"]}
    assert PROVIDER.diff("main-pooler", made, wider).changes is True
    assert "is not made out to pool.example.com" in capsys.readouterr().out
    outs = PROVIDER.update("main-pooler", made, wider).outs
    assert outs is not None
    assert outs["ca"] == made["ca"]
    assert PROVIDER.diff("main-pooler", dict(outs), wider).changes is False


def test_a_name_that_is_not_known_yet_is_no_error(made: dict[str, Any]) -> None:
    assert PROVIDER.diff("main-pooler", made, {**ASKED, "hosts": [rpc.UNKNOWN]}).changes is True


def test_it_is_renewed_at_two_thirds_of_its_life(made: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    later = authority.present() + authority.LIFE * authority.RENEWED_AT + timedelta(minutes=1)
    monkeypatch.setattr(pooler_certificate, "present", lambda: later)
    assert PROVIDER.diff("main-pooler", made, ASKED).changes is True
    outs = PROVIDER.update("main-pooler", made, ASKED).outs
    assert outs is not None
    assert (outs["ca"], outs["certificate"] != made["certificate"]) == (made["ca"], True)
