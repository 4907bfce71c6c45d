"""The part of a spec that says which rows a role sees."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints, model_validator

from components.access.spec.fields import (
    Commands,
    ContextType,
    Expression,
    Grantees,
    Name,
    Names,
    Part,
    SettingName,
    Text,
    Why,
    field,
)


def _qualified(text: str) -> str:
    if len(parts := text.split(".")) != 2 or not all(parts):
        raise ValueError(f"{text!r} is no table; write schema.table")
    return text


TableName = Annotated[Text, AfterValidator(_qualified)]
ContextName = Annotated[Text, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*$")]


class Context(Part):
    """A session setting that policies read as `:name`; unset or empty reads as NULL, never as an error."""

    setting: SettingName = field(..., "The setting, for example app.current_organization_id.")
    type: ContextType = field("text", "What its text is cast to.")

    @model_validator(mode="after")
    def _custom(self) -> Context:
        if "." not in self.setting:
            raise ValueError(f"setting {self.setting!r} is no setting of an application; it needs a dot, as app.tenant")
        return self


class SeeAll(Part):
    """A role that sees every row, by a policy of its own instead of BYPASSRLS."""

    for_: Commands = field(("all",), "select, insert, update, delete or all.", alias="for")
    why: Why = field(..., "Why it must see the rows of every tenant.")


class Tenant(Part):
    """One rule for every table that has the tenant column."""

    schemas: Names = field(..., "Schemas in which each table must have the column or be exempt.")
    column: Name = field(..., "The tenant column.")
    using: Expression = field(..., 'Which rows are the tenant\'s, for example "organization_id = :org".')
    to: Grantees = field(..., "The tenant's roles: a restrictive floor policy holds for all of them.")
    exempt: dict[TableName, Why] = field({}, "Tables without the rule -> why.")
    see_all: dict[Name, SeeAll] = field({}, "Roles that see the rows of every tenant.")


class Policy(Part):
    """One row policy."""

    for_: Commands = field(("all",), "select, insert, update, delete or all; several make a policy each.", alias="for")
    to: Grantees = field(..., "Roles, globs over roles, or PUBLIC.")
    using: Expression | None = field(None, "Which present rows may be seen or changed.")
    check: Expression | None = field(None, "Which new rows may be written. Default: the same as `using`.")
    as_: Literal["permissive", "restrictive"] = field(
        "permissive", "Permissive policies are OR-ed; restrictive ones are AND-ed onto them.", alias="as"
    )

    @model_validator(mode="after")
    def _says_something(self) -> Policy:
        if self.using is None and self.check is None:
            raise ValueError("has neither using nor check; write at least one")
        if self.using is None and any(command in ("select", "delete", "all") for command in self.for_):
            raise ValueError("needs using: select and delete have no new rows to check")
        return self


class RowSecurity(Part):
    """Row policies of a database. Every table named here gets ENABLE and FORCE ROW LEVEL SECURITY."""

    context: dict[ContextName, Context] = field({}, "Name -> session setting; usable as :name in expressions.")
    tenant: Tenant | None = field(None, "One rule for every table having the tenant column.")
    see_all: dict[Name, SeeAll] = field({}, "Roles that see every row of the tables listed under `tables`.")
    tables: dict[TableName, dict[Name, Policy]] = field({}, "schema.table -> policy name -> policy.")
