"""What a schema's ACLs and default privileges are as lines of a spec: one for a schema where that holds, else narrower.

A broad line also makes default privileges for the schema's creators. So where there are default privileges, they are
the broad lines; where there are none, the spec says `creators: []` and the broad lines are what most objects have.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.access.model import NO_RIGHTS, PUBLIC, RELATIONS, Access, Acl, Default, Grant, Object
from components.access.rights import family
from components.access.spec.names import is_glob
from components.access.wanted_rights import BUILT_IN_DEFAULTS, present_default

Rights = dict[str, frozenset[str]]  # role -> privileges as the catalog names them
_LINE_KEYS = {"relation": "tables", "sequence": "sequences", "routine": "functions", "type": "types"}
_DEFAULT_KEYS = {"tables": "relation", "sequences": "sequence", "functions": "routine", "types": "type"}


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What folding asks of: one database, and whose rights the spec will declare."""

    access: Access
    declared: frozenset[str]
    harden: bool

    def ours(self, one: Grant, kind: str) -> bool:
        """Whether the spec has to say a right: of a declared role, and PUBLIC's where `harden` takes them."""
        return (self.harden and kind != "type") if one.grantee == PUBLIC else one.grantee in self.declared

    def rights(self, acl: Acl, kind: str) -> tuple[Rights, list[Grant]]:
        """The rights by role, and those that no spec can say: to be passed on, or given by a third role."""
        found: dict[str, set[str]] = defaultdict(set)
        odd: list[Grant] = []
        for one in acl:
            if self.ours(one, kind):
                if one.grantable or one.grantor:
                    odd.append(one)
                else:
                    found[one.grantee].add(one.privilege)
        return {role: frozenset(words) for role, words in found.items()}, odd

    def plain_elsewhere(self, creator: str) -> bool:
        """Whether a creator's defaults for all schemas are what a spec makes of them."""
        for kind, built_in in BUILT_IN_DEFAULTS.items():
            actual = present_default(self.access, Default(creator, "", kind))  # type: ignore[arg-type]
            wanted = NO_RIGHTS if self.harden and kind == "functions" else built_in
            family_of = _DEFAULT_KEYS[kind]
            if wanted | {one for one in actual if not self.ours(one, family_of)} != actual:
                return False
        return True


@dataclass(kw_only=True)
class Folded:
    """A schema as the spec will have it. `broad` is role -> kind -> privileges, `narrow` kind -> object -> role."""

    broad: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    narrow: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    creators: list[str] | None = None
    report: bool = False
    remarks: list[str] = field(default_factory=list)


def words(privileges: Iterable[str]) -> list[str]:
    """Privileges as a spec writes them."""
    return [one.lower() for one in sorted(privileges)]


def exactly(name: str) -> str:
    """The name as a line takes it: where it looks like a pattern, a pattern that it alone matches."""
    return re.sub(r"([*?\[])", r"[\1]", name) if is_glob(name) else name


def fold(ground: Ground, schema: str) -> Folded:
    """One schema."""
    found = Folded()
    home = Object("schema", "", schema)
    items = [item for item in ground.access.acls if item.schema == schema and item.kind != "column"]
    of_schema, odd = ground.rights(ground.access.acls.get(home, NO_RIGHTS), "schema")
    _told_odd(found, home, odd)
    by_item: dict[Object, Rights] = {}
    for item in items:
        by_item[item], odd = ground.rights(ground.access.acls[item], family(item.kind))
        _told_odd(found, item, odd)
    broad = _broad(ground, schema, by_item, found)
    for role, privileges in sorted(of_schema.items()):
        found.broad.setdefault(role, {})["schema"] = words(privileges)
    for kind, key in _LINE_KEYS.items():
        for role, privileges in sorted(broad.get(kind, {}).items()):
            if privileges:
                found.broad.setdefault(role, {})[key] = words(privileges)
    columns = _columns(ground, schema, by_item, found)
    for item in sorted(by_item):
        _narrow(ground, item, by_item[item], broad.get(family(item.kind), {}), columns.get(item, {}), found)
    return found


def _told_odd(found: Folded, item: Object, odd: Iterable[Grant]) -> None:
    for one in sorted(odd):
        how = "with the right to pass it on" if one.grantable else f"given by {one.grantor}"
        found.report = True
        found.remarks.append(f"{one.grantee} holds {one.privilege} on {item}, {how}: no spec says that; left as it is")


def _broad(ground: Ground, schema: str, by_item: Mapping[Object, Rights], found: Folded) -> dict[str, Rights]:
    """The schema's lines by family of objects; also decides on creators."""
    owner = ground.access.owners.get(Object("schema", "", schema), "")
    by_creator, odd = _defaults(ground, schema)
    if by_creator:
        lines = _agreed(by_creator)
        if lines is not None and not odd and all(ground.plain_elsewhere(creator) for creator in by_creator):
            if list(by_creator) != [owner]:
                found.creators = sorted(by_creator)
            return lines
        found.report, found.creators = True, []
        found.remarks.append(
            f"default privileges in schema {schema} differ between {', '.join(sorted(by_creator))}, or from what a "
            "spec can say; left as they are"
        )
    lines = {kind: _usual(kind, by_item) for kind in _LINE_KEYS}
    if any(lines.values()) or not ground.plain_elsewhere(owner):
        found.creators = []
    if any(lines.values()) and not by_creator:
        found.remarks.append(
            f"schema {schema} has no default privileges, so it gets none: what is made there later has its rights from "
            "the next apply on. Name its creators to have them at birth"
        )
    return lines


def _defaults(ground: Ground, schema: str) -> tuple[dict[str, dict[str, Rights]], list[Grant]]:
    """Default privileges in the schema: creator -> family -> role -> privileges."""
    found: dict[str, dict[str, Rights]] = defaultdict(dict)
    odd: list[Grant] = []
    for place, acl in ground.access.defaults.items():
        if place.schema == schema:
            kind = _DEFAULT_KEYS[place.kind]
            rights, strange = ground.rights(acl, kind)
            odd += strange
            if rights or strange:
                found[place.creator][kind] = rights
    return dict(sorted(found.items())), odd


def _agreed(by_creator: Mapping[str, Mapping[str, Rights]]) -> dict[str, Rights] | None:
    """The lines that give every creator its defaults; None where there are none such."""
    union: dict[str, Rights] = {kind: {} for kind in _LINE_KEYS}
    for lines in by_creator.values():
        for kind, rights in lines.items():
            for role, privileges in rights.items():
                if union[kind].setdefault(role, privileges) != privileges:
                    return None
    for creator, lines in by_creator.items():
        for kind, rights in union.items():
            if {role: each for role, each in rights.items() if role != creator} != lines.get(kind, {}):
                return None
    return union


def _usual(kind: str, by_item: Mapping[Object, Rights]) -> Rights:
    """For each role what most of the objects give it."""
    items = [rights for item, rights in by_item.items() if family(item.kind) == kind]
    roles = {role for rights in items for role in rights}
    found: Rights = {}
    for role in sorted(roles):
        counted = Counter(rights.get(role, frozenset()) for rights in items)
        most = max(counted, key=lambda each: (counted[each], len(each), sorted(each)))
        if most:
            found[role] = most
    return found


def _columns(
    ground: Ground, schema: str, by_item: Mapping[Object, Rights], found: Folded
) -> dict[Object, dict[str, dict[str, list[str]]]]:
    """Rights on single columns: table -> role -> privilege -> columns."""
    tables = {item.name: item for item in by_item if item.kind in RELATIONS}
    columns: dict[Object, dict[str, dict[str, list[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for item in sorted(one for one in ground.access.acls if one.kind == "column" and one.schema == schema):
        rights, odd = ground.rights(ground.access.acls[item], "column")
        _told_odd(found, item, odd)
        table = tables.get(item.name)
        for role, privileges in rights.items():
            for privilege in privileges:
                if table is None or privilege in by_item[table].get(role, frozenset()):
                    found.report = True
                    found.remarks.append(f"{role} holds {privilege} on {item} and on the whole table as well")
                else:
                    columns[table][role][privilege].append(item.detail)
    return columns


def _narrow(
    ground: Ground,
    item: Object,
    rights: Rights,
    broad: Rights,
    columns: Mapping[str, Mapping[str, list[str]]],
    found: Folded,
) -> None:
    """The lines of one object, where it differs from the schema's."""
    owner = ground.access.owners[item]
    differing = sorted(
        role
        for role in {*rights, *broad, *columns}
        if role != owner and (role in columns or rights.get(role, frozenset()) != broad.get(role, frozenset()))
    )
    if not differing:
        return
    called = f"{item.name}({item.detail})" if item.kind == "routine" else exactly(item.name)
    lines: dict[str, Any] = {}
    for role in differing:
        whole = words(rights.get(role, frozenset()))
        parts = {privilege.lower(): named for privilege, named in sorted(columns.get(role, {}).items())}
        lines[role] = {**dict.fromkeys(whole, True), **parts} if parts else whole
    found.narrow.setdefault(_LINE_KEYS[family(item.kind)], {})[called] = lines
