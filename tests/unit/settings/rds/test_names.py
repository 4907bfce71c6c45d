"""Names as AWS takes them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.settings.rds.rules.names import (
    final_snapshot_name,
    parameter_group_name,
    password_problem,
)
from tests.unit.settings.rds.stacks import problems

LETTERS = "abcdefghijklmnopqrstuvwxyz"
NAMES = st.text(alphabet="ab1-_A.", max_size=8)


def is_identifier(name: str) -> bool:
    """AWS's rule, letter by letter."""
    return (
        name[:1] in set(LETTERS)
        and all(letter in LETTERS + "0123456789-" for letter in name)
        and "--" not in name
        and not name.endswith("-")
    )


@given(NAMES)
def test_an_identifier_is_what_aws_takes(name: str) -> None:
    assert (problems({"identifier": name}) == {}) == (is_identifier(name) or not name)


@given(NAMES.filter(lambda name: name and not is_identifier(name)))
def test_the_advice_is_an_identifier(name: str) -> None:
    message = problems({"identifier": name})["rds.identifier"]
    found = re.search(r"take '(.*)'", message)
    assert found is not None
    assert is_identifier(found[1])


@given(st.text(alphabet=st.characters(min_codepoint=9, max_codepoint=200), max_size=140))
def test_a_password_is_judged_and_never_shown(password: str) -> None:
    good = 8 <= len(password) <= 128 and all("!" <= letter <= "~" and letter not in '/"@' for letter in password)
    problem = password_problem(password)
    assert (problem is None) == good
    assert problem is None or len(password) < 4 or password not in problem


@pytest.mark.parametrize(
    "rds, path, message",
    [
        pytest.param(
            {"identifier": "Main_DB"},
            "rds.identifier",
            "found 'Main_DB'; allowed are small letters, digits and single inner hyphens, first a letter (RDS"
            " would change"
            " anything else, and differ from this file for ever); take 'main-db'",
            id="capitals",
        ),
        pytest.param(
            {"identifier": "a" * 64}, "rds.identifier", "found 64 characters; allowed are 63; shorten it", id="long"
        ),
        pytest.param(
            {"identifier": "a" * 60, "replicas": [{"name": "near"}]},
            "rds.replicas.0.name",
            f"makes the identifier '{'a' * 60}-near' of 65 characters; allowed are 63; shorten it, or the identifier"
            " before it",
            id="replica's too long",
        ),
        pytest.param(
            {"username": "a_name_of_seventee"},
            "rds.username",
            "found 'a_name_of_seventee'; allowed are 1 to 16 letters, digits and underscores, first a letter; choose"
            " another name",
            id="long user",
        ),
        pytest.param(
            {"username": "user"},
            "rds.username",
            "found 'user', which PostgreSQL or RDS keeps for itself; choose another name",
            id="reserved word",
        ),
        pytest.param(
            {"username": "rdsadmin"},
            "rds.username",
            "found 'rdsadmin', which PostgreSQL or RDS keeps for itself; choose another name",
            id="RDS's own",
        ),
        pytest.param(
            {"username": "Postgres"},
            "rds.username",
            "found 'Postgres', a name that everybody tries first; choose one of your own, such as platform_admin",
            id="guessed",
        ),
        pytest.param(
            {"database": "my-db"},
            "rds.database",
            "found 'my-db'; allowed are 1 to 63 letters, digits and underscores, first a letter",
            id="hyphen in a database",
        ),
        pytest.param(
            {"database": "template1"},
            "rds.database",
            "found 'template1', which PostgreSQL or RDS has already; choose another or remove it",
            id="database that is there",
        ),
        pytest.param(
            {"port": 1149}, "rds.port", "found 1149; allowed is a whole number from 1150 to 65535", id="port too low"
        ),
        pytest.param(
            {"iam": {"enabled": False, "logins": {"app": []}}},
            "rds.iam.enabled",
            "found false, but rds.iam.logins names logins by token; set it to true",
            id="logins without IAM",
        ),
        pytest.param(
            {"iam": {"logins": {"platform_admin": []}}},
            "rds.iam.logins.platform_admin",
            "is the administrator, whose password login rds_iam would turn off; give the token to a login of its own",
            id="administrator by token",
        ),
        pytest.param(
            {"iam": {"logins": {"app": ["r" * 65]}}},
            "rds.iam.logins.app.0",
            f"found '{'r' * 65}'; allowed is the name of an IAM role, 1 to 64 letters, digits and + = , . @ - _ (no"
            " ARN)",
            id="role name",
        ),
        pytest.param(
            {"dns": {"zone": "example.com", "writer": "db.example.com"}},
            "rds.dns.zone",
            "found 'example.com'; allowed is the ID of a hosted zone, such as Z0123456",
            id="hosted zone",
        ),
        pytest.param(
            {"dns": {"zone": "Z01234567", "writer": "DB.example.com"}},
            "rds.dns.writer",
            "found 'DB.example.com'; allowed is a full host name in small letters",
            id="host name",
        ),
        pytest.param(
            {"dns": {"zone": "Z01234567", "writer": "db.example.com", "reader": "db.example.com"}},
            "rds.dns.reader",
            "found 'db.example.com', the name of writer; give each its own",
            id="one name twice",
        ),
        pytest.param(
            {"pooler": {"kind": "none"}, "dns": {"zone": "Z01234567", "writer": "a.b.com", "pooled": "p.b.com"}},
            "rds.dns.pooled",
            "has nothing to point at: rds.pooler.kind is none; remove it",
            id="pooled without pooler",
        ),
        pytest.param(
            {"dns": {"zone": "Z01234567", "writer": "db.example.com", "ttl": 60}},
            "rds.dns.ttl",
            "found 60; allowed is a whole number from 1 to 29",
            id="slow record",
        ),
        pytest.param(
            {"tags": {"aws:team": "x"}},
            "rds.tags.aws:team",
            "allowed are keys of 1 to 128 characters that do not begin with aws:, and values of up to 256",
            id="AWS's tag",
        ),
        pytest.param(
            {"tags": {f"t{number}": "x" for number in range(46)}},
            "rds.tags",
            "found 46 tags; allowed are 45; remove some",
            id="many tags",
        ),
    ],
)
def test_a_bad_name_is_told(rds: dict[str, Any], path: str, message: str) -> None:
    assert problems(rds) == {path: message}


def test_names_that_the_component_makes() -> None:
    assert parameter_group_name("main-pg17-0a1b2c") is None
    assert parameter_group_name("main.pg17") == (
        "found 'main.pg17'; a parameter group's name has up to 255 small letters, digits and single inner hyphens,"
        " first"
        " a letter, and no dot"
    )
    assert final_snapshot_name("final-main-0a1b2c") is None
    assert final_snapshot_name("final--main") == (
        "found 'final--main'; a snapshot's name has up to 255 letters, digits and single inner hyphens, first a letter"
    )
