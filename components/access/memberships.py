"""What must change about who is a member of which role, where several roles may have granted one membership.

Since PostgreSQL 16 each grantor's grant stands by itself, with options of its own, and a member has whatever any of
them gives; before, there is one grant for a pair and ADMIN is its only option.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby

from components.access import statements
from components.access.model import Membership, Server, Statement

Pair = tuple[str, str]
_OPTIONS = ("admin", "inherit", "set")


def changes(
    wanted: Iterable[Membership], actual: Iterable[Membership], revocable: frozenset[Pair], server: Server
) -> Iterator[Statement]:
    """Revokes, those that others hang on last; then options that are too much; then grants. Equal ones share one."""
    declared = {(edge.role, edge.member): edge for edge in wanted}
    present: dict[Pair, list[Membership]] = defaultdict(list)
    for edge in sorted(actual):
        present[edge.role, edge.member].append(edge)
    gone = _gone(declared, present, revocable)
    # Neighbours only: the order of the whole must stay.
    for _, alike in groupby(_dependents_first(gone), key=lambda one: (one.role, one.grantor)):
        yield statements.revoke_memberships(list(alike), server)
    lacking: dict[tuple[str, bool, bool, bool], list[Membership]] = defaultdict(list)
    for pair, edge in sorted(declared.items()):
        left = _comparable(edge, [one for one in present.get(pair, ()) if one not in gone], server)
        yield from _narrowed(edge, left, server)
        if _lacks(edge, left):
            lacking[edge.role, edge.inherit, edge.set, edge.admin].append(edge)
    for edges in lacking.values():
        yield statements.grant_memberships(edges, server.version)


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
    admins = {one for one in gone if one.admin}

    def depth(edge: Membership, seen: frozenset[Membership] = frozenset()) -> int:
        above = [one for one in admins - seen if (one.role, one.member) == (edge.role, edge.grantor)]
        return max((1 + depth(one, seen | {edge}) for one in above), default=0)

    return sorted(gone, key=lambda edge: (-depth(edge), edge))


def _comparable(edge: Membership, present: list[Membership], server: Server) -> list[Membership]:
    if server.major >= 16:
        return present
    # Which knows nothing but ADMIN of a membership.
    return [one._replace(inherit=edge.inherit, set=edge.set) for one in present]


def _narrowed(edge: Membership, present: Iterable[Membership], server: Server) -> Iterator[Statement]:
    """What other grantors give beyond a declared membership is taken back."""
    for one in present:
        too_much = [word for word in _OPTIONS if getattr(one, word) and not getattr(edge, word)]
        for word in too_much:
            yield statements.revoke_memberships([one], server, option=word)


def _lacks(edge: Membership, present: Iterable[Membership]) -> bool:
    """Whether a declared membership, or an option of it, has still to be granted by us."""
    there = list(present)
    return not there or any(getattr(edge, word) and not any(getattr(one, word) for one in there) for word in _OPTIONS)
