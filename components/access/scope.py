"""Whom a spec rules, and what becomes of rights that it does not declare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeVar

from components.access.model import NO_RIGHTS, PUBLIC, Acl
from components.access.spec.fields import Mode
from components.access.spec.models import Spec
from components.access.spec.names import BUILT_IN, is_glob, matched

V = TypeVar("V")


class Scope:
    """The roles that may be touched at all. `me` is the login in use, which never is."""

    def __init__(self, spec: Spec, me: str) -> None:
        self.declared = tuple(spec.every_role)
        self._retired = spec.retired.keys()
        self.harden = spec.harden
        self.mode: Mode = spec.scope.mode
        self._never = {*spec.scope.never, me}
        self._pattern = re.compile(spec.scope.roles) if spec.scope.roles is not None else None
        # Asked once for each object or right.
        self.covers = lru_cache(maxsize=None)(self._covers)
        self._roles = lru_cache(maxsize=None)(self._matched)

    def _covers(self, role: str) -> bool:
        if role == PUBLIC or role in self._never or BUILT_IN.match(role):
            return False
        return (
            role in self.declared or role in self._retired
            if self._pattern is None
            else bool(self._pattern.search(role))
        )

    def roles(self, grantees: Iterable[str]) -> tuple[str, ...]:
        """Names and globs -> declared roles (and PUBLIC), sorted, each once."""
        return self._roles(tuple(grantees))

    def _matched(self, grantees: tuple[str, ...]) -> tuple[str, ...]:
        found: set[str] = set()
        for grantee in grantees:
            found.update(matched(grantee, self.declared) if is_glob(grantee) else [grantee])
        return tuple(sorted(found))

    def expanded(self, entries: Mapping[str, V]) -> dict[str, V]:
        """A mapping by role or glob -> by role; a role's own entry wins over a glob's."""
        globs = {role: value for key, value in entries.items() if is_glob(key) for role in matched(key, self.declared)}
        return {**globs, **{key: value for key, value in entries.items() if not is_glob(key)}}

    def settled(self, declared: Acl, actual: Acl, mode: Mode, *, public: bool) -> Acl:
        """What is declared and what stays. A right that stays with its grant option holds the declared one."""
        kept = self.kept(actual, mode, public=public)
        held = {one._replace(grantable=False) for one in kept if one.grantable}
        return (declared - held if held else declared) | kept

    def kept(self, actual: Acl, mode: Mode, *, public: bool) -> Acl:
        """The undeclared rights that stay: those outside the scope, and all unless `strict`.

        `public` says whether PUBLIC's rights are the spec's to take, which `harden` makes them.
        """
        if mode != "strict":
            return actual
        return self.foreign(actual, public=public)

    def foreign(self, actual: Acl, *, public: bool) -> Acl:
        """Rights that no spec of this scope may take away."""
        found = [one for one in actual if not (public if one.grantee == PUBLIC else self.covers(one.grantee))]
        return frozenset(found) if found else NO_RIGHTS
