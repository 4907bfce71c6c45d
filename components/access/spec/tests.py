"""The part of a spec that says what must be seen and what must be refused: what `verify` tries on a server."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Strict, StringConstraints

from components.access.spec.fields import Expression, Listed, Part, RoleName, SettingName, Text, field
from components.access.spec.row_policies import TableName
from components.access.sql_text import statements

# What would change who asks, end the transaction that is to be rolled back, or speak another protocol.
FORBIDDEN = frozenset(
    word.upper()
    for verbs in ("abort begin commit end release rollback savepoint start prepare", "set reset discard", "copy")
    for word in verbs.split()
)


def _one_statement(text: str) -> str:
    found = statements(text)
    if len(found) != 1:
        raise ValueError(f"holds {len(found)} statements; write exactly one")
    if (first := (*found[0].words, "")[0]) in FORBIDDEN:
        raise ValueError(f"begins with {first}, which a test must not; write what the role would read or change")
    return found[0].text


def _below_fixtures(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or path.suffix != ".sql":
        raise ValueError(f"{text!r} is no file of the spec's folder fixtures/; write its name, as two_tenants.sql")
    return str(path)


def _not_negative(count: int) -> int:
    if count < 0:
        raise ValueError(f"found {count}; allowed is 0 or more")
    return count


def _rows(value: Any) -> Any:
    return {"rows": value} if isinstance(value, int) and not isinstance(value, bool) else value


def _scalar(value: Any) -> Any:
    """A setting is text; what YAML reads as a number or a truth is written as a person would."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


Count = Annotated[int, Strict(), AfterValidator(_not_negative)]
TestStatement = Annotated[Text, StringConstraints(max_length=20_000), AfterValidator(_one_statement)]
Fixture = Annotated[Text, AfterValidator(_below_fixtures)]
ContextValue = Annotated[str, BeforeValidator(_scalar, json_schema_input_type=str | int | bool)]


class Seen(Part):
    """How many rows of a table a role must see."""

    rows: Count = field(..., "Exactly so many.")
    where: Expression | None = field(
        None, "Counted are only the rows for which this holds: for tables that hold others than the fixture's."
    )


SeenField = Annotated[Seen, BeforeValidator(_rows, json_schema_input_type=int | Seen)]


class AccessTest(Part):
    """What one role must see and must be refused. Run by `verify` in a transaction that is rolled back."""

    as_: RoleName = field(
        ..., "The role, by SET LOCAL ROLE: its rights and row policies, not its settings.", alias="as"
    )
    fixture: Fixture | None = field(
        None,
        "A file in the folder fixtures/ beside the spec, run as the database's owner before this test; "
        "its rows are there for the tests after it as well.",
    )
    set_: dict[SettingName, ContextValue] = field(
        {}, "Name of `rls.context`, or a setting with a dot -> value, for this test only.", alias="set"
    )
    sees: dict[TableName, SeenField] = field(
        {}, "schema.table -> how many rows it sees, or {rows, where}. Views and partitioned tables count as well."
    )
    affects: dict[TestStatement, Count] = field(
        {}, "Statement -> how many rows it returns or changes: 0 for an UPDATE that must find nothing."
    )
    denied: Listed[TestStatement] = field(
        (), "Statements that must be refused for want of a right or by a row policy; any other error is a failure."
    )


AccessTests = tuple[AccessTest, ...]
