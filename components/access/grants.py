"""What GRANT and REVOKE must change: compared once per pair of distinct ACLs, said once per set of equal changes."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from components.access import rights
from components.access.model import NO_RIGHTS, PUBLIC, Access, Acl, Default, Facts, Grant, Hazard, Object, Statement
from components.access.powers import Need
from components.access.rights import family
from components.access.wanted_rights import NEW_DATABASE, present_default

Privileges = frozenset[str]
# What has to be said of an object: verb, privileges, grantor and how far from the owner he is -> to or from whom.
Words = tuple[str, Privileges, str, int]


def changes(wanted: Access, actual: Access, facts: Facts) -> list[Statement]:
    """Revokes of what third roles gave first, then other revokes, then grants; sorted.

    A right that was handed on from role to role is taken back from the last one first: while somebody else's right
    hangs on it, the server takes none away.
    """
    groups: dict[tuple[str, str, Acl, Acl], list[Object]] = defaultdict(list)
    for item, acl in wanted.acls.items():
        if item.kind != "column":
            before = _before(item, actual)
            if before is not acl and before != acl:
                groups[family(item.kind), item.schema, before, acl].append(item)
    said: dict[tuple[str, str, Words, frozenset[str]], list[Object]] = defaultdict(list)
    for (kind, schema, before, acl), items in groups.items():
        for words, grantees in _words(before, acl).items():
            said[kind, schema, words, frozenset(grantees)] += items
    whole = [
        (words[3], _owned(_statement(words, grantees, items, wanted, facts), items, actual))
        for (_, _, words, grantees), items in said.items()
    ]
    found = sorted([*whole, *_columns(wanted, actual, _taken(groups))], key=_order)
    return [statement for _, statement in found]


def _order(found: tuple[int, Statement]) -> tuple[bool, int, str]:
    depth, one = found
    return (one.sql.startswith("GRANT"), -depth, one.sql)


def _owned(statement: Statement, items: Iterable[Object], actual: Access) -> Statement:
    """With what it takes to send it: the owners' rights, or to be the third role whose grant it takes back."""
    if statement.run_as:
        return dataclasses.replace(statement, needs=(Need("become", statement.run_as),))
    owners = {actual.owners[item] for item in items if item in actual.owners}
    return dataclasses.replace(statement, needs=tuple(Need("use", owner) for owner in sorted(owners)))


def default_changes(wanted: Access, actual: Access) -> list[Statement]:
    """ALTER DEFAULT PRIVILEGES, sorted: revokes first."""
    found: list[Statement] = []
    for place, acl in wanted.defaults.items():
        before = present_default(actual, place)
        if before != acl:
            for (verb, privileges, _, _), grantees in _words(before, acl).items():
                made = _default_statement(verb, privileges, place, grantees)
                found.append(dataclasses.replace(made, needs=(Need("use", place.creator),)))
    return sorted(found, key=lambda one: (" GRANT " in one.sql, one.sql))


def _default_statement(verb: str, privileges: Privileges, place: Default, grantees: Iterable[str]) -> Statement:
    make = rights.default_grant if verb == "grant" else rights.default_revoke
    return make(privileges, place, grantees)


def _before(item: Object, actual: Access) -> Acl:
    if item in actual.acls:
        return actual.acls[item]
    return NEW_DATABASE if item.kind == "database" else NO_RIGHTS


def _words(before: Acl, after: Acl, above: Acl = NO_RIGHTS) -> dict[Words, set[str]]:
    """What has to be said, grouped by privileges and then by grantee. `above` are a column's table's rights."""
    by_grantee: dict[tuple[str, str, str, int], set[str]] = defaultdict(set)
    depths = _depths(before | above)
    for one in after - before:
        by_grantee["grant", one.grantee, "", 0].add(one.privilege)
    for one in before - after:
        kept = Grant(one.grantee, one.privilege, False, one.grantor) in after
        verb = "revoke option" if one.grantable and kept else "revoke"
        by_grantee[verb, one.grantee, one.grantor, depths.get((one.grantor, one.privilege), 0)].add(one.privilege)
    # A privilege whose grant option goes is there already.
    for (verb, grantee, grantor, _), privileges in list(by_grantee.items()):
        if verb == "revoke option" and not grantor:
            by_grantee["grant", grantee, "", 0] -= privileges
    found: dict[Words, set[str]] = defaultdict(set)
    for (verb, grantee, grantor, depth), privileges in by_grantee.items():
        if privileges:
            found[verb, frozenset(privileges), grantor, depth].add(grantee)
    return found


def _depths(acl: Acl) -> dict[tuple[str, str], int]:
    """(role, privilege) -> through how many hands the right came to the role; 0 is the owner himself."""
    handed = [one for one in acl if one.grantor]
    found: dict[tuple[str, str], int] = {}
    if handed:
        found = {(one.grantee, one.privilege): 1 for one in acl}
    for _ in handed:  # the server allows no circles, so that no way is longer than there are hands
        before = dict(found)
        for one in handed:
            through = found.get((one.grantor, one.privilege), 1) + 1
            found[one.grantee, one.privilege] = max(found[one.grantee, one.privilege], through)
        if found == before:
            break
    return found


def _statement(
    words: Words, grantees: Iterable[str], items: Sequence[Object], wanted: Access, facts: Facts
) -> Statement:
    verb, privileges, grantor, _ = words
    ordered = sorted(items)
    if verb == "grant":
        return rights.grant(privileges, ordered, grantees)
    only = verb == "revoke option"
    cutting = ordered[0].kind == "database" and "CONNECT" in privileges and not only
    hazard = Hazard.CUTS_OFF_SESSIONS if cutting and _cut_off(ordered[0], grantees, wanted, facts) else None
    return rights.revoke(privileges, ordered, grantees, grantor=grantor, grant_option_only=only, hazard=hazard)


def _cut_off(database: Object, grantees: Iterable[str], wanted: Access, facts: Facts) -> set[str]:
    """Roles with open sessions that lose CONNECT and would not get in again."""
    losing = set(grantees)
    kept = {one.grantee for one in wanted.acls[database] if one.privilege == "CONNECT"}
    if PUBLIC in kept:
        return set()
    free = {wanted.owners[database], *facts.superusers}
    return {
        role
        for role in facts.sessions
        if not ({role, *facts.groups(role)} & (kept | free)) and ({role, PUBLIC, *facts.groups(role)} & losing)
    }


def _taken(groups: Mapping[tuple[str, str, Acl, Acl], Sequence[Object]]) -> dict[Object, set[tuple[str, str]]]:
    """What is revoked of whole tables, which takes the same privilege of single columns along."""
    found: dict[Object, set[tuple[str, str]]] = {}
    for (kind, _, before, after), items in groups.items():
        lost = {(one.grantee, one.privilege) for one in before - after} if kind == "relation" else set()
        for item in items if lost else ():
            found[Object("relation", item.schema, item.name)] = lost
    return found


def _columns(
    wanted: Access, actual: Access, taken: Mapping[Object, set[tuple[str, str]]]
) -> Iterator[tuple[int, Statement]]:
    tables: dict[Object, list[Object]] = defaultdict(list)
    for item in wanted.acls:
        if item.kind == "column":
            tables[Object("relation", item.schema, item.name)].append(item)
    whole = _of_tables(actual) if tables else {}
    for table, columns in tables.items():
        lost = taken.get(table, set())
        by_who: dict[tuple[str, str, str, int], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for column in sorted(columns):
            before = actual.acls.get(column, NO_RIGHTS)
            before = frozenset(one for one in before if one.grantor or (one.grantee, one.privilege) not in lost)
            words = _words(before, wanted.acls[column], whole.get(table, NO_RIGHTS))
            for (verb, privileges, grantor, depth), grantees in words.items():
                for grantee in grantees:
                    for privilege in privileges:
                        by_who[verb, grantor, grantee, depth][privilege].append(column.detail)
        for depth, statement in _column_statements(table, by_who):
            yield depth, _owned(statement, columns, actual)


def _of_tables(actual: Access) -> dict[Object, Acl]:
    found = {item: acl for item, acl in actual.acls.items() if family(item.kind) == "relation"}
    return {Object("relation", item.schema, item.name): acl for item, acl in found.items()}


def _column_statements(
    table: Object, by_who: Mapping[tuple[str, str, str, int], Mapping[str, Sequence[str]]]
) -> Iterator[tuple[int, Statement]]:
    """Roles that get the same share a statement."""
    alike: dict[tuple[str, str, int, tuple[tuple[str, tuple[str, ...]], ...]], list[str]] = defaultdict(list)
    for (verb, grantor, grantee, depth), given in by_who.items():
        what = tuple(sorted((privilege, tuple(columns)) for privilege, columns in given.items()))
        alike[verb, grantor, depth, what].append(grantee)
    for (verb, grantor, depth, what), grantees in alike.items():
        if verb == "grant":
            yield depth, rights.grant_columns(what, table, grantees)
        else:
            yield depth, rights.revoke_columns(what, table, grantees, grantor=grantor)
