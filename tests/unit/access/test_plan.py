"""What a spec makes of a state, as statements: cases are data, the first is always that there is nothing to do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from components.access import reading
from components.access.desired import Desired, desired, with_expressions
from components.access.model import (
    Access,
    Available,
    Default,
    Extension,
    Facts,
    Grant,
    Object,
    Phase,
    Policy,
    Relation,
    Security,
    Server,
    Table,
)
from components.access.plan import plan_database
from components.access.spec import Spec, loads

SPEC = """
version: 1
harden: true
scope: { roles: "^x_" }
roles:
  x_owner: {}
  x_app: { login: true, password: secret:app, connection_limit: 5, settings: { work_mem: 8MB } }
  x_read: { member_of: [x_app] }
databases:
  shop:
    owner: x_owner
    connect: [x_app]
    extensions: { citext: "*" }
    schemas:
      app:
        access: { x_app: { schema: [usage], tables: [select, insert] }, x_read: { tables: [select] } }
        tables: { users: { x_read: { select: [id] } } }
    rls:
      context: { org: { setting: app.org, type: uuid } }
      tenant:
        schemas: [app]
        column: org
        using: "org = :org"
        to: [x_app]
        see_all: { x_owner: { why: migrations under FORCE } }
"""
USERS, ORDERS = Object("table", "app", "users"), Object("table", "app", "orders")
EXPRESSION = "(org = ( SELECT setting))"
FACTS = Facts(
    server=Server(
        version=150000,
        available={"citext": Available(default="1.6", versions={"1.5": None, "1.6": None})},
        infrastructure=("pgbouncer",),
    ),
    exists=True,
    relations={
        Table("app", "users"): Relation(columns={"id": "integer", "org": "uuid"}, indexed=frozenset({"org"})),
        Table("app", "orders"): Relation(columns={"org": "uuid"}, indexed=frozenset({"org"})),
    },
)


def acl(**rights: str) -> frozenset[Grant]:
    return frozenset(Grant(role, word) for role, words in rights.items() for word in words.split())


def rows(**policies: Policy) -> dict[str, Policy]:
    floor = Policy(name="tenant_floor", permissive=False, roles=("x_app",), using=EXPRESSION, check=EXPRESSION)
    own = Policy(name="tenant_rows", roles=("x_app",), using=EXPRESSION, check=EXPRESSION)
    owner = Policy(name="see_all", roles=("x_owner",), using="true", check="true")
    return {"tenant_floor": floor, "tenant_rows": own, "see_all": owner, **policies}


SETTLED = Access(
    database="shop",
    acls={
        Object("database", "", "shop"): acl(x_app="CONNECT", pgbouncer="CONNECT"),
        Object("schema", "", "app"): acl(x_app="USAGE"),
        USERS: acl(x_app="SELECT INSERT"),
        ORDERS: acl(x_app="SELECT INSERT", x_read="SELECT"),
        Object("column", "app", "users", "id"): acl(x_read="SELECT"),
    },
    owners={
        Object("database", "", "shop"): "x_owner",
        Object("schema", "", "app"): "x_owner",
        USERS: "x_owner",
        ORDERS: "x_owner",
    },
    extensions={"citext": Extension(name="citext", version="1.5", schema="public")},
    defaults={
        Default("x_owner", "app", "tables"): acl(x_app="SELECT INSERT", x_read="SELECT"),
        Default("x_owner", "", "functions"): frozenset(),
    },
    security={Table("app", "users"): Security(True, True), Table("app", "orders"): Security(True, True)},
    policies={Table("app", "users"): rows(), Table("app", "orders"): rows()},
)


def wanted(actual: Access, spec: Spec, facts: Facts = FACTS) -> Desired:
    """As the reading does it, with a server that prints every tenant's expression as EXPRESSION."""
    found = desired(spec, "shop", actual, facts)
    printed = {
        twin.key: ("true" if twin.using == "true" else EXPRESSION, "true" if twin.check == "true" else EXPRESSION)
        for twin in found.row_security.twins.values()
    }
    return with_expressions(found, dict(printed))


def plan(actual: Access, text: str = SPEC, facts: Facts = FACTS) -> list[str]:
    found = plan_database(wanted(actual, loads(text, "a.yaml").spec, facts), actual, facts)
    assert found.problems == () and found.curable == ()
    return [statement.display() for statement in found.statements]


def changed(**parts: object) -> Access:
    return dataclasses.replace(SETTLED, **{key: {**getattr(SETTLED, key), **value} for key, value in parts.items()})  # type: ignore[arg-type, dict-item]


def without(**parts: object) -> Access:
    kept = {
        key: {name: value for name, value in getattr(SETTLED, key).items() if name != gone}
        for key, gone in parts.items()
    }
    return dataclasses.replace(SETTLED, **kept)  # type: ignore[arg-type]


USERS_POLICIES = Table("app", "users")
CASES = {
    "nothing to do": (SETTLED, []),
    "a table without its grants": (
        changed(acls={ORDERS: frozenset()}),
        [
            'GRANT INSERT, SELECT ON TABLE "app"."orders" TO "x_app"',
            'GRANT SELECT ON TABLE "app"."orders" TO "x_read"',
        ],
    ),
    "rights that nobody declared": (
        changed(acls={ORDERS: SETTLED.acls[ORDERS] | acl(x_app="DELETE", x_read="DELETE", x_other="DELETE")}),
        ['REVOKE DELETE ON TABLE "app"."orders" FROM "x_app", "x_other", "x_read"'],
    ),
    "rights of roles outside the scope": (changed(acls={ORDERS: SETTLED.acls[ORDERS] | acl(stranger="DELETE")}), []),
    "rights of PUBLIC under harden": (
        changed(acls={ORDERS: SETTLED.acls[ORDERS] | acl(PUBLIC="SELECT")}),
        ['REVOKE SELECT ON TABLE "app"."orders" FROM PUBLIC'],
    ),
    "only the grant option goes": (
        changed(acls={ORDERS: acl(x_app="INSERT", x_read="SELECT") | {Grant("x_app", "SELECT", True)}}),
        ['REVOKE GRANT OPTION FOR SELECT ON TABLE "app"."orders" FROM "x_app"'],
    ),
    "a grant of a third role": (
        changed(acls={ORDERS: SETTLED.acls[ORDERS] | {Grant("x_read", "SELECT", False, "x_app")}}),
        ['SET LOCAL ROLE x_app; REVOKE SELECT ON TABLE "app"."orders" FROM "x_read"; RESET ROLE'],
    ),
    "a whole table where only columns are declared": (
        changed(acls={USERS: acl(x_app="SELECT INSERT", x_read="SELECT")}),
        [
            'REVOKE SELECT ON TABLE "app"."users" FROM "x_read"',
            'GRANT SELECT ("id") ON TABLE "app"."users" TO "x_read"',
        ],
    ),
    "a column that is not declared": (
        changed(acls={Object("column", "app", "users", "org"): acl(x_read="SELECT")}),
        ['REVOKE SELECT ("org") ON TABLE "app"."users" FROM "x_read"'],
    ),
    "the pooler is let in": (
        changed(acls={Object("database", "", "shop"): acl(x_app="CONNECT")}),
        ['GRANT CONNECT ON DATABASE "shop" TO "pgbouncer"'],
    ),
    "default privileges": (
        changed(defaults={Default("x_owner", "app", "tables"): acl(x_app="SELECT INSERT DELETE", x_read="SELECT")}),
        ['ALTER DEFAULT PRIVILEGES FOR ROLE "x_owner" IN SCHEMA "app" REVOKE DELETE ON TABLES FROM "x_app"'],
    ),
    "functions are born executable": (
        without(defaults=Default("x_owner", "", "functions")),
        ['ALTER DEFAULT PRIVILEGES FOR ROLE "x_owner" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC'],
    ),
    "row security is off": (
        changed(security={USERS_POLICIES: Security()}),
        ['ALTER TABLE "app"."users" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY'],
    ),
    "row security spares the owner": (
        changed(security={USERS_POLICIES: Security(True, False)}),
        ['ALTER TABLE "app"."users" FORCE ROW LEVEL SECURITY'],
    ),
    "an expression differs": (
        changed(policies={USERS_POLICIES: rows(tenant_rows=Policy(name="tenant_rows", roles=("x_app",), using="true", check="true"))}),  # noqa: E501
        [f'ALTER POLICY "tenant_rows" ON "app"."users" TO "x_app" USING ({EXPRESSION}) WITH CHECK ({EXPRESSION})'],
    ),
    "a policy of another command": (
        changed(policies={USERS_POLICIES: rows(see_all=Policy(name="see_all", command="select", roles=("x_owner",), using="true"))}),  # noqa: E501
        [
            'DROP POLICY "see_all" ON "app"."users"',
            'CREATE POLICY "see_all" ON "app"."users" AS PERMISSIVE FOR ALL TO "x_owner" USING (true) WITH CHECK (true)',  # noqa: E501
        ],
    ),
    "a policy that is not declared": (
        changed(policies={USERS_POLICIES: rows(hole=Policy(name="hole", using="true"))}),
        ['DROP POLICY "hole" ON "app"."users"'],
    ),
    "an extension is missing": (
        without(extensions="citext"),
        ['CREATE EXTENSION "citext" SCHEMA "public" VERSION \'1.6\''],
    ),
    "another owner": (
        changed(owners={Object("schema", "", "app"): "postgres", Object("database", "", "shop"): "postgres"}),
        ['ALTER DATABASE "shop" OWNER TO "x_owner"', 'ALTER SCHEMA "app" OWNER TO "x_owner"'],
    ),
}  # fmt: skip


@pytest.mark.parametrize("actual, statements", CASES.values(), ids=CASES.keys())
def test_plan_of_a_database(actual: Access, statements: list[str]) -> None:
    assert plan(actual) == statements


SPECS: dict[str, tuple[Callable[[str], str], list[str]]] = {
    "a privilege less": (
        lambda text: text.replace("[select, insert]", "[select]"),
        [
            'ALTER DEFAULT PRIVILEGES FOR ROLE "x_owner" IN SCHEMA "app" REVOKE INSERT ON TABLES FROM "x_app"',
            'REVOKE INSERT ON TABLE "app"."orders", "app"."users" FROM "x_app"',
        ],
    ),
    "mode add": (lambda text: text.replace("[select, insert]", "[select]").replace('"^x_"', '"^x_", mode: add'), []),
    "all": (
        lambda text: text.replace("tables: [select, insert]", "tables: [all]"),
        [
            'ALTER DEFAULT PRIVILEGES FOR ROLE "x_owner" IN SCHEMA "app" GRANT DELETE, REFERENCES, TRIGGER, TRUNCATE, UPDATE ON TABLES TO "x_app"',  # noqa: E501
            'GRANT DELETE, REFERENCES, TRIGGER, TRUNCATE, UPDATE ON TABLE "app"."orders", "app"."users" TO "x_app"',
        ],
    ),
    "a newer extension": (
        lambda text: text.replace('citext: "*"', 'citext: ">=1.6"'),
        ["ALTER EXTENSION \"citext\" UPDATE TO '1.6'"],
    ),
}


@pytest.mark.parametrize("change, statements", SPECS.values(), ids=SPECS.keys())
def test_plan_of_a_changed_spec(change: Callable[[str], str], statements: list[str]) -> None:
    assert plan(SETTLED, change(SPEC)) == statements


def test_a_database_that_is_not_there_gets_structure_then_defaults_then_rights() -> None:
    found = reading.empty_database(loads(SPEC, "a.yaml").spec, "shop", FACTS.server)
    phases = [statement.phase for statement in found.plan.statements]
    assert phases == sorted(phases) and Phase.STRUCTURE in phases and Phase.RIGHTS in phases
    assert found.plan.pending == ("table app.users is not there yet; its rights wait for it",)


@pytest.mark.parametrize(
    "wish, told",
    [
        ('nope: "*"', "extension nope: this server's packages do not have it"),
        ('citext: "9.9"', "extension citext: version 9.9 is not to be had here; available: 1.5, 1.6"),
        ('citext: ">=2"', "extension citext: version >=2 is not to be had here"),
    ],
)
def test_an_extension_that_cannot_be(wish: str, told: str) -> None:
    spec = loads(SPEC.replace('citext: "*"', wish), "a.yaml").spec
    problems = plan_database(wanted(SETTLED, spec), SETTLED, FACTS).problems
    assert len(problems) == 1 and problems[0].startswith(told)
    optional = SPEC.replace(wish := 'citext: "*"', "nope: { optional: true }" if "nope" in told else wish)
    assert plan_database(wanted(SETTLED, loads(optional, "a.yaml").spec), SETTLED, FACTS).problems == ()


def test_a_table_without_the_tenant_column_must_be_named() -> None:
    relations = {**FACTS.relations, Table("app", "orders"): Relation(columns={"id": "integer"})}
    found = desired(loads(SPEC, "a.yaml").spec, "shop", SETTLED, dataclasses.replace(FACTS, relations=relations))
    assert found.curable[0].startswith("table app.orders has no column org; add it")
