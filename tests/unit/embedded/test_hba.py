"""pg_hba.conf as a change and as drift: what is said of each line, and which parts a change reaches."""

from __future__ import annotations

import pytest

from components.embedded import arguments
from components.embedded import part as parts
from components.embedded.decisions import steps, well
from components.embedded.hba import Seen, complaints
from components.patroni import hba
from components.patroni.decisions import configuration_drift, patch
from components.render.hba import Admission, hba_lines
from components.render.sites import sites
from components.settings.load import load
from tests.unit.embedded.test_arguments import PROGRAMS

SETTINGS = load({"platform": "embedded"}, default_major=15)
SITES = sites(SETTINGS, "/x", server_user="postgres")
APP = Admission(role="app", database="shop", method="scram-sha-256")
CERT = Admission(role="batch", database="shop", method="cert")
BEFORE, AFTER = hba_lines(), hba_lines([APP, CERT])


def test_no_change_says_nothing() -> None:
    assert list(hba.told(AFTER, AFTER)) == []
    assert list(hba.differences("x", AFTER, AFTER)) == []


def test_a_change_is_told_as_the_files_text() -> None:
    assert list(hba.told(BEFORE, AFTER)) == [
        "pg_hba.conf of every member: reload, nobody is cut off, open sessions stay",
        "  - hostssl all all all scram-sha-256",
        '  + hostssl "shop" "app" all scram-sha-256',
        '  + hostssl "shop" "batch" all cert',
    ]


@pytest.mark.parametrize(
    "found, told",
    [
        pytest.param(
            [*AFTER, "host all all all trust"], ["pg-1 has a line besides: host all all all trust"], id="more"
        ),
        pytest.param(AFTER[:-1], [f"pg-1 lacks the line: {AFTER[-1]}"], id="fewer"),
        pytest.param(
            [AFTER[-1], *AFTER[:-1]],
            ["pg-1 has its lines in another order, and the first that matches decides"],
            id="another order",
        ),
    ],
)
def test_drift_is_told_line_by_line(found: list[str], told: list[str]) -> None:
    assert list(hba.differences("pg-1", AFTER, found)) == told


def test_a_bad_line_is_told_in_postgresqls_words() -> None:
    seen = Seen(lines=["x"], errors={7: 'invalid connection type "x"'}, read=True)
    assert list(complaints("pg-1", seen)) == [
        'pg-1: pg_hba.conf, line 7: PostgreSQL says: invalid connection type "x"; '
        "it goes on with the lines it had before"
    ]


def test_lines_are_told_once_and_not_as_one_long_value() -> None:
    one, two = (arguments.configuration_spec(SETTINGS, SITES, frozenset(), given) for given in (None, (APP,)))
    assert patch(two["configuration"], one["configuration"]) == {"postgresql": {"pg_hba": hba_lines([APP])}}
    assert configuration_drift(hba.without(two["configuration"]), hba.without(one["configuration"])) == []
    assert (one["admitted"], two["admitted"]) == (None, ["app"])


def test_a_platform_from_before_had_the_open_door() -> None:
    configuration = arguments.configuration_spec(SETTINGS, SITES)["configuration"]
    assert hba.wanted(hba.without(configuration)) == BEFORE


def test_a_change_reaches_no_member_and_restarts_no_gateway() -> None:
    for site in SITES.members:
        one, two = (
            parts.wanted(arguments.member_spec(SETTINGS, SITES, site, PROGRAMS, "/r", frozenset(), given))
            for given in (None, (APP,))
        )
        assert steps(two, well(one)) == frozenset()
    one, two = (
        parts.wanted(arguments.gateway_spec(SETTINGS, SITES, PROGRAMS, "/r", given)) for given in (None, (APP,))
    )
    assert steps(two, well(one)) == {"rewrite", "reload"}
