"""The parts of a spec that say what there is in a database and who may do what with it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, StringConstraints

from components.access.spec.fields import (
    ColumnPrivilege,
    Flag,
    FunctionPrivileges,
    Grantee,
    Grantees,
    LargeObjectPrivileges,
    Mode,
    Name,
    Names,
    OrNothing,
    OwnerName,
    Part,
    RoleName,
    RoleNames,
    SchemaPrivileges,
    SequencePrivileges,
    SettingName,
    SettingValue,
    TablePrivilege,
    TablePrivileges,
    Text,
    Texts,
    TypePrivileges,
    Version,
    Why,
    field,
)
from components.access.spec.jobs import ScheduledJob
from components.access.spec.row_policies import RowSecurity
from components.access.spec.tests import AccessTests


class Rights(Part):
    """Privileges by kind of object, on what is there and what comes later."""

    schema_: SchemaPrivileges = field((), "On the schema itself: usage, create.", alias="schema")
    tables: TablePrivileges = field((), "On tables, views, materialised views and foreign tables.")
    sequences: SequencePrivileges = field((), "On sequences: usage, select, update.")
    functions: FunctionPrivileges = field((), "On functions and procedures: execute.")
    types: TypePrivileges = field((), "On types and domains: usage.")


class Profile(Rights):
    """Rights with a name."""

    extends: Name | None = field(None, "Another profile, whose rights this one has too.")


class AccessLine(Rights):
    """What one role may do in a schema: a profile, rights of its own, or both."""

    profile: Name | None = field(None, "One of `profiles`.")


def _line(value: Any) -> Any:
    return {"profile": value} if isinstance(value, str) else value


def _table_line(value: Any) -> Any:
    """A list of privileges is short for each of them on every column."""
    value = [value] if isinstance(value, str) else value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return dict.fromkeys(value)
    if isinstance(value, dict):
        return {key: None if columns is True else columns for key, columns in value.items()}
    return value


AccessLineField = Annotated[
    OrNothing[AccessLine], BeforeValidator(_line, json_schema_input_type=str | AccessLine | None)
]
TableLine = Annotated[
    dict[TablePrivilege, Names | None],
    BeforeValidator(_table_line, json_schema_input_type=str | list[str] | dict[str, bool | list[str]]),
]
COLUMN_PRIVILEGES = tuple(ColumnPrivilege.__origin__.__args__)  # type: ignore[attr-defined]


class Schema(Part):
    """A schema, made when it is not there."""

    owner: OwnerName | None = field(None, "Default: the database's owner.")
    creators: RoleNames | None = field(
        None, "Roles that create objects here; default privileges are made for exactly these. Default: the owner."
    )
    mode: Mode | None = field(None, "strict, report or add in this schema. Default: the scope's mode.")
    access: dict[Grantee, AccessLineField] = field(
        {}, "Role, glob over roles or PUBLIC -> profile or rights; holds for present and future objects."
    )
    tables: dict[Name, dict[Grantee, TableLine]] = field(
        {},
        "Table (or glob) -> role -> privileges, or privilege -> list of columns. "
        "Replaces the `access` line for that role and table.",
    )
    sequences: dict[Name, dict[Grantee, SequencePrivileges]] = field({}, "The same for single sequences.")
    functions: dict[Text, dict[Grantee, FunctionPrivileges]] = field(
        {}, "The same for functions: a name (every overload), name(argument types), or a glob."
    )
    types: dict[Name, dict[Grantee, TypePrivileges]] = field({}, "The same for types and domains.")


def _extension(value: Any) -> Any:
    return {"version": value} if isinstance(value, str) else value


class Extension(Part):
    """An extension, created when it is not there, updated when its version is not what is asked for."""

    version: Version = field("*", 'Exactly "1.10", at least ">=1.3", or "*" for whatever is there.')
    schema_: Name | None = field(
        None, "Where its objects go. Default: where its control file says, else public.", alias="schema"
    )
    optional: Flag = field(False, "Left out, with a report, where the server cannot have it; else that is an error.")


ExtensionField = Annotated[
    OrNothing[Extension], BeforeValidator(_extension, json_schema_input_type=str | Extension | None)
]


LintName = Literal[
    "rls-off-with-tenant-column",
    "owner-blind",
    "tenant-becomes-owner",
    "bare-current-setting",
    "definer-view",
    "definer-function",
    "definer-search-path",
    "grant-to-public",
    "partition-granted",
    "tenant-index",
    "login-unlimited",
    "login-owns",
    "login-becomes-owner",
    "acl-width",
    "login-without-line",
    "tenant-unique",
    "tenant-reference",
    "connection-budget",
]


PgrlsRule = Annotated[Text, StringConstraints(pattern=r"^([A-Z]+[0-9]{3}|verify)$")]


class Lint(Part):
    """Exceptions from the checks that stop a preview."""

    allow: dict[LintName, dict[Text, Why]] = field({}, "Lint -> object (schema.name) -> why it is right here.")
    pgrls: dict[PgrlsRule, dict[Text, Why]] = field(
        {},
        "Rule of the linter pgrls (or verify, its prover) -> object or glob -> why it is right here. For whoever runs "
        "that linter on the result; nothing here asks it.",
    )


Usage = dict[Name, dict[Grantee, TypePrivileges]] | None
LargeObject = Annotated[Text, StringConstraints(pattern=r"^[1-9][0-9]{0,9}$")]


class Database(Part):
    """A database, created when it is not there; never dropped."""

    owner: RoleName = field(..., "Owns the database, and runs the scripts of `sql`.")
    connect: Grantees = field((), "Who may connect: roles, globs over roles, PUBLIC.")
    temporary: Grantees = field((), "Who may create temporary tables.")
    create: Grantees = field((), "Who may create schemas.")
    settings: dict[Grantee, dict[SettingName, SettingValue]] = field(
        {}, "Role or glob -> settings that hold for its sessions in this database (ALTER ROLE ... IN DATABASE ... SET)."
    )
    extensions: dict[Name, ExtensionField] = field({}, "Extension -> version, or {version, schema, optional}.")
    schemas: dict[Name, OrNothing[Schema]] = field({}, "The schemas in which the spec rules.")
    languages: Usage = field(None, "Procedural language -> role -> usage. Absent: rights on languages are left alone.")
    foreign_data_wrappers: Usage = field(None, "Foreign-data wrapper -> role -> usage. Absent: left alone.")
    foreign_servers: Usage = field(None, "Foreign server -> role -> usage. Absent: left alone.")
    large_objects: dict[LargeObject, dict[Grantee, LargeObjectPrivileges]] | None = field(
        None, "OID of a large object, as a text -> role -> select, update. Absent: left alone."
    )
    rls: RowSecurity | None = field(None, "Row policies.")
    sql: Texts = field(
        (), "Folders of scripts, relative to the spec: NNN_name.sql runs once, R__name.sql when it changed."
    )
    jobs: dict[Name, ScheduledJob] = field({}, "Name -> {schedule, run, as}: what pg_cron runs, where there is one.")
    tests: AccessTests = field((), "What must be seen and what must be refused; `verify` tries it.")
    lint: Lint = field(Lint.model_construct(), "Exceptions from the lints, each with its reason.")
