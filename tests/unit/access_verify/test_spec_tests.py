"""What a spec's tests may say, and what they are told when they say something else."""

from __future__ import annotations

import pytest

from components.access.spec import SpecError, loads

SPEC = """version: 1
roles:
  owner:
  app: { login: true, password: secret:app }
databases:
  shop:
    owner: owner
    schemas: { app: }
    rls:
      context: { org: { setting: app.org, type: uuid } }
    tests:
      - """
LINE = SPEC.count("\n") + 1


def test_the_short_forms_and_what_they_stand_for() -> None:
    test = "{ as: app, set: { org: 7, x.y: true }, sees: { app.t: 3 }, denied: DELETE FROM app.t; }"
    [found] = loads(SPEC + test, "a.yaml").spec.databases["shop"].tests
    assert (found.as_, found.set_, found.denied) == ("app", {"org": "7", "x.y": "true"}, ("DELETE FROM app.t",))
    assert (found.sees["app.t"].rows, found.sees["app.t"].where) == (3, None)


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("{ as: ap, sees: { app.t: 0 } }", "tests[0].as: no such role: ap; did you mean app?"),
        ("{ as: app* , sees: { app.t: 0 } }", "no such role: app*"),
        ("{ as: app }", "tests[0]: tries nothing"),
        ("{ as: app, see: { app.t: 0 } }", "no such key: see; did you mean sees?"),
        ("{ as: app, set: { orgg: x }, sees: { app.t: 0 } }", "no such context: orgg; did you mean org?"),
        ("{ as: app, sees: { t: 0 } }", "'t' is no table; write schema.table"),
        ("{ as: app, sees: { app.t: -1 } }", "found -1; allowed is 0 or more"),
        ("{ as: app, sees: { app.t: true } }", "found true; allowed is a whole number or a mapping of rows, where"),
        ("{ as: app, denied: [RESET ROLE] }", "begins with RESET"),
        ("{ as: app, denied: [/* x */ commit] }", "begins with COMMIT"),
        ("{ as: app, denied: ['SELECT 1; SELECT 2'] }", "holds 2 statements; write exactly one"),
        ("{ as: app, denied: ['-- nothing'] }", "holds 0 statements"),
        ("{ as: app, affects: { COPY app.t TO STDOUT: 0 } }", "begins with COPY"),
        ("{ as: app, fixture: /etc/x.sql, sees: { app.t: 0 } }", "is no file of the spec's folder fixtures/"),
        ("{ as: app, fixture: ../x.sql, sees: { app.t: 0 } }", "is no file of the spec's folder fixtures/"),
    ],
)
def test_what_is_refused_names_its_line(test: str, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        loads(SPEC + test, "a.yaml")
    [problem] = caught.value.problems
    assert told in str(problem)
    assert problem.line == LINE
