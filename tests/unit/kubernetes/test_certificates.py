"""The CA and its certificates as resources: made once, signed anew when due, and the preview says so each time."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509

from components.kubernetes import certificates
from components.kubernetes.certificates import AuthorityProvider, CertificatesProvider
from components.kubernetes.leaves import leaves
from components.patroni.authority import present
from components.patroni.failure import ClusterError
from components.settings.load import load

SETTINGS = load({"platform": "kubernetes"}, default_major=17)
AUTHORITY = AuthorityProvider().create({"name": "test"}).outs or {}


def wanted(**change: Any) -> dict[str, Any]:
    plain = [{"secret": leaf.secret, "name": leaf.name, "hosts": list(leaf.hosts)} for leaf in leaves(SETTINGS)]
    given = {
        "leaves": json.dumps(plain),
        "authority_certificate": AUTHORITY["certificate"],
        "authority_key": AUTHORITY["key"],
    }
    return given | change


MADE = CertificatesProvider().create(wanted()).outs or {}


def pairs(outs: dict[str, Any]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(outs["pairs"])
    return found


def test_nothing_is_due_of_what_was_just_made() -> None:
    assert CertificatesProvider().diff("", MADE, wanted()).changes is False
    assert AuthorityProvider().diff("", AUTHORITY, {"name": "test"}).changes is False


def test_what_is_due_is_said_at_each_look_and_signed_anew(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    later = present() + timedelta(days=61)
    monkeypatch.setattr(certificates, "present", lambda: later)
    for _ in range(2):  # the engine asks at the refresh, too, and shows only what is said in the preview
        assert CertificatesProvider().diff("", MADE, wanted()).changes is True
        assert "certificate pg-tls ends at" in capsys.readouterr().out
    renewed = CertificatesProvider().update("", MADE, wanted()).outs or {}
    assert all(pairs(renewed)[name] != pairs(MADE)[name] for name in pairs(MADE))


def test_one_more_name_signs_one_certificate() -> None:
    plain = json.loads(wanted()["leaves"])
    plain[1]["hosts"].append("db.example.org")
    changed = CertificatesProvider().update("", MADE, wanted(leaves=json.dumps(plain))).outs or {}
    assert [name for name in pairs(MADE) if pairs(changed)[name] != pairs(MADE)[name]] == ["pg-tls"]


def test_another_ca_signs_everything() -> None:
    other = AuthorityProvider().create({"name": "test"}).outs or {}
    news = wanted(authority_certificate=other["certificate"], authority_key=other["key"])
    changed = pairs(CertificatesProvider().update("", MADE, news).outs or {})
    authority = x509.load_pem_x509_certificate(other["certificate"].encode())
    for pair in changed.values():
        x509.load_pem_x509_certificate(pair["certificate"].encode()).verify_directly_issued_by(authority)


def test_the_ca_that_a_cluster_has_may_be_given_to_it() -> None:
    """As `pulumi config set` keeps it, without the end of its last line."""
    given = {"name": "x", "given_certificate": AUTHORITY["certificate"].strip(), "given_key": AUTHORITY["key"].strip()}
    assert AuthorityProvider().diff("x", AUTHORITY, given).changes is False
    made = AuthorityProvider().create(given).outs or {}
    assert (made["certificate"], made["key"]) == (AUTHORITY["certificate"], AUTHORITY["key"])


def test_a_given_ca_is_taken_and_a_useless_one_refused() -> None:
    given = {"name": "x", "given_certificate": AUTHORITY["certificate"], "given_key": AUTHORITY["key"]}
    assert (AuthorityProvider().create(given).outs or {})["certificate"] == AUTHORITY["certificate"]
    with pytest.raises(ClusterError, match="the given CA cannot sign"):
        AuthorityProvider().create(given | {"given_key": "no PEM"})
