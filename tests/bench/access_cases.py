"""The cases of `make bench-access`: one access wish in every competitor's language, and the database it is for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

READ = ("SELECT",)
WRITE = ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
OWNER, DATABASE = "bench_owner", "bench"


@dataclass(frozen=True, kw_only=True)
class Case:
    """`logins` may all read every table, the first `writers` of them (or of the groups) may write too."""

    name: str
    logins: int
    schemas: int
    tables: int  # of each schema
    writers: int
    groups: int = 0  # 0: the logins hold the rights themselves
    row_policies: bool = False

    @property
    def login_names(self) -> list[str]:
        return [f"bench_app_{number:04d}" for number in range(self.logins)]

    @property
    def group_names(self) -> list[str]:
        return [f"bench_group_{number:02d}" for number in range(self.groups)]

    @property
    def grantees(self) -> list[str]:
        return self.group_names or self.login_names

    @property
    def schema_names(self) -> list[str]:
        return [f"s{number:02d}" for number in range(self.schemas)]

    @property
    def table_names(self) -> list[str]:
        return [f"t{number:03d}" for number in range(self.tables)]

    def group_of(self, number: int) -> str:
        return self.group_names[number % self.groups]

    def writes(self, grantee: str, schema: str, *, changed: bool) -> bool:
        """One change: a reader in the middle becomes a writer of one schema, six privileges more."""
        number = self.grantees.index(grantee)
        return number < self.writers or (changed and number == len(self.grantees) // 2 and schema == "s03")

    @property
    def what(self) -> str:
        through = f" through {self.groups} groups" if self.groups else ""
        policies = ", row policies on all" if self.row_policies else ""
        return f"{self.logins} roles{through} x {self.schemas} schemas x {self.tables} tables{policies}"


CASES = {
    "S": Case(name="S", logins=100, schemas=10, tables=20, writers=20),
    "L": Case(name="L", logins=100, schemas=10, tables=200, writers=20),
    "XL": Case(name="XL", logins=1000, schemas=10, tables=200, writers=5, groups=20, row_policies=True),
}


def fixture(case: Case) -> str:
    """The database before anybody got rights: schemas and tables of one owner."""
    lines = [f"SET ROLE {OWNER};"]
    for schema in case.schema_names:
        lines.append(f"CREATE SCHEMA {schema};")
        lines += [f"CREATE TABLE {schema}.{table} (id bigint, org uuid, v text);" for table in case.table_names]
        if case.row_policies:
            lines += [f"CREATE INDEX ON {schema}.{table} (org);" for table in case.table_names]
    return "\n".join(lines)


def write(case: Case, folder: Path) -> None:
    """Ours, the floor's and pgroles' files, each before and after the one change."""
    for suffix, changed in (("", False), ("-changed", True)):
        (folder / f"ours{suffix}.yaml").write_text(json.dumps(_ours(case, changed=changed)))
        (folder / f"floor{suffix}.json").write_text(json.dumps(_floor(case, changed=changed)))
        (folder / f"pgroles{suffix}.yaml").write_text(yaml.safe_dump(_pgroles(case, changed=changed)))


def _ours(case: Case, *, changed: bool) -> dict[str, Any]:
    roles: dict[str, Any] = {OWNER: {}, **{group: {} for group in case.group_names}}
    for number, login in enumerate(case.login_names):
        roles[login] = {"login": True} | ({"member_of": [case.group_of(number)]} if case.groups else {})
    reader = {"schema": ["usage"], "tables": ["select"]}
    writer = {"extends": "reader", "tables": [word.lower() for word in WRITE]}
    schemas = {
        schema: {
            "access": {
                one: "writer" if case.writes(one, schema, changed=changed) else "reader" for one in case.grantees
            }
        }
        for schema in case.schema_names
    }
    database: dict[str, Any] = {"owner": OWNER, "schemas": schemas}
    if case.row_policies:
        see_all = {OWNER: {"why": "migrations under FORCE"}}
        tenant = {"schemas": case.schema_names, "column": "org", "using": "org = :org", "to": case.group_names}
        context = {"org": {"setting": "app.org", "type": "uuid"}}
        database["rls"] = {"context": context, "tenant": {**tenant, "see_all": see_all}}
    return {
        "version": 1,
        "scope": {"roles": "^bench_"},
        "roles": roles,
        "profiles": {"reader": reader, "writer": writer},
        "databases": {DATABASE: database},
    }


def _floor(case: Case, *, changed: bool) -> dict[str, Any]:
    rights = {
        schema: {
            one: sorted({*READ, *(WRITE if case.writes(one, schema, changed=changed) else ())}) for one in case.grantees
        }
        for schema in case.schema_names
    }
    members = {login: case.group_of(number) for number, login in enumerate(case.login_names)} if case.groups else {}
    return {
        "owner": OWNER,
        "logins": case.login_names,
        "groups": case.group_names,
        "members": members,
        "rights": rights,
        "row_policies": case.row_policies,
    }


def _pgroles(case: Case, *, changed: bool) -> dict[str, Any]:
    """Its language has no row policies; a rule takes at most 64 default grants."""
    grants: list[dict[str, Any]] = []
    defaults: list[dict[str, Any]] = []
    for schema in case.schema_names:
        born: list[dict[str, Any]] = []
        for one in case.grantees:
            held = [*READ, *(WRITE if case.writes(one, schema, changed=changed) else ())]
            on_tables = {"type": "table", "schema": schema, "name": "*"}
            grants.append({"role": one, "privileges": ["USAGE"], "object": {"type": "schema", "name": schema}})
            grants.append({"role": one, "privileges": held, "object": on_tables})
            born.append({"role": one, "privileges": held, "on_type": "table"})
        defaults += [{"owner": OWNER, "schema": schema, "grant": born[at : at + 64]} for at in range(0, len(born), 64)]
    names = [*case.group_names, *case.login_names]
    roles = [{"name": name, "login": name not in case.group_names} for name in names]
    members = [
        {"role": case.group_of(number), "members": [{"name": login}]}
        for number, login in enumerate(case.login_names if case.groups else ())
    ]
    whole = {"default_owner": OWNER, "roles": roles, "grants": grants, "default_privileges": defaults}
    return whole | ({"memberships": members} if members else {})
