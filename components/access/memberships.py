"""What must change about who is a member of which role, where several roles may have granted one membership.

Since PostgreSQL 16 each grantor's grant stands by itself, with options of its own, and a member has whatever any of
them gives; before, there is one grant for a pair and ADMIN is its only option.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from components.access import statements
from components.access.model import Membership, Server, Statement

Pair = tuple[str, str]


def changes(
    wanted: Iterable[Membership], actual: Iterable[Membership], revocable: frozenset[Pair], server: Server
) -> Iterator[Statement]:
    """Revokes, those that others hang on last; then grants."""
    declared = {(edge.role, edge.member): edge for edge in wanted}
    present: dict[Pair, list[Membership]] = defaultdict(list)
    for edge in sorted(actual):
        present[edge.role, edge.member].append(edge)
    gone = _gone(declared, present, revocable)
    yield from (statements.revoke_membership(edge, server) for edge in _dependents_first(gone))
    for pair, edge in sorted(declared.items()):
        left = [one for one in present.get(pair, ()) if one not in gone]
        yield from _settle(edge, left, server)


def _gone(
    declared: dict[Pair, Membership], present: dict[Pair, list[Membership]], revocable: frozenset[Pair]
) -> set[Membership]:
    """Undeclared grants, and whatever was granted by somebody who may not grant any longer: the server insists."""
    gone = {edge for pair, edges in present.items() for edge in edges if pair in revocable and pair not in declared}
    everything = [edge for edges in present.values() for edge in edges]
    while True:
        losing = {(edge.role, edge.member) for edge in everything if edge.admin and _loses_admin(edge, declared, gone)}
        more = {edge for edge in everything if (edge.role, edge.grantor) in losing} - gone
        if not more:
            return gone
        gone |= more


def _loses_admin(edge: Membership, declared: dict[Pair, Membership], gone: set[Membership]) -> bool:
    wish = declared.get((edge.role, edge.member))
    return edge in gone or (wish is not None and not wish.admin)


def _dependents_first(gone: set[Membership]) -> list[Membership]:
    def depth(edge: Membership, seen: frozenset[Membership] = frozenset()) -> int:
        above = [one for one in gone - seen if one.admin and (one.role, one.member) == (edge.role, edge.grantor)]
        return max((1 + depth(one, seen | {edge}) for one in above), default=0)

    return sorted(gone, key=lambda edge: (-depth(edge), edge))


def _settle(edge: Membership, present: list[Membership], server: Server) -> Iterator[Statement]:
    """One declared membership: what other grantors give beyond it is taken back, what lacks is granted by us."""
    if server.major < 16:  # which knows nothing but ADMIN of a membership
        present = [one._replace(inherit=edge.inherit, set=edge.set) for one in present]
    for one in present:
        too_much = [word for word in ("admin", "inherit", "set") if getattr(one, word) and not getattr(edge, word)]
        yield from (statements.revoke_membership(one, server, option=word) for word in too_much)
    has = {word for word in ("admin", "inherit", "set") if any(getattr(one, word) for one in present)}
    lacks = [word for word in ("admin", "inherit", "set") if getattr(edge, word) and word not in has]
    if lacks or not present:
        yield statements.grant_membership(edge, server.version)
