"""The state that a plan would leave, as lints ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from components.access.desired import Desired
from components.access.model import Access, Facts, Object, Table
from components.access.spec.databases import Database
from components.access.spec.models import Spec

Finding = tuple[str, str]  # an object, as the spec's `lint.allow` calls it, and what is wrong with it


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The state that a plan would leave, as far as lints ask."""

    spec: Spec
    database: Database
    wanted: Desired
    actual: Access
    facts: Facts

    def owner(self, table: Table) -> str:
        """A table's owner."""
        return self.actual.owners.get(Object("table", *table), self.database.owner)

    def reachable(self, item: Object) -> list[str]:
        """Who but the owner will hold a right on an object."""
        acl = self.wanted.access.acls.get(item, frozenset())
        return sorted({one.grantee for one in acl})

    def groups(self, role: str) -> frozenset[str]:
        """The roles that a role is a member of at any depth, once the spec's memberships are made true."""
        found, waiting = set[str](), [role]
        while waiting:
            for group in self._direct(waiting.pop()):
                if group not in found:
                    found.add(group)
                    waiting.append(group)
        return frozenset(found)

    def _direct(self, role: str) -> frozenset[str]:
        declared = self.spec.every_role.get(role)
        actual = self.facts.members.get(role, frozenset())
        if declared is None:
            return actual
        return frozenset(declared.member_of) | (frozenset() if self.wanted.scope.mode == "strict" else actual)

    def bypass(self) -> frozenset[str]:
        """The roles for which row policies do not hold."""
        declared = self.spec.every_role
        said = {name for name, role in declared.items() if role.dangerous.superuser or role.dangerous.bypassrls}
        return (self.facts.bypass - declared.keys()) | said

    def becomes(self, role: str) -> frozenset[str]:
        """The roles that a declared role may SET ROLE to, by memberships that are declared."""
        found, waiting = set[str](), [role]
        while waiting:
            declared = self.spec.every_role.get(waiting.pop())
            for group, how in declared.member_of.items() if declared else ():
                if how.set and group not in found:
                    found.add(group)
                    waiting.append(group)
        return frozenset(found)

    def owned(self) -> Iterator[tuple[Object, str]]:
        """What will belong to whom: the database and its schemas by the spec, the rest as it is."""
        yield from sorted(self.wanted.access.owners.items())
        for item, owner in sorted(self.actual.owners.items()):
            if item.kind != "column" and item.schema and self.inside(item):
                yield item, owner

    def inside(self, item: Object) -> bool:
        """Whether the object is in a schema that the spec rules."""
        return item.schema in self.database.schemas
