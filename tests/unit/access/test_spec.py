"""Whether a spec is read as it is meant, and whether everything wrong with one is told at once, with its line."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.access.lint import ADVICE
from components.access.lint import LINTS as CHECKS
from components.access.spec import SpecError, load, loads, spec_schema
from components.access.spec.manual import LINTS

NEXPO = Path(__file__).parent / "nexpo.yaml"
SMALL = """\
version: 1
roles:
  owner:
  app: {login: true, password: secret:app}
databases:
  shop: {owner: owner}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        loads(text, "a.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_the_reference_spec_is_read_whole() -> None:
    spec = load(NEXPO).spec
    assert [name for name in spec.every_role if name.startswith("svc_")] == [
        "svc_auth", "svc_projects", "svc_memory", "svc_learning",
    ]  # fmt: skip
    nexpo = spec.databases["nexpo"]
    assert nexpo.extensions["pg_stat_statements"].version == "1.10"
    assert spec.roles["nx_analyst"].valid_until == "2027-06-30"
    assert spec.services["svc_memory"].schema_ == "memory"
    assert nexpo.schemas["app"].tables["users"]["nx_readonly"] == {"select": ("id", "created_at")}
    assert nexpo.schemas["app"].tables["audit_log"] == {"nx_app": {"insert": None}, "nx_readonly": {}}


def test_the_schema_for_editors_takes_the_reference_spec_and_refuses_an_unknown_key() -> None:
    checker = jsonschema.Draft202012Validator(spec_schema())
    plain = load(NEXPO).plain
    assert [error.message for error in checker.iter_errors(plain)] == []
    assert list(checker.iter_errors({**plain, "rolls": {}}))


@pytest.mark.parametrize(
    "line, found",
    [
        ("version: 2", "a.yaml:7: version: found 2; allowed is 1"),
        ("x: 1", "a.yaml:7: x: no such key: x (known: databases, for_each, harden,"),
        ("rolez: {}", "a.yaml:7: rolez: no such key: rolez; did you mean roles?"),
        ("harden: 3", "a.yaml:7: harden: found 3; allowed is true or false"),
        ("scope: {mode: strikt}", "a.yaml:7: scope.mode: found \"strikt\"; allowed is one of strict, report, add; did you mean strict?"),  # noqa: E501
        ("scope: {roles: '['}", "a.yaml:7: scope.roles: '[' is no regular expression"),
        ("scope: {roles: '^a'}", "a.yaml:3: roles.owner: is outside the scope '^a'"),
        ("scope: {never: [app]}", "a.yaml:4: roles.app: is never touched"),
        ("services: {app: {schema: x, profile: y}}", "a.yaml:7: services.app: is a role as well"),
        ("profiles: {a: {extends: b}, b: {extends: a}}", "a.yaml:7: profiles.a.extends: leads back to a"),
        ("for_each: {x: [1]}", "a.yaml:7: for_each.x: must be a list of different texts"),
        ("roles: {}", "a.yaml:7: roles: is there twice, first in line 2"),
    ],
)  # fmt: skip
def test_wrong_at_the_top(line: str, found: str) -> None:
    text = SMALL.replace("version: 1\n", "\n") + line if line.startswith("version") else SMALL + line
    assert any(problem.startswith(found) for problem in problems(text)), problems(text)


@pytest.mark.parametrize(
    "role, found",
    [
        ("{login: yes please}", 'roles.app.login: found "yes please"; allowed is true or false'),
        ("{connection_limit: -2}", "roles.app.connection_limit: found -2; allowed is a whole number from -1 to 262143"),
        ("{login: true, password: hunter2hunter2}", "roles.app.password: must be secret:<name>"),
        ("{password: secret:x}", "roles.app: has a password but cannot log in"),
        ("{login: true, password: {secret: a, rotate: ba}}", "roles.app.password.rotate: found 'ba'; allowed is ab"),
        ("{login: true, password: {secret: a, generation: 1}}", "roles.app.password.generation: belongs to rotate: ab"),
        ("{member_of: [ownr]}", "roles.app.member_of.ownr: no such role: ownr; did you mean owner?"),
        ("{member_of: [app]}", "roles.app.member_of.app: a role cannot be a member of itself"),
        ("{valid_until: 2027-02-30}", "roles.app.valid_until: '2027-02-30' is no moment; write 2027-06-30"),
        ('{comment: "a\\0b"}', "roles.app.comment: holds a NUL character"),
        ('{comment: "a\\ud800b"}', "roles.app.comment: is no valid Unicode"),
        ("{auth: md5}", "roles.app.auth[0].by: md5 can be logged in with by whoever reads the stored hash"),
        ("{dangerous: {superuser: yes}}", "roles.app.dangerous.superuser: found true"),
        ("{settings: {'a b': 1}}", 'roles.app.settings."a b": '),
        ("{comment: '${svc}'}", "roles.app.comment: '${svc}' stands where nothing is repeated"),
    ],
)
def test_wrong_in_a_role(role: str, found: str) -> None:
    text = SMALL.replace("{login: true, password: secret:app}", role)
    assert any(problem.startswith(f"a.yaml:4: {found}") for problem in problems(text)), problems(text)


@pytest.mark.parametrize(
    "key, found",
    [
        ("owner: ownr", "owner: no such role: ownr; did you mean owner?"),
        ("connect: ['x*']", 'connect[0]: no such role: x*'),
        ("schemas: {pg_catalog: {}}", "schemas.pg_catalog: belongs to the server"),
        ("schemas: {a: {access: {app: reader}}}", "schemas.a.access.app: no such profile: reader"),
        ("schemas: {a: {access: {app: {tables: [slect]}}}}", 'schemas.a.access.app.tables[0]: found "slect"; allowed is one of select'),  # noqa: E501
        ("schemas: {a: {tables: {t: {app: {delete: [id]}}}}}", "schemas.a.tables.t.app.delete: is no privilege of columns"),  # noqa: E501
        ("extensions: {pgcrypto: {schema: ops}}", "extensions.pgcrypto.schema: no such schema: ops"),
        ("rls: {tables: {t: {}}}", "rls.tables.t: 't' is no table; write schema.table"),
    ],
)  # fmt: skip
def test_wrong_in_a_database(key: str, found: str) -> None:
    owner = "" if key.startswith("owner") else "owner: owner, "
    text = SMALL.replace("{owner: owner}", f"{{{owner}{key}}}")
    assert any(problem.startswith(f"a.yaml:6: databases.shop.{found}") for problem in problems(text)), problems(text)


def test_a_given_password_is_repeated_by_no_message() -> None:
    text = SMALL.replace("secret:app", "correct-horse") + "\nx: 1"
    assert "correct-horse" not in "\n".join(problems(text))


def test_names_are_checked_even_when_a_value_is_wrong() -> None:
    found = problems(SMALL.replace("owner: owner", "owner: ownr").replace("true", "3"))
    assert len(found) == 2 and any("no such role: ownr" in problem for problem in found), found


@pytest.mark.parametrize("text", ["", "- a", "a: [", "a: &x [*x]", "\tx: 1", "version: 1\n? [a]\n: 1", "a: 2020-99-99"])
def test_what_is_no_spec_at_all(text: str) -> None:
    assert problems(text)


def test_a_bomb_of_aliases_is_refused() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "more than 200000 values" in problems("\n".join(rows))[0]


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(
        st.sampled_from(["version", "roles", "databases", "owner", "rls", "tenant", "schemas", "access", "tables"]),
        below, max_size=4,
    ), max_leaves=12,
))  # fmt: skip
def test_no_tree_of_values_makes_the_loader_fail_otherwise(value: object) -> None:
    try:
        loads(yaml.safe_dump(value), "a.yaml")
    except SpecError as error:
        assert error.problems


def test_the_manual_and_the_models_know_the_same_lints() -> None:
    assert (
        list(LINTS)
        == [*CHECKS, *ADVICE]
        == spec_schema()["$defs"]["Lint"]["properties"]["allow"]["propertyNames"]["enum"]
    )
