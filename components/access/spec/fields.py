"""The kinds of value an access spec is made of: names, privileges, and the short forms a person may write."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    StringConstraints,
)
from pydantic_core import CoreSchema, core_schema

LONGEST_NAME = 63  # bytes; PostgreSQL would cut a longer one without a word


class Part(BaseModel):
    """A frozen part of a spec that refuses unknown keys."""

    # Built when first used: as parts of a whole spec, most never need a validator of their own.
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True, defer_build=True
    )


def _name(text: str) -> str:
    if not text:
        raise ValueError("is empty; give a name")
    if "\0" in text:
        raise ValueError("holds a NUL character, which PostgreSQL cannot take")
    if (size := len(text.encode("utf-8", "replace"))) > LONGEST_NAME:
        raise ValueError(f"has {size} bytes; PostgreSQL's names have {LONGEST_NAME} at most")
    return text


def _role_name(text: str) -> str:
    if text.lower() in ("public", "none"):
        raise ValueError(f"{text} is a word that PostgreSQL keeps for itself; name the role otherwise")
    if text.startswith("pg_"):
        raise ValueError("begins with pg_, which PostgreSQL keeps for its own roles")
    return _name(text)


def _owner_name(text: str) -> str:
    return text if text == "pg_database_owner" else _role_name(text)


def _regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from None
    return text


def _moment(text: str) -> str:
    try:
        if text != "infinity":
            datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no moment; write 2027-06-30, 2027-06-30 12:00+02 or infinity") from None
    return text


def _why(text: str) -> str:
    if len(text.split()) < 2:
        raise ValueError(f"{text!r} gives no reason; say in a few words why this must be")
    return text


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _listed(value: Any) -> Any:
    """One text stands for a list of one."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _text(value: Any) -> Any:
    """A setting's value as the server reads it: true -> on, 16 -> 16."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value) if isinstance(value, int) else value


def _empty(value: Any) -> Any:
    """`nx_readonly:` with nothing after it is an empty mapping."""
    return {} if value is None else value


Text = Annotated[str, Strict()]
Flag = Annotated[bool, Strict()]
Number = Annotated[int, Strict()]
Name = Annotated[Text, AfterValidator(_name)]
RoleName = Annotated[Text, AfterValidator(_role_name)]
OwnerName = Annotated[Text, AfterValidator(_owner_name)]  # schema public belongs to a role of the server's own
Grantee = Annotated[Text, AfterValidator(_name)]  # a declared role, a glob over them, or PUBLIC
Pattern = Annotated[Text, AfterValidator(_regular_expression)]
Moment = Annotated[Text, AfterValidator(_moment)]
Why = Annotated[Text, AfterValidator(_why)]
Version = Annotated[Text, StringConstraints(pattern=r"^(\*|(=|>=)?\s*[A-Za-z0-9][A-Za-z0-9._+-]*)$")]
SettingName = Annotated[Text, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_$]*)*$")]
SettingValue = Annotated[
    str, BeforeValidator(_text, json_schema_input_type=str | int | bool | list[str]), StringConstraints(max_length=1000)
]
Expression = Annotated[Text, StringConstraints(min_length=1, max_length=20_000)]


@dataclass(frozen=True)
class _Short:
    """A shorter form that a person may write: read by `convert`, told to editors by `schema`."""

    convert: Callable[[Any], Any]
    schema: Callable[[dict[str, Any]], dict[str, Any]]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.convert, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        full = handler(core)
        return {"anyOf": [self.schema(full), full]}


T = TypeVar("T")
# A tuple that may be written as a list or, when it has one member, as that member alone.
Listed = Annotated[tuple[T, ...], _Short(_listed, lambda full: full["items"])]
# A part of which nothing may be said: `name:` alone takes every default.
OrNothing = Annotated[T, _Short(_empty, lambda _: {"type": "null"})]


Mode = Literal["strict", "report", "add"]
TablePrivilege = Annotated[
    Literal["select", "insert", "update", "delete", "truncate", "references", "trigger", "maintain", "all"],
    BeforeValidator(_lower),
]
ColumnPrivilege = Annotated[Literal["select", "insert", "update", "references"], BeforeValidator(_lower)]
SequencePrivilege = Annotated[Literal["usage", "select", "update", "all"], BeforeValidator(_lower)]
SchemaPrivilege = Annotated[Literal["usage", "create", "all"], BeforeValidator(_lower)]
FunctionPrivilege = Annotated[Literal["execute", "all"], BeforeValidator(_lower)]
TypePrivilege = Annotated[Literal["usage", "all"], BeforeValidator(_lower)]
LargeObjectPrivilege = Annotated[Literal["select", "update", "all"], BeforeValidator(_lower)]
ParameterPrivilege = Annotated[Literal["set", "alter system", "all"], BeforeValidator(_lower)]
TablespacePrivilege = Annotated[Literal["create", "all"], BeforeValidator(_lower)]
Command = Annotated[Literal["select", "insert", "update", "delete", "all"], BeforeValidator(_lower)]
ContextType = Literal[
    "uuid", "text", "integer", "bigint", "smallint", "numeric", "boolean", "date", "timestamptz", "inet"
]

TablePrivileges = Listed[TablePrivilege]
SequencePrivileges = Listed[SequencePrivilege]
SchemaPrivileges = Listed[SchemaPrivilege]
FunctionPrivileges = Listed[FunctionPrivilege]
TypePrivileges = Listed[TypePrivilege]
LargeObjectPrivileges = Listed[LargeObjectPrivilege]
ParameterPrivileges = Listed[ParameterPrivilege]
TablespacePrivileges = Listed[TablespacePrivilege]
Commands = Listed[Command]
Grantees = Listed[Grantee]
RoleNames = Listed[RoleName]
Names = Listed[Name]
Texts = Listed[Text]


def field(default: Any, description: str, **rules: Any) -> Any:
    """A field with its meaning, which the manual and the JSON schema repeat."""
    return Field(default, description=description, **rules)
