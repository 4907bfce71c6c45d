"""`auth` of a spec: who gets in, and every way to say it wrongly."""

from __future__ import annotations

import pytest

from components.access import admissions, roles
from components.access.model import Cluster, Membership, Server
from components.access.spec import SpecError
from components.access.spec.load import Loaded, loads
from components.render.hba import Admission

HEAD = """\
version: 1
harden: true
roles:
  owner: {}
  readers: {}
"""
DATABASES = """\
databases:
  shop: { owner: owner, connect: [app, readers] }
  logs: { owner: owner, connect: ["a*"] }
"""
PLAIN = "  app: { login: true, password: secret:app }\n"


def loaded(lines: str, tail: str = "") -> Loaded:
    return loads(HEAD + lines + DATABASES + tail, "a.yaml")


def found(lines: str, tail: str = "") -> list[tuple[str | None, str, str | None, str]] | None:
    """database, role, network and method of each admission."""
    made = admissions.admissions([loaded(lines, tail).spec])
    return None if made is None else [(one.database, one.role, one.network, one.method) for one in made]


def test_while_nobody_says_auth_there_are_no_admissions() -> None:
    assert found(PLAIN) is None


@pytest.mark.parametrize(
    "lines, expected",
    [
        pytest.param(
            "  app: { login: true, password: secret:app, auth: scram }\n",
            [("logs", "app", None, "scram-sha-256"), ("shop", "app", None, "scram-sha-256")],
            id="short: from anywhere to where it may connect",
        ),
        pytest.param(
            "  app: { login: true, auth: { by: cert, from: [10.0.0.0/8, 10.1.2.3], databases: [shop] } }\n",
            [("shop", "app", "10.0.0.0/8", "cert"), ("shop", "app", "10.1.2.3/32", "cert")],
            id="networks and databases",
        ),
        pytest.param(
            "  app: { login: true, password: secret:app, auth: { by: SCRAM-SHA-256, databases: logs } }\n",
            [("logs", "app", None, "scram-sha-256")],
            id="pg_hba's own word",
        ),
        pytest.param(
            "  app: { login: true, password: secret:app, auth: [cert, { by: scram, from: 10.0.0.0/8 }] }\n",
            [
                ("logs", "app", "10.0.0.0/8", "scram-sha-256"),
                ("logs", "app", None, "cert"),
                ("shop", "app", "10.0.0.0/8", "scram-sha-256"),
                ("shop", "app", None, "cert"),
            ],
            id="another proof from a narrower network",
        ),
        pytest.param(
            "  app: { login: true, auth: cert }\n  reader: { login: true, password: secret:r, member_of: [readers] }\n",
            [("logs", "app", None, "cert"), ("shop", "app", None, "cert"), ("shop", "reader", None, "scram-sha-256")],
            id="who says nothing keeps the password, where it may connect as a member",
        ),
        pytest.param(
            "  app: { login: true, auth: cert }\n  silent: { login: true }\n",
            [("logs", "app", None, "cert"), ("shop", "app", None, "cert")],
            id="who has no password gets no line",
        ),
        pytest.param(
            "  app: { login: true, password: { secret: app, rotate: ab, generation: 1 }, auth: { by: scram, databases:"
            " shop } }\n",
            [("shop", "app_a", None, "scram-sha-256"), ("shop", "app_b", None, "scram-sha-256")],
            id="both logins of a pair that work",
        ),
    ],
)
def test_who_gets_in(lines: str, expected: list[tuple[str | None, str, str | None, str]]) -> None:
    assert found(lines) == sorted(expected, key=lambda one: (one[0] or "", one[1], one[2] or "", one[3]))


def test_another_spec_of_the_stack_keeps_its_passwords() -> None:
    strict = loaded("  app: { login: true, auth: cert }\n").spec
    other = loads("version: 1\nroles:\n  x: { login: true, password: secret:x }\ndatabases:\n  d: { owner: x }\n", "b")
    made = admissions.admissions([strict, other.spec])
    assert made is not None
    assert Admission(role="x", database="d", method="scram-sha-256") in made


def test_logins_that_are_never_touched_keep_their_line() -> None:
    assert (None, "dba", None, "scram-sha-256") in (
        found("  app: { login: true, auth: cert }\n", "scope: { never: [dba] }\n") or []
    )


@pytest.mark.parametrize(
    "role, problem",
    [
        ("{ auth: cert }", "roles.app.auth: says how it logs in, but it cannot"),
        ("{ login: true, auth: [] }", "roles.app.auth: is an empty list"),
        ("{ login: true, auth: scram }", "roles.app.auth: is scram, but the role has no password"),
        ("{ login: true, password: secret:a, auth: iam }", "roles.app.auth: is iam, which takes the place of every"),
        ("{ login: true, auth: [iam, cert] }", "roles.app.auth: is iam, which takes the place of every"),
        ("{ login: true, auth: trust }", "roles.app.auth[0].by: trust asks for no proof at all"),
        ("{ login: true, auth: password }", "roles.app.auth[0].by: password sends the password in clear"),
        ("{ login: true, auth: md5 }", "roles.app.auth[0].by: md5 can be logged in with by whoever reads"),
        ("{ login: true, auth: kerberos }", "roles.app.auth[0].by: kerberos is not known here"),
        ("{ login: true, auth: { by: cert, from: 10.0.0.1/8 } }", "write 10.0.0.0/8"),
        ("{ login: true, auth: { by: cert, from: example.org } }", "'example.org' is no network"),
        ("{ login: true, auth: { by: cert, from: all } }", "all means anywhere"),
        ("{ login: true, auth: { by: cert, databases: [shp] } }", "no such database: shp; did you mean shop?"),
        ("{ login: true, auth: { by: cert, form: [] } }", "no such key: form; did you mean from?"),
        ("{ login: true, password: secret:a, auth: [cert, scram] }", "is scram where cert holds already"),
        (
            "{ login: true, password: secret:a, auth: [{ by: cert, databases: [shop] }, scram] }",
            "is scram where cert holds already",
        ),
    ],
)
def test_wrong_is_told_with_its_line(role: str, problem: str) -> None:
    with pytest.raises(SpecError) as refused:
        loads(HEAD + f"  app: {role}\n" + DATABASES, "a.yaml")
    told = [str(one) for one in refused.value.problems]
    assert any(line.startswith("a.yaml:6: ") and problem in line for line in told), told


def test_all_that_is_wrong_is_one_report() -> None:
    lines = "  app: { login: true, auth: [{ by: md5, from: [x, all] }, { by: cert }] }\n  group: { auth: cert }\n"
    with pytest.raises(SpecError) as refused:
        loads(HEAD + lines + DATABASES, "a.yaml")
    assert [(one.line, one.path) for one in refused.value.problems] == [
        (6, "roles.app.auth[0].by"),
        (6, "roles.app.auth[0].from[0]"),
        (6, "roles.app.auth[0].from[1]"),
        (7, "roles.group.auth"),
    ]


@pytest.mark.parametrize("name", ['"/regular"', '"a\\nb"'])
def test_a_name_that_no_line_can_hold_is_refused_where_lines_are_made(name: str) -> None:
    strange = f"  {name}: {{ login: true, password: secret:s }}\n"
    assert list(admissions.problems([loaded(PLAIN + strange)])) == []
    (problem,) = admissions.problems([loaded("  app: { login: true, auth: cert }\n" + strange)])
    assert (problem.line, "pg_hba.conf" in problem.message) == (7, True)


def test_iam_is_membership_of_rds_iam() -> None:
    spec = loaded("  app: { login: true, auth: iam }\n").spec
    assert admissions.admissions([spec]) == ()
    there = roles.wanted(spec, Cluster(), Server(), {}, frozenset({"rds_iam"}))
    assert Membership("rds_iam", "app", inherit=True) in there.cluster.memberships
    assert there.problems == ()
    absent = roles.wanted(spec, Cluster(), Server(), {}, frozenset())
    assert list(absent.problems) == ["app: auth is iam, and this server has no role rds_iam; say scram or cert"]


def test_what_a_foreign_server_cannot_keep_is_a_problem_there() -> None:
    lines = (
        "  app: { login: true, auth: cert }\n"
        "  b: { login: true, password: secret:b, auth: { by: scram, from: 10.0.0.0/8 } }\n"
        "  c: { login: true, password: secret:c, auth: scram }\n"
    )
    told = list(admissions.unenforceable(loaded(lines).spec))
    assert [one.split(":")[0] for one in told] == ["role app", "role b"]
    assert "cert needs a pg_hba.conf of ours" in told[0]
    assert "from needs a pg_hba.conf of ours" in told[1]
