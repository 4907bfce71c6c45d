"""The floor of `make bench-access`: the least that any program must do for these cases. No tool: it checks nothing.

One read in which equal ACLs are sent once, a comparison per distinct ACL, and one transaction of grouped statements
sent without waiting for each answer. Prints how many statements it sent. Exits 2 where there is something to do and
--apply was not said.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg

READ = """
WITH places AS (SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname = ANY(%(schemas)s)),
things (kind, place, thing, owner, acl) AS (
    SELECT 'schema', nspname::text, '', nspowner, coalesce(nspacl, acldefault('n', nspowner)) FROM places
    UNION ALL
    SELECT 'table', p.nspname, c.relname, c.relowner, coalesce(c.relacl, acldefault('r', c.relowner))
    FROM pg_class c JOIN places p ON p.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')
    UNION ALL
    SELECT 'default', p.nspname, '', d.defaclrole, d.defaclacl
    FROM pg_default_acl d JOIN places p ON p.oid = d.defaclnamespace WHERE d.defaclobjtype = 'r'),
alike AS MATERIALIZED (
    SELECT kind, place, owner, min(acl::text)::aclitem[] AS acl, json_agg(thing) AS members
    FROM things GROUP BY kind, place, owner, acl::text)
SELECT json_build_object(
    'roles', (SELECT json_agg(rolname) FROM pg_roles WHERE rolname = ANY(%(roles)s)),
    'alike', (SELECT json_agg(json_build_array(kind, place, members, (
        SELECT json_agg(json_build_array(pg_get_userbyid(x.grantee), x.privilege_type))
        FROM aclexplode(acl) x WHERE x.grantee NOT IN (0, owner)))) FROM alike),
    'policies', (SELECT json_agg(json_build_array(p.nspname, c.relname, o.polname, pg_get_expr(o.polqual, o.polrelid)))
        FROM pg_policy o JOIN pg_class c ON c.oid = o.polrelid JOIN places p ON p.oid = c.relnamespace))::text
"""
RULE = "org = (SELECT nullif(current_setting('app.org', true), '')::uuid)"
KINDS = {"schema": "SCHEMA {}", "table": "TABLE {}"}


def statements(wish: dict[str, Any], live: dict[str, Any]) -> Iterator[str]:
    """What is missing or too much, in a good order."""
    here = set(live["roles"] or ())
    yield from (f"CREATE ROLE {one}" for one in wish["groups"] if one not in here)
    yield from (f"CREATE ROLE {one} LOGIN" for one in wish["logins"] if one not in here)
    by_group: dict[str, list[str]] = defaultdict(list)
    for member, group in wish["members"].items():
        if member not in here:
            by_group[group].append(member)
    yield from (f"GRANT {group} TO {', '.join(members)}" for group, members in by_group.items())
    groups = [*(live["alike"] or ())]
    with_defaults = {place for kind, place, _, _ in groups if kind == "default"}
    groups += [["default", place, [""], []] for place in wish["rights"] if place not in with_defaults]
    for kind, place, members, entries in groups:
        yield from _difference(wish, kind, place, members, entries or ())
    if wish["row_policies"]:
        yield from _policies(wish, live, groups)


def _difference(
    wish: dict[str, Any], kind: str, place: str, members: list[str], entries: Iterable[tuple[str, str]]
) -> Iterator[str]:
    held: dict[str, set[str]] = defaultdict(set)
    for role, privilege in entries:
        held[role].add(privilege)
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for role, rights in wish["rights"][place].items():
        wanted = {"USAGE"} if kind == "schema" else set(rights)
        for verb, what in (("GRANT", wanted - held[role]), ("REVOKE", held[role] - wanted)):
            if what:
                said[verb, ", ".join(sorted(what))].append(role)
    for (verb, what), roles in said.items():
        to = f"{'TO' if verb == 'GRANT' else 'FROM'} {', '.join(roles)}"
        if kind == "default":
            yield f"ALTER DEFAULT PRIVILEGES FOR ROLE {wish['owner']} IN SCHEMA {place} {verb} {what} ON TABLES {to}"
        elif kind == "schema":
            yield f"{verb} {what} ON SCHEMA {place} {to}"
        else:
            yield f"{verb} {what} ON TABLE {', '.join(f'{place}.{one}' for one in sorted(members))} {to}"


def _policies(wish: dict[str, Any], live: dict[str, Any], groups: list[Any]) -> Iterator[str]:
    there = {(place, table, name) for place, table, name, _ in live["policies"] or ()}
    roles, owner = ", ".join(wish["groups"]), wish["owner"]
    kinds = {
        "tenant_floor": f"AS RESTRICTIVE TO {roles} USING ({RULE}) WITH CHECK ({RULE})",
        "tenant_rows": f"TO {roles} USING ({RULE}) WITH CHECK ({RULE})",
        "see_all": f"TO {owner} USING (true) WITH CHECK (true)",
    }
    for table in (f"{place}.{one}" for kind, place, members, _ in groups if kind == "table" for one in members):
        missing = [name for name in kinds if (*table.split("."), name) not in there]
        yield from (f"CREATE POLICY {name} ON {table} {kinds[name]}" for name in missing)
        if missing:
            yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"


def main(url: str, file: str, *flags: str) -> int:
    wish = json.loads(Path(file).read_text())
    with psycopg.connect(url) as session:
        if "--apply" in flags:
            session.execute("SELECT pg_advisory_xact_lock(1)")
        names = {"schemas": list(wish["rights"]), "roles": [*wish["groups"], *wish["logins"]]}
        row = session.execute(READ, names).fetchone()
        assert row is not None
        found = list(statements(wish, json.loads(row[0])))
        if "--apply" in flags:
            with session.pipeline():
                for one in found:
                    session.execute(one.encode())
    print(len(found))
    return 2 if found and "--apply" not in flags else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
