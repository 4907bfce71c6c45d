"""The rights that a spec wants on what there is: its lines, spread over the objects that were found.

Objects of one schema, kind, owner and present ACL get one shared value, so that this and the plan after it cost per
distinct ACL and not per object.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from components.access import server_rights
from components.access.lines import KEYS, Lines, Privileges, acl
from components.access.model import NO_RIGHTS, PUBLIC, Access, Acl, Default, Facts, Grant, Object, Table
from components.access.rights import family
from components.access.scope import Scope
from components.access.spec.databases import Database
from components.access.spec.fields import Mode

EXECUTE: Acl = frozenset((Grant(PUBLIC, "EXECUTE"),))
USAGE: Acl = frozenset((Grant(PUBLIC, "USAGE"),))
# What new objects are born with where nothing was said.
BUILT_IN_DEFAULTS: Mapping[str, Acl] = {
    "tables": NO_RIGHTS,
    "sequences": NO_RIGHTS,
    "functions": EXECUTE,
    "types": USAGE,
}
NEW_DATABASE: Acl = frozenset((Grant(PUBLIC, "CONNECT"), Grant(PUBLIC, "TEMPORARY")))
_DEFAULT_FAMILIES = {"tables": "relation", "sequences": "sequence", "functions": "routine", "types": "type"}


@dataclass(kw_only=True)
class Rights:
    """What was worked out: ACLs and defaults as wanted, and what a person should know."""

    acls: dict[Object, Acl] = field(default_factory=dict)
    defaults: dict[Default, Acl] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # columns that a table has not


class Spreader:
    """Works out one database's rights."""

    def __init__(
        self, database: Database, scope: Scope, by_schema: Mapping[str, Lines], actual: Access, facts: Facts
    ) -> None:
        self.database, self.scope, self.by_schema = database, scope, by_schema
        self.actual, self.facts = actual, facts
        self.rights = Rights()
        self._shared: dict[Acl, Acl] = {}
        self._settled: dict[tuple[Acl, Acl, Mode, bool], tuple[Acl, Acl]] = {}
        self._foreign: Counter[tuple[str, str, str]] = Counter()
        self._undeclared: Counter[tuple[str, str, str]] = Counter()

    def spread(self) -> Rights:
        """The rights on everything, then on what comes later."""
        self._database()
        self._schemas()
        self._objects()
        self._columns()
        self._defaults()
        self._outside()
        self.rights.notes += self._told()
        return self.rights

    def owner_of_schema(self, name: str) -> str:
        """The declared owner of a schema."""
        return self.database.schemas[name].owner or self.database.owner

    def mode(self, schema: str) -> Mode:
        """How strict the spec is in a schema."""
        return self.database.schemas[schema].mode or self.scope.mode

    def _database(self) -> None:
        item = Object("database", "", self.actual.database)
        by_role: dict[str, set[str]] = defaultdict(set)
        for key, word in (("connect", "CONNECT"), ("temporary", "TEMPORARY"), ("create", "CREATE")):
            for role in self.scope.roles(getattr(self.database, key)):
                by_role[role].add(word)
        for role in self.facts.server.infrastructure:
            by_role[role].add("CONNECT")
        declared = acl({role: frozenset(words) for role, words in by_role.items()}, self.database.owner)
        self.rights.acls[item] = self._settle(declared, item, self.scope.mode, public=self.scope.harden)

    def _schemas(self) -> None:
        for name, lines in self.by_schema.items():
            item = Object("schema", "", name)
            declared = acl(lines.broad["schema"], self.owner_of_schema(name))
            self.rights.acls[item] = self._settle(declared, item, self.mode(name), public=self.scope.harden)
        # Before PostgreSQL 15 everybody may create objects in schema public.
        public = Object("schema", "", "public")
        present = self.actual.acls.get(public, NO_RIGHTS)
        if self.scope.harden and public not in self.rights.acls and Grant(PUBLIC, "CREATE") in present:
            powers, owner = self.facts.server.powers, self.actual.owners[public]
            if powers is None or owner in powers.uses or self.database.owner == owner:
                self.rights.acls[public] = present - {Grant(PUBLIC, "CREATE")}
            else:
                self.rights.notes.append(f"PUBLIC may create in schema public, which belongs to {owner}; left alone")

    def _objects(self) -> None:
        shared: dict[tuple[str, str, str], Acl] = {}
        found = [item for item in self.actual.acls if item.schema in self.by_schema and item.kind != "column"]
        for item in found:
            lines, kind = self.by_schema[item.schema], family(item.kind)
            owner = self.actual.owners[item]
            if narrowed := lines.narrowed(item):
                whole = {role: line.whole for role, line in narrowed.items()}
                declared = acl({**lines.broad[kind], **whole}, owner)
            else:
                key = (item.schema, kind, owner)
                if key not in shared:
                    made = acl(lines.broad[kind], owner)
                    shared[key] = self._shared.setdefault(made, made)
                declared = shared[key]
            # USAGE on types is PUBLIC's by birth and harmless; functions are what `harden` is about.
            public = self.scope.harden and kind != "type"
            self.rights.acls[item] = self._settle(declared, item, self.mode(item.schema), public=public)
        self._missing(found)

    def _missing(self, found: list[Object]) -> None:
        by_schema: dict[str, list[Object]] = defaultdict(list)
        for item in found:
            by_schema[item.schema].append(item)
        for name, lines in self.by_schema.items():
            for kind, pattern in lines.unused(by_schema[name]):
                noun = {"relation": "table", "routine": "function"}.get(kind, kind)
                like = get_close_matches(
                    pattern, [one.name for one in by_schema[name] if family(one.kind) == kind], n=1, cutoff=0.8
                )
                hint = f" (did you mean {name}.{like[0]}?)" if like else ""
                self.rights.pending.append(f"{noun} {name}.{pattern} is not there yet; its rights wait for it{hint}")

    def _columns(self) -> None:
        for item, columns in self._declared_columns():
            self._lacking(item, columns)
            for column, by_role in columns.items():
                place = Object("column", item.schema, item.name, column)
                declared = acl(by_role, self.actual.owners[item])
                mode = self.mode(item.schema)
                self.rights.acls[place] = self._settle(declared, place, mode, public=self.scope.harden)
        for item in self.actual.acls:
            if item.kind == "column" and item.schema in self.by_schema and item not in self.rights.acls:
                mode = self.mode(item.schema)
                self.rights.acls[item] = self._settle(NO_RIGHTS, item, mode, public=self.scope.harden)

    def _lacking(self, item: Object, columns: Mapping[str, object]) -> None:
        there = self.facts.columns.get(Table(item.schema, item.name))
        for column in sorted(columns.keys() - there) if there else ():
            near = get_close_matches(column, there or (), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            self.rights.missing.append(
                f"{item.kind} {item} has no column {column}, on which the spec gives rights{hint}"
            )

    def _declared_columns(self) -> Iterator[tuple[Object, dict[str, dict[str, Privileges]]]]:
        for item in list(self.rights.acls):
            if family(item.kind) == "relation" and (narrowed := self.by_schema[item.schema].narrowed(item)):
                columns: dict[str, dict[str, Privileges]] = defaultdict(dict)
                for role, line in narrowed.items():
                    for column, words in line.columns.items():
                        columns[column][role] = words
                yield item, columns

    def _defaults(self) -> None:
        creators: set[str] = set()
        for name, lines in self.by_schema.items():
            schema = self.database.schemas[name]
            makers = schema.creators if schema.creators is not None else (self.owner_of_schema(name),)
            creators.update(makers)
            for creator in makers:
                for kind in _DEFAULT_FAMILIES:
                    declared = acl(lines.broad[_DEFAULT_FAMILIES[kind]], creator)
                    self._default(Default(creator, name, kind), declared)  # type: ignore[arg-type]
        for creator in sorted(creators):
            for kind, built_in in BUILT_IN_DEFAULTS.items():
                hardened = self.scope.harden and kind == "functions"
                self._default(Default(creator, "", kind), NO_RIGHTS if hardened else built_in)  # type: ignore[arg-type]
        for place in self.actual.defaults:
            if place.schema in self.by_schema and place not in self.rights.defaults:
                self._default(place, NO_RIGHTS)

    def _outside(self) -> None:
        found = server_rights.in_database(self.database, self.scope, self.actual)
        self.rights.acls |= found.acls
        self.rights.pending += found.pending
        self.rights.notes += found.notes

    def _default(self, place: Default, declared: Acl) -> None:
        actual = present_default(self.actual, place)
        mode = self.mode(place.schema) if place.schema else self.scope.mode
        public = self.scope.harden and place.kind != "types"
        self.rights.defaults[place] = self.scope.settled(declared, actual, mode, public=public)

    def _settle(self, declared: Acl, item: Object, mode: Mode, *, public: bool) -> Acl:
        """Declared rights and those that stay, one shared value for equal inputs; what is only told is counted."""
        actual = self.actual.acls.get(item, NO_RIGHTS)
        key = (declared, actual, mode, public)
        if key not in self._settled:
            made = self.scope.settled(declared, actual, mode, public=public)
            # What is right already is one value with what is there, which the plan tells apart at a glance.
            self._settled[key] = actual if made == actual else made, actual - declared
        settled, undeclared = self._settled[key]
        if undeclared:
            self._count(undeclared, item, mode, public=public)
        return settled

    def _count(self, undeclared: Acl, item: Object, mode: Mode, *, public: bool) -> None:
        where = item.schema or item.name
        foreign = self.scope.foreign(undeclared, public=public)
        for one in foreign:
            if one.grantee != PUBLIC and one.grantee not in self.facts.server.infrastructure:
                self._foreign[where, family(item.kind), one.grantee] += 1
        if mode == "report":
            for one in undeclared - foreign:
                self._undeclared[where, family(item.kind), one.grantee] += 1

    def _told(self) -> Iterator[str]:
        for (where, kind, role), count in sorted(self._foreign.items()):
            yield f"{role}, who is outside the scope, holds {count} undeclared rights ({kind}) in {where}; left alone"
        for (where, kind, role), count in sorted(self._undeclared.items()):
            yield f"{role} holds {count} undeclared rights ({kind}) in {where}; mode report leaves them"


def present_default(actual: Access, place: Default) -> Acl:
    """What a creator's new objects are born with at present."""
    built_in = NO_RIGHTS if place.schema else BUILT_IN_DEFAULTS[place.kind]
    return actual.defaults.get(place, built_in)


assert set(_DEFAULT_FAMILIES.values()) < set(KEYS)
