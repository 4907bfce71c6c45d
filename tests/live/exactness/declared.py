"""What a world's spec says of each object and role, read from its text without the program's help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.live.exactness.things import (
    DATABASE,
    LARGE_OBJECT,
    OWNER,
    RELATIONS,
    RULED,
    RULES,
    SCHEMAS,
    TENANT_TABLES,
    B,
)
from tests.live.exactness.worlds import World

# Kind as the catalogue's words have it -> key of an `access` line, key of narrower lines, and the objects there are.
KINDS: Mapping[str, tuple[str, str, Mapping[str, tuple[str, ...]]]] = {
    "relation": ("tables", "tables", RELATIONS),
    "sequence": ("sequences", "sequences", {"app": ("s",)}),
    "routine": ("functions", "functions", {"app": ("f", "p"), "od d": ("f",)}),
    "type": ("types", "types", {"app": ("d", "e")}),
}


class Place(NamedTuple):
    """An object, by the words of the catalogue's read."""

    schema: str
    kind: str
    name: str


class Policy(NamedTuple):
    """A row policy as it shall be, with the expressions as PostgreSQL prints them."""

    name: str
    command: str
    permissive: bool
    roles: tuple[str, ...]
    using: str | None
    check: str | None


def _upper(words: Any) -> frozenset[str]:
    return frozenset(word.upper() for word in words)


def rights(world: World) -> dict[tuple[Place, str], frozenset[str]]:
    """(object, role) -> privileges, for every object in the spec's schemas and every ruled role that owns it not."""
    found: dict[tuple[Place, str], frozenset[str]] = {}
    for role in RULED:
        for schema in SCHEMAS:
            lines = world.database["schemas"][schema]
            broad = lines.get("access", {}).get(role, {})
            found[Place(schema, "schema", ""), role] = _upper(broad.get("schema", ()))
            for kind, (key, narrower, objects) in KINDS.items():
                for name in objects.get(schema, ()):
                    narrow = lines.get(narrower, {}).get(name, {})
                    said = narrow[role] if role in narrow else broad.get(key, ())
                    whole = () if isinstance(said, dict) else said
                    found[Place(schema, kind, name), role] = _upper(whole)
        keys = (("connect", "CONNECT"), ("temporary", "TEMPORARY"), ("create", "CREATE"))
        on_database = frozenset(word for key, word in keys if role in world.database.get(key, ()))
        found[Place("", "database", DATABASE), role] = on_database
        for key, kind, name in (("languages", "language", "plpgsql"), ("large_objects", "large object", LARGE_OBJECT)):
            if key in world.database:
                found[Place("", kind, name), role] = _upper(world.database[key].get(name, {}).get(role, ()))
        if "parameters" in world.spec:
            said = world.spec["parameters"].get("work_mem", {}).get(role, ())
            found[Place("", "parameter", "work_mem"), role] = _upper(said)
    return found


def columns(world: World) -> set[tuple[str, str, str, str]]:
    """(schema, table.column, role, privilege) of every right on a single column."""
    return {
        (schema, f"{table}.{column}", role, privilege.upper())
        for schema in SCHEMAS
        for table, by_role in world.database["schemas"][schema].get("tables", {}).items()
        for role, said in by_role.items()
        if isinstance(said, dict)
        for privilege, names in said.items()
        for column in names
    }


def newborn(world: World, schema: str, kind: str) -> dict[str, frozenset[str]]:
    """Role -> rights on an object that a creator of the schema makes after the apply."""
    key = KINDS[kind][0]
    lines = world.database["schemas"][schema].get("access", {})
    found = {role: _upper(line.get(key, ())) for role, line in lines.items()}
    if kind == "type" or (kind == "routine" and not world.spec["harden"]):
        found["PUBLIC"] = frozenset(("USAGE" if kind == "type" else "EXECUTE",))
    return {role: words for role, words in found.items() if words}


def creators(world: World, schema: str) -> tuple[str, ...]:
    """Whose new objects get rights."""
    lines = world.database["schemas"][schema]
    return tuple(lines.get("creators", [lines.get("owner", OWNER)]))


def memberships(world: World) -> set[tuple[str, str]]:
    """(group, member) among the ruled roles."""
    return {(group, B) for group in world.spec["roles"][B].get("member_of", ())}


def policies(world: World) -> dict[str, set[Policy]]:
    """Table -> its row policies, for each table of which the spec says something."""
    rls = world.database.get("rls", {})
    tenant, own = rls.get("tenant"), rls.get("tables", {})
    found: dict[str, set[Policy]] = {}
    for table in TENANT_TABLES:
        here = [one for name, said in own.get(table, {}).items() for one in _own(name, said)]
        if tenant and table not in tenant.get("exempt", {}):
            rule, to = RULES[tenant["using"]], set(tenant["to"])
            here.append(Policy("tenant_floor", "*", False, tuple(sorted(to)), rule, rule))
            rest = to - {role for one in here if one.permissive for role in one.roles}
            here += [Policy("tenant_rows", "*", True, tuple(sorted(rest)), rule, rule)] if rest else []
        if here:
            found[table] = {*here, Policy("see_all", "*", True, (OWNER,), "true", "true")}
    return found


def _own(name: str, said: Mapping[str, Any]) -> list[Policy]:
    commands = said.get("for", ["all"])
    letters = {"all": "*", "select": "r", "insert": "a", "update": "w", "delete": "d"}
    using, check = RULES[said["using"]], RULES[said.get("check", said["using"])]
    return [
        Policy(
            name if len(commands) == 1 else f"{name}_{command}",
            letters[command],
            said.get("as", "permissive") == "permissive",
            tuple(sorted(said["to"])),
            None if command == "insert" else using,
            None if command in ("select", "delete") else check,
        )
        for command in commands
    ]
