"""Roles as a spec says them, and those of which no spec can speak."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from components.access.inspect import INFRASTRUCTURE
from components.access.model import Cluster, Membership, Role, SettingsOf
from components.access.spec.names import BUILT_IN, is_glob

FOUND = "as adopt found it"
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_$]*)*")
_LONGEST_SETTING = 1000


def sayable(cluster: Cluster, me: str, pattern: str | None) -> tuple[set[str], dict[str, str]]:
    """The roles that the spec declares, and why others are not (those that are never touched need no reason)."""
    wished = {
        name
        for name in cluster.roles
        if name != me and name not in INFRASTRUCTURE and not BUILT_IN.match(name) and re.search(pattern or "", name)
    }
    left: dict[str, str] = {}
    while True:
        wrong = {name: why for name in wished if (why := _unsayable(cluster, name, wished))}
        if not wrong:
            return wished, left
        left |= wrong
        wished -= wrong.keys()


def _unsayable(cluster: Cluster, name: str, declared: Iterable[str]) -> str | None:
    """Why no spec can declare a role."""
    role = cluster.roles[name]
    if is_glob(name) or name.lower() in ("public", "none"):
        return "its name means something else in a spec"
    for edge in cluster.memberships:
        if edge.member == name and edge.role not in declared and not edge.role.startswith("pg_"):
            return f"it is a member of {edge.role}, which the spec does not declare"
    if role.valid_until is not None and not _moment(role.valid_until):
        return f"a spec cannot say VALID UNTIL {role.valid_until}"
    for of, given in cluster.settings.items():
        if of.role == name:
            for setting, value in given.items():
                if not _SETTING.fullmatch(setting) or len(value) > _LONGEST_SETTING:
                    return f"a spec cannot say its setting {setting}"
    return None


def _moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def plain(cluster: Cluster, name: str) -> dict[str, Any]:
    """One role, without what is PostgreSQL's default."""
    role = cluster.roles[name]
    found: dict[str, Any] = {"comment": role.comment} if role.comment else {}
    found |= {key: True for key in ("login", "createdb", "createrole") if getattr(role, key)}
    if not role.inherit:
        found["inherit"] = False
    if role.connection_limit != -1:
        found["connection_limit"] = role.connection_limit
    if role.valid_until is not None:
        found["valid_until"] = role.valid_until
    if role.password is not None:
        found["keep_password"] = True
    if groups := _member_of(role, [edge for edge in cluster.memberships if edge.member == name]):
        found["member_of"] = groups
    if settings := cluster.settings.get(SettingsOf(name)):
        found["settings"] = dict(sorted(settings.items()))
    if dangerous := {key: FOUND for key in ("superuser", "replication", "bypassrls") if getattr(role, key)}:
        found["dangerous"] = dangerous
    return found


def _member_of(role: Role, edges: Iterable[Membership]) -> list[str] | dict[str, Any]:
    lines: dict[str, Any] = {}
    for edge in sorted(edges):
        said: dict[str, bool] = {} if edge.inherit == role.inherit else {"inherit": edge.inherit}
        said |= {} if edge.set else {"set": False}
        lines[edge.role] = said | ({"admin": True} if edge.admin else {})
    return lines if any(lines.values()) else list(lines)
