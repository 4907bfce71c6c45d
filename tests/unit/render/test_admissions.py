"""Admissions as lines: one a login, database and network; narrower before wider; a name means no more than itself."""

from __future__ import annotations

import itertools

import pytest

from components.render.hba import Admission, hba_lines, pooler_hba

PARTS = len(hba_lines(())) - 1  # what comes before the logins
APP = Admission(role="app", database="shop", method="scram-sha-256")


def own(*admissions: Admission) -> list[str]:
    """The lines of logins."""
    return hba_lines(admissions)[PARTS:-1]


def test_without_any_auth_passwords_are_tried_from_everywhere() -> None:
    assert hba_lines()[PARTS:] == ["hostssl all all all scram-sha-256", "host all all all reject"]
    assert pooler_hba().splitlines()[-4:] == [
        "hostssl all all 0.0.0.0/0 scram-sha-256",
        "hostssl all all ::/0 scram-sha-256",
        "host all all 0.0.0.0/0 reject",
        "host all all ::/0 reject",
    ]


def test_with_auth_nobody_gets_in_who_is_not_named() -> None:
    assert own() == []
    assert hba_lines(())[-1] == "host all all all reject"
    assert not [line for line in hba_lines((APP,)) if " all all all scram" in line]
    assert "scram" not in pooler_hba(())


def test_the_lines_of_some_logins() -> None:
    batch = Admission(role="batch", database="shop", method="cert", network="10.0.0.0/8")
    assert own(APP, batch) == [
        'hostssl "shop" "app" all scram-sha-256',
        'hostssl "shop" "batch" 10.0.0.0/8 cert',
    ]
    # Through the pooler only passwords: it could not show the server the client's certificate.
    assert [line for line in pooler_hba((APP, batch)).splitlines() if '"' in line] == [
        'hostssl "shop" "app" 0.0.0.0/0 scram-sha-256',
        'hostssl "shop" "app" ::/0 scram-sha-256',
    ]


def test_a_narrower_network_comes_first_whatever_the_order_given() -> None:
    wide = [
        Admission(role="app", database="shop", method="cert", network=network)
        for network in ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "2001:db8::/32", None)
    ]
    expected = ["10.1.2.3/32", "10.1.0.0/16", "10.0.0.0/8", "2001:db8::/32", "all"]
    for order in itertools.permutations(wide):
        assert [line.split()[3] for line in own(*order)] == expected


@pytest.mark.parametrize(
    "name, written",
    [
        ("all", '"all"'),
        ("+group", '"+group"'),
        ("@file", '"@file"'),
        ("a,b", '"a,b"'),
        ('with "quotes" and spaces', '"with ""quotes"" and spaces"'),
        ("# no comment", '"# no comment"'),
        ("{0}", '"{0}"'),
    ],
)
def test_a_name_means_no_more_than_itself(name: str, written: str) -> None:
    one = Admission(role=name, database=name, method="scram-sha-256")
    assert own(one) == [f"hostssl {written} {written} all scram-sha-256"]
    assert f"hostssl {written} {written} ::/0 scram-sha-256" in pooler_hba((one,))


def test_the_same_admission_twice_is_one_line() -> None:
    assert len(own(APP, APP)) == 1
