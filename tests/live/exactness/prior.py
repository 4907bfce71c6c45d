"""Random states of a server before a spec: who owns what, who gave what to whom and passed it on, which policies."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.live.exactness.things import (
    ADMIN,
    DATABASE,
    LARGE_OBJECT,
    ODD,
    OLD,
    OUTSIDER,
    OWNER,
    PARAMETERS,
    RULED,
    THINGS,
    A,
    B,
    quoted,
)

Said = tuple[str, str]  # who says it, and the statement
EXPRESSIONS = ("true", "id > 1", "org = current_user", "org = nullif(current_setting('app.o', true), '')")
_anybody = st.sampled_from((*RULED, OUTSIDER, "PUBLIC"))
_speaker = st.sampled_from(("postgres", "postgres", OWNER, *RULED, OUTSIDER))
_table = st.sampled_from(("app.t1", 'app."T %2"', "app.parts", '"od d".t', "other.t"))


@st.composite
def _grant(draw: st.DrawFn) -> list[Said]:
    thing = draw(st.sampled_from(tuple(THINGS)))
    words = ", ".join(sorted(draw(st.sets(st.sampled_from(THINGS[thing]), min_size=1))))
    who = draw(_anybody)
    option = " WITH GRANT OPTION" if who != "PUBLIC" and draw(st.booleans()) else ""
    return [(draw(_speaker), f"GRANT {words} ON {thing} TO {quoted(who)}{option}")]


@st.composite
def _chain(draw: st.DrawFn) -> list[Said]:
    """A right that goes from hand to hand; each hands it on as its own grantor."""
    thing = draw(st.sampled_from(tuple(THINGS)))
    word = draw(st.sampled_from(THINGS[thing]))
    hands = draw(st.permutations((*RULED, OUTSIDER)))[: draw(st.integers(2, 4))]
    given = [f"GRANT {word} ON {thing} TO {quoted(hand)} WITH GRANT OPTION" for hand in hands]
    return list(zip(("postgres", *hands), given, strict=False))


@st.composite
def _defaults(draw: st.DrawFn) -> list[Said]:
    """Of one creator or several, everywhere or in one schema."""
    place = draw(st.sampled_from(("", " IN SCHEMA app", ' IN SCHEMA "od d"', " IN SCHEMA other")))
    kinds = (("TABLES", "SELECT"), ("FUNCTIONS", "EXECUTE"), ("TYPES", "USAGE"), ("SEQUENCES", "USAGE"))
    kind, right = draw(st.sampled_from(kinds))
    verb, to = draw(st.sampled_from((("GRANT", "TO"), ("REVOKE", "FROM"))))
    who = quoted(draw(_anybody))
    makers = draw(st.lists(st.sampled_from((OWNER, *RULED, OUTSIDER)), min_size=1, max_size=3, unique=True))
    return [
        ("postgres", f"ALTER DEFAULT PRIVILEGES FOR ROLE {quoted(maker)}{place} {verb} {right} ON {kind} {to} {who}")
        for maker in makers
    ]


@st.composite
def _policy(draw: st.DrawFn) -> list[Said]:
    table, who = draw(_table), quoted(draw(_anybody))
    name = draw(st.sampled_from(("p1", "p2", "p3", "tenant_floor", "tenant_rows", "see_all")))
    kind, command = draw(st.sampled_from(("PERMISSIVE", "RESTRICTIVE"))), draw(st.sampled_from(("ALL", "SELECT")))
    rule = draw(st.sampled_from(EXPRESSIONS))
    check = " WITH CHECK (id > 1)" if command == "ALL" and draw(st.booleans()) else ""
    said = f"CREATE POLICY {name} ON {table} AS {kind} FOR {command} TO {who} USING ({rule}){check}"
    switch = draw(st.sampled_from(("ENABLE", "FORCE", "DISABLE")))
    return [("postgres", said), ("postgres", f"ALTER TABLE {table} {switch} ROW LEVEL SECURITY")]


@st.composite
def _other(draw: st.DrawFn) -> list[Said]:
    one, who = quoted(draw(st.sampled_from((OWNER, *RULED)))), quoted(draw(_anybody))
    table = draw(_table)
    choices = (
        f"ALTER TABLE {table} OWNER TO {one}",
        f'ALTER TABLE app."T %2" OWNER TO {quoted(OUTSIDER)}',
        f"ALTER FUNCTION app.f OWNER TO {one}",
        f"ALTER SCHEMA app OWNER TO {one}",
        f"ALTER DATABASE {DATABASE} OWNER TO {one}",
        f"ALTER LARGE OBJECT {LARGE_OBJECT} OWNER TO {one}",
        f"ALTER TYPE app.e OWNER TO {one}",
        f"GRANT SELECT (id), UPDATE (org) ON {table} TO {who}",
        f'GRANT INSERT (id, "c 2") ON app.t1 TO {one} WITH GRANT OPTION',
        f"REVOKE ALL ON FUNCTION app.f FROM PUBLIC, {one}",
        f"REVOKE ALL ON {table} FROM {one}",
        f"REVOKE SELECT ON {table} FROM {one}",
        f"ALTER ROLE {one} CREATEDB NOINHERIT CONNECTION LIMIT 3",
        f"ALTER ROLE {one} IN DATABASE {DATABASE} SET work_mem = '8MB'",
        f"ALTER ROLE {quoted(OUTSIDER)} SET work_mem = '8MB'",
        f"GRANT SET ON PARAMETER {draw(st.sampled_from(PARAMETERS))} TO {who}",
        f"GRANT {quoted(A)} TO {quoted(B)}",
        f"GRANT {quoted(B)} TO {quoted(ODD)} WITH ADMIN OPTION",
        f"GRANT {quoted(A)} TO {quoted(OUTSIDER)}",
        f"GRANT {quoted(OUTSIDER)} TO {quoted(B)}",
    )
    return [("postgres", draw(st.sampled_from(choices)))]


@st.composite
def _leaving(draw: st.DrawFn) -> list[Said]:
    """What hangs on a role that is to go: things of its own, rights, and rights that it handed on."""
    old, one = quoted(OLD), quoted(draw(st.sampled_from(RULED)))
    choices: tuple[tuple[Said, ...], ...] = (
        (("postgres", f"ALTER TABLE app.t1 OWNER TO {old}"),),
        (("postgres", f'ALTER SCHEMA "od d" OWNER TO {old}'),),
        (("postgres", f"ALTER FUNCTION app.f OWNER TO {old}"), (OLD, f"GRANT EXECUTE ON FUNCTION app.f TO {one}")),
        (
            ("postgres", f"GRANT SELECT ON app.t1, app.v TO {old} WITH GRANT OPTION"),
            (OLD, f"GRANT SELECT ON app.v TO {one}"),
        ),
        (("postgres", f"ALTER DEFAULT PRIVILEGES FOR ROLE {old} IN SCHEMA app GRANT SELECT ON TABLES TO {one}"),),
        (("postgres", f"GRANT ALL ON DATABASE {DATABASE} TO {old}"),),
        (("postgres", f"GRANT {old} TO {one}"), ("postgres", f"GRANT {quoted(A)} TO {old}")),
        (("postgres", f"ALTER ROLE {old} LOGIN"), ("postgres", f"ALTER ROLE {old} SET work_mem = '8MB'")),
        (("postgres", f"CREATE POLICY of_old ON app.t1 TO {old} USING (true)"),),
    )
    return list(draw(st.sampled_from(choices)))


def states(*, leaving: bool) -> st.SearchStrategy[list[Said]]:
    """Statements in the order they are said; the server may refuse some, which then did not happen."""
    kinds = [_grant(), _grant(), _chain(), _defaults(), _policy(), _other(), _other()]
    kinds += [_leaving(), _leaving()] if leaving else []
    return st.lists(st.one_of(kinds), max_size=20).map(lambda groups: [said for group in groups for said in group])


def beginning(*, superuser: bool) -> list[Said]:
    """The administrator of the world: a superuser, or one as managed services have it, of whose roles all are."""
    if superuser:
        return []
    roles = ", ".join(quoted(role) for role in (OWNER, *RULED, OLD))
    return [
        ("postgres", f"ALTER ROLE {quoted(ADMIN)} LOGIN CREATEROLE CREATEDB"),
        ("postgres", f"GRANT {roles} TO {quoted(ADMIN)} WITH ADMIN OPTION"),
        ("postgres", f"ALTER DATABASE {DATABASE} OWNER TO {quoted(OWNER)}"),
    ]
