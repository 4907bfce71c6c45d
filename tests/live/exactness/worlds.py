"""Random specs, each with a random state of the server before it, an administrator, and what interrupts the apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import yaml
from hypothesis import strategies as st

from tests.live.exactness import prior
from tests.live.exactness.things import (
    DATABASE,
    LARGE_OBJECT,
    ODD,
    OLD,
    OWNER,
    RELATION_RIGHTS,
    RULED,
    RULES,
    A,
    B,
    marked,
)

Ending = Literal["cancelled", "terminated", "dropped"]
ENDINGS: tuple[Ending, ...] = ("cancelled", "terminated", "dropped")


@dataclass(frozen=True, kw_only=True)
class World:
    """A spec, what was there before it, who applies it, and before which statement its session ends, and how."""

    spec: Mapping[str, Any]
    prior: tuple[prior.Said, ...]
    superuser: bool = True
    interrupted: tuple[int, Ending] | None = None

    def text(self, mark: str, *, parameters: bool = True) -> str:
        spec = {key: value for key, value in self.spec.items() if parameters or key != "parameters"}
        return marked(yaml.safe_dump(spec, allow_unicode=True, sort_keys=False), mark)

    @property
    def database(self) -> dict[str, Any]:
        found: dict[str, Any] = self.spec["databases"][DATABASE]
        return found

    def mode(self, schema: str = "") -> str:
        lines = self.database["schemas"][schema] if schema else {}
        return str(lines.get("mode") or self.spec["scope"]["mode"])


def _words(*choices: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(choices), unique=True)


_rights = st.fixed_dictionaries(
    {},
    optional={
        "schema": _words("usage", "create"),
        "tables": _words(*(word.lower() for word in RELATION_RIGHTS)),
        "sequences": _words("usage", "select", "update"),
        "functions": _words("execute"),
        "types": _words("usage"),
    },
)
_columns = st.sampled_from((["id"], ["id", "org"], ["org"]))
_narrow = st.one_of(
    _words("select", "insert", "delete"),
    st.fixed_dictionaries({"select": _columns}, optional={"update": _columns, "insert": _columns}),
)
_role = st.sampled_from(RULED)


def _by_role(of: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(_role, of, max_size=2)


_mode = st.sampled_from(("strict", "strict", "strict", "report", "add"))
_schema = st.fixed_dictionaries(
    {},
    optional={
        "access": st.dictionaries(_role, _rights, max_size=3),
        "mode": _mode,
        "owner": st.sampled_from((OWNER, A)),
        "creators": st.sampled_from(([OWNER], [OWNER, A], [A, B], [])),
    },
)
_single = st.fixed_dictionaries(
    {
        "tables": st.fixed_dictionaries(
            {},
            optional={
                "t1": _by_role(_narrow),
                "T %2": _by_role(_narrow),
                "v": _by_role(_words("select", "insert")),
            },
        )
    },
    optional={
        "sequences": st.fixed_dictionaries({"s": _by_role(_words("usage", "select"))}),
        "functions": st.dictionaries(st.sampled_from(("f", "p")), _by_role(_words("execute")), max_size=2),
        "types": st.dictionaries(st.sampled_from(("d", "e")), _by_role(_words("usage")), max_size=2),
    },
)
_policy = st.fixed_dictionaries(
    {"to": st.lists(_role, min_size=1, unique=True), "using": st.sampled_from(tuple(RULES))},
    optional={
        "for": st.sampled_from((["all"], ["select"], ["update", "delete"], ["insert"])),
        "as": st.sampled_from(("permissive", "restrictive")),
        "check": st.sampled_from(tuple(RULES)),
    },
)


@st.composite
def _row_security(draw: st.DrawFn) -> dict[str, Any]:
    see_all = {OWNER: {"why": "migrations under FORCE"}}
    rls: dict[str, Any] = {"context": {"o": {"setting": "app.o"}}, "see_all": see_all}
    if draw(st.booleans()):
        rls["tenant"] = {
            "schemas": ["app"],
            "column": "org",
            "using": "org = :o",
            "to": draw(st.lists(_role, min_size=1, unique=True)),
            "see_all": see_all,
        }
        if draw(st.booleans()):
            rls["tenant"]["exempt"] = {"app.T %2": "only for this test"}
    if policies := draw(st.dictionaries(st.sampled_from(("p1", "p2")), _policy, max_size=2)):
        rls["tables"] = {"app.t1": policies}
    return rls


@st.composite
def _database(draw: st.DrawFn) -> dict[str, Any]:
    one = {
        "owner": OWNER,
        "connect": draw(_words(*RULED)),
        "temporary": draw(_words(*RULED)),
        "create": draw(_words(*RULED)),
        "schemas": {"app": {**draw(_schema), **draw(_single)}, "od d": draw(_schema)},
        # Lints are tried elsewhere; here every spec that says what it means must be applied.
        "lint": {"allow": {lint: dict.fromkeys(items, "a random world") for lint, items in ALLOWED.items()}},
    }
    if draw(st.booleans()):
        one["languages"] = {"plpgsql": draw(_by_role(_words("usage")))}
    if draw(st.booleans()):
        one["large_objects"] = {LARGE_OBJECT: draw(_by_role(_words("select", "update")))}
    if draw(st.booleans()):
        one["rls"] = draw(_row_security())
    return one


TABLES = ("app.t1", "app.T %2", "app.parts", "app.part1")
ALLOWED = {
    "grant-to-public": (*TABLES, "app.v", "app.m", "app", "od d", "od d.t", ""),
    "partition-granted": TABLES,
    "owner-blind": TABLES,
    "tenant-becomes-owner": RULED,
    "rls-off-with-tenant-column": (*TABLES, "od d.t"),
}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Any world."""
    leaving, superuser = draw(st.integers(0, 3)) == 0, draw(st.integers(0, 2)) > 0
    roles: dict[str, Any] = {OWNER: {}, A: {}, B: {"member_of": [A]} if draw(st.booleans()) else {}, ODD: {}}
    spec: dict[str, Any] = {
        "version": 1,
        "harden": draw(st.booleans()),
        "scope": {"roles": "^MARK_", "mode": draw(_mode)},
        "roles": {**roles, **({OLD: {"retire": {"to": OWNER}}} if leaving else {})},
        "databases": {DATABASE: draw(_database())},
    }
    if superuser and draw(st.integers(0, 2)) == 0:
        spec["parameters"] = {"work_mem": draw(_by_role(_words("set", "alter system")))}
    interrupted = draw(st.one_of(st.none(), st.tuples(st.integers(1, 30), st.sampled_from(ENDINGS))))
    before = [*prior.beginning(superuser=superuser), *draw(prior.states(leaving=leaving))]
    return World(spec=spec, prior=tuple(before), superuser=superuser, interrupted=interrupted)
