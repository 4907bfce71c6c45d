"""Certificates: what is signed, what is refused, when it is renewed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from components.patroni.authority import LIFE, Pair, flaw, issue, new_authority, subject

NOW = datetime(2026, 11, 21, tzinfo=UTC)
CA = new_authority("test", NOW)
GIVEN = issue(CA, "pg-1", NOW)


@pytest.mark.parametrize(
    "certificate, name, days, expected",
    [
        pytest.param(GIVEN.certificate, "pg-1", 0, None, id="good"),
        pytest.param(GIVEN.certificate, "pg-1", 59, None, id="good until two thirds of its life"),
        pytest.param(GIVEN.certificate, "pg-1", 61, "ends at 2027-02-19, so it is renewed", id="due"),
        pytest.param(GIVEN.certificate, "pg-1", 100, "ends at 2027-02-19, so it is renewed", id="ended"),
        pytest.param(GIVEN.certificate, "pg-1", -1, "is not valid yet: was the clock set back?", id="not yet"),
        pytest.param(GIVEN.certificate, "pg-2", 0, "is made out to pg-1, not to pg-2", id="of another part"),
        pytest.param(None, "pg-1", 0, "is missing", id="missing"),
        pytest.param(b"not PEM", "pg-1", 0, "was not signed by this platform's CA", id="damaged"),
        pytest.param(
            issue(new_authority("test", NOW), "pg-1", NOW).certificate,
            "pg-1",
            0,
            "was not signed by this platform's CA",
            id="of another CA with the same name",
        ),
    ],
)
def test_flaw(certificate: bytes | None, name: str, days: int, expected: str | None) -> None:
    assert flaw(certificate, CA.certificate, name, NOW + timedelta(days=days)) == expected


def test_the_ca_stands_for_itself() -> None:
    assert flaw(CA.certificate, CA.certificate, "test", NOW) is None


def test_what_a_certificate_carries() -> None:
    made = x509.load_pem_x509_certificate(GIVEN.certificate)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    purposes = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert {purpose._name for purpose in purposes} == {"serverAuth", "clientAuth"}
    assert made.not_valid_after_utc == NOW + LIFE
    assert subject(GIVEN.certificate) == "pg-1"


def test_a_pair_shows_no_key() -> None:
    assert repr(Pair(certificate=GIVEN.certificate, key=GIVEN.key)) == "Pair(pg-1)"


def test_a_certificate_is_good_for_the_names_it_was_asked_for() -> None:
    hosts = ("pg-rw.db.svc", "*.pg", "10.0.0.1")
    made = issue(CA, "gateway", NOW, hosts)
    assert flaw(made.certificate, CA.certificate, "gateway", NOW, hosts) is None
    asked = (*hosts, "db.example.org")
    assert flaw(made.certificate, CA.certificate, "gateway", NOW, asked) == "is not made out to db.example.org"


def test_a_client_has_no_names_as_a_server() -> None:
    made = x509.load_pem_x509_certificate(issue(CA, "postgres", NOW, ()).certificate)
    with pytest.raises(x509.ExtensionNotFound):
        made.extensions.get_extension_for_class(x509.SubjectAlternativeName)
