"""Rights of others that hang on one which is to be taken away: the server would refuse, so a preview tells of them."""

from __future__ import annotations

from collections.abc import Iterator

from components.access.model import NO_RIGHTS, RELATIONS, Access, Acl, Grant, Object


def problems(wanted: Access, actual: Access) -> Iterator[str]:
    """What stays though who gave it may not go on to give it."""
    handed: dict[int, tuple[Grant, ...]] = {}  # objects share few ACLs, each of which is looked through once
    for item, acl in sorted(wanted.acls.items()):
        given = handed.get(id(acl))
        if given is None:
            given = handed[id(acl)] = tuple(sorted(one for one in acl if one.grantor))
        if given:
            lost = _holders(item, actual) - _holders(item, wanted)
            for one in given:
                if one.grantor != wanted.owners.get(item) and (one.grantor, one.privilege) in lost:
                    yield (
                        f"{one.grantee} holds {one.privilege} on {item.kind} {item} by {one.grantor}, who is to lose "
                        f"the right to pass it on; take it from {one.grantee} first, or grant it by the owner instead"
                    )


def _above(item: Object, access: Access) -> Acl:
    """A column's table's rights, which hold for the column too."""
    if item.kind != "column":
        return NO_RIGHTS
    found = (access.acls.get(Object(kind, item.schema, item.name)) for kind in sorted(RELATIONS))
    return next((acl for acl in found if acl is not None), NO_RIGHTS)


def _holders(item: Object, access: Access) -> set[tuple[str, str]]:
    """Who may pass on which right."""
    acl = access.acls.get(item, NO_RIGHTS) | _above(item, access)
    return {(one.grantee, one.privilege) for one in acl if one.grantable}
