"""`why ROLE OBJECT PRIVILEGE`: may it, by which path, which rows; and if not, what is missing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from components.access.effective import Ground, Reason, every_privilege
from components.access.effective_rows import RowAnswer, Rows, rows
from components.access.failures import AccessError
from components.access.model import RELATIONS, Facts, Object, Table
from components.access.spec.wording import unknown

MOST_HOLDERS = 5


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`may` counts everything: a right that no schema lets through, or that meets no row at all, is none."""

    role: str
    item: Object
    privilege: str
    reasons: tuple[Reason, ...] = ()
    columns: tuple[tuple[str, Reason], ...] = ()  # where only single columns are granted
    shut: tuple[str, ...] = ()
    rows: RowAnswer | None = None
    hints: tuple[str, ...] = field(default=())

    @property
    def may(self) -> bool:
        """The answer."""
        denied = self.rows is not None and self.rows.state is Rows.DENIED
        return bool(self.reasons or self.columns) and not self.shut and not denied


def why(ground: Ground, facts: Facts, role: str, called: str, privilege: str) -> Answer:
    """The answer. Raises AccessError for a role, object or privilege that is not there, with the nearest that is."""
    problems = [] if role in ground.people else [unknown("role", role, ground.people)]
    word = privilege.upper()
    word = "TEMPORARY" if word == "TEMP" else word
    item: Object | None = None
    try:
        item = find(ground, facts, called)
    except AccessError as error:
        problems.append(str(error))
    allowed = ground.privileges(item) if item else tuple(sorted(every_privilege()))
    if word not in allowed:
        of = f" of a {item.kind}" if item else ""
        problems.append(unknown(f"privilege{of}", word, allowed))
    if problems or item is None:
        raise AccessError("\n".join(problems))
    return _answered(ground, facts, role, item, word)


def _answered(ground: Ground, facts: Facts, role: str, item: Object, word: str) -> Answer:
    reasons = tuple(ground.reasons(role, item, word))
    columns = () if reasons or item.kind not in RELATIONS else tuple(_columns(ground, role, item, word))
    return Answer(
        role=role,
        item=item,
        privilege=word,
        reasons=reasons,
        columns=columns,
        shut=tuple(ground.shut(role, item)),
        rows=rows(ground, facts, role, _relation(ground, item), word) if reasons or columns else None,
        hints=() if reasons else tuple(_hints(ground, role, item, word)),
    )


def _relation(ground: Ground, item: Object) -> Object:
    """A column's relation; else the object itself."""
    if item.kind != "column":
        return item
    return next(
        place for kind in sorted(RELATIONS) if (place := item._replace(kind=kind, detail="")) in ground.access.owners
    )


def _columns(ground: Ground, role: str, item: Object, word: str) -> Iterator[tuple[str, Reason]]:
    for place in sorted(ground.access.acls):
        if place.kind == "column" and (place.schema, place.name) == (item.schema, item.name):
            for reason in ground.reasons(role, place, word)[:1]:
                yield place.detail, reason


def _hints(ground: Ground, role: str, item: Object, word: str) -> Iterator[str]:
    """How it could, or who can."""
    for other, path in ground.settable(role).items():
        if path and ground.people.get(other) and ground.reasons(other, item, word):
            yield f"after SET ROLE {other} it may: {'; '.join(map(str, path))}"
    holders = sorted(
        one.grantee for one in ground.access.acls.get(item, ()) if one.privilege == word and one.grantee != role
    )
    if holders:
        more = ", ..." if len(holders) > MOST_HOLDERS else ""
        yield f"it was granted to {', '.join(holders[:MOST_HOLDERS])}{more}"
    if owner := ground.access.owners.get(item):
        yield f"{item} belongs to {owner}"


def find(ground: Ground, facts: Facts, called: str) -> Object:
    """An object by what a person calls it: schema.name, schema.table.column, schema.function(types), a schema, the
    database; with its kind and a colon in front where several are called so."""
    kind, _, bare = called.rpartition(":") if called.partition(":")[0] in _KINDS else ("", "", called)
    kinds = _KINDS.get(kind, ())
    plain = bare.replace(" ", "")
    items = [item for item in ground.access.owners if not kinds or item.kind in kinds]
    exact = [item for item in items if item.kind != "column" and str(item).replace(" ", "") == plain]
    exact += [item for item in items if item.kind == "routine" and f"{item.schema}.{item.name}" == bare]
    exact += [] if exact or (kinds and "column" not in kinds) else _column(ground, facts, bare)
    if len(exact) == 1:
        return exact[0]
    if not exact:
        raise AccessError(unknown("object", bare, {str(item) for item in items}))
    listed = ", ".join(sorted(f"{one.kind.replace('foreign ', '')}:{one}" for one in exact))
    raise AccessError(f"{bare} could be {listed}; write one of these")


_KINDS: dict[str, tuple[str, ...]] = {
    **{kind: (kind,) for kind in ("database", "schema", "view", "matview", "sequence", "column", "routine", "type")},
    "function": ("routine",),
    "language": ("language",),
    "wrapper": ("foreign data wrapper",),
    "server": ("foreign server",),
    "large": ("large object",),
    "table": ("table", "foreign table"),
}


def _column(ground: Ground, facts: Facts, bare: str) -> list[Object]:
    for item in ground.access.owners:
        if item.kind in RELATIONS and bare.startswith(f"{item}."):
            column = bare.removeprefix(f"{item}.")
            relation = facts.relations.get(Table(item.schema, item.name))
            if relation is not None and column not in relation.columns:
                raise AccessError(unknown(f"column of {item}", column, relation.columns))
            return [Object("column", item.schema, item.name, column)]
    return []


def lines(answer: Answer) -> Iterator[str]:
    """The answer for a person: yes or no first, then every reason."""
    what = f"{answer.role} may {'' if answer.may else 'not '}{answer.privilege} {answer.item.kind} {answer.item}"
    yield f"{'yes' if answer.may else 'no'}: {what}"
    yield from (f"  because {reason}" for reason in answer.reasons)
    yield from (f"  column {column} only, because {reason}" for column, reason in answer.columns)
    yield from (f"  but {wall}" for wall in answer.shut)
    if answer.rows is not None:
        yield f"  rows {answer.rows.state}: {answer.rows.why}"
        for policy, path in answer.rows.policies:
            kind = "permissive" if policy.permissive else "restrictive"
            via = f", {'; '.join(map(str, path))}" if path else ""
            yield f"    {kind} {policy.name} for {policy.command} to {', '.join(policy.roles)}{via}"
            yield from (f"      using {policy.using}" for _ in [0] if policy.using is not None)
            yield from (f"      check {policy.check}" for _ in [0] if policy.check is not None)
    yield from (f"  {hint}" for hint in answer.hints)


def as_json(answer: Answer) -> dict[str, Any]:
    """The same for programs."""
    return {
        "may": answer.may,
        "role": answer.role,
        "kind": answer.item.kind,
        "object": str(answer.item),
        "privilege": answer.privilege,
        "reasons": [_reason(one) for one in answer.reasons],
        "columns": {column: _reason(reason) for column, reason in answer.columns},
        "shut": list(answer.shut),
        "rows": _rows(answer.rows),
        "hints": list(answer.hints),
    }


def _reason(one: Reason) -> dict[str, Any]:
    return {"memberships": [edge._asdict() for edge in one.path], "because": one.end}


def _rows(answer: RowAnswer | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    policies: Iterable[dict[str, Any]] = (
        {
            "name": policy.name,
            "permissive": policy.permissive,
            "command": policy.command,
            "roles": list(policy.roles),
            "using": policy.using,
            "check": policy.check,
        }
        for policy, _ in answer.policies
    )
    return {"state": str(answer.state), "why": answer.why, "policies": list(policies)}
