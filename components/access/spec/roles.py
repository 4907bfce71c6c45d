"""The parts of a spec that say who there is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainValidator, StringConstraints

from components.access.spec.auth import Ways
from components.access.spec.fields import (
    Flag,
    Mode,
    Moment,
    Name,
    Number,
    OrNothing,
    Part,
    Pattern,
    RoleName,
    SettingName,
    SettingValue,
    Text,
    Texts,
    Why,
    field,
)

_PREFIX = "secret:"


class Scope(Part):
    """Whom and how strictly the spec rules."""

    roles: Pattern | None = field(
        None,
        "Regular expression; only roles it matches are ever created, altered, revoked from. "
        "Default: exactly the roles that the spec declares.",
    )
    mode: Mode = field(
        "strict",
        "strict revokes what is not declared, report only tells of it, add does neither. A schema may set its own.",
    )
    never: Texts = field(
        (),
        "Roles that are never touched, besides postgres, pg_*, rds*, cloudsql*, azure_* and the login in use.",
    )


class Membership(Part):
    """How a role is a member of another. PostgreSQL before 16 knows no `inherit` or `set` of a single membership."""

    inherit: Flag | None = field(None, "Rights pass on without SET ROLE. Default: the member's own `inherit`.")
    set: Flag = field(True, "The member may SET ROLE to it.")
    admin: Flag = field(False, "The member may grant the role to others.")


def _rotation(value: Any) -> Any:
    if value == "ab" or (type(value) is int and value >= 0):
        return value
    raise ValueError(f"found {value!r}; allowed is ab, or a whole number to count up")


class Password(Part):
    """Where a login's password comes from."""

    secret: Annotated[Text, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")] = field(
        ..., "Name under the stack's `secrets`; a password is generated where the stack has none of that name."
    )
    rotate: Annotated[int | Literal["ab"], PlainValidator(_rotation, json_schema_input_type=int | Literal["ab"])] = (
        field(
            0,
            "Count this up to make a new generated password (and a new salt for a given one). Or ab: the role becomes "
            "a group with two logins, <role>_a and <role>_b; their passwords are secrets <secret>_a and <secret>_b.",
        )
    )
    generation: Number = field(
        0,
        "With rotate: ab, count this up to hand out the other login, with a new password; the one before goes on "
        "working, so nobody is cut off.",
        ge=0,
    )
    previous: Literal["works", "locked"] = field(
        "works",
        "With rotate: ab, locked takes LOGIN and password from the login handed out before, once nobody uses it.",
    )

    @property
    def number(self) -> int:
        """How often it was made anew."""
        return 0 if self.rotate == "ab" else self.rotate


def _password(value: Any) -> Any:
    """`secret:app` is short for {secret: app}. Any other text might be a password, so no message repeats it."""
    if isinstance(value, str):
        if not value.startswith(_PREFIX):
            raise ValueError(
                "must be secret:<name>, the value lies in the stack's secrets; a password itself never stands in a spec"
            )
        return {"secret": value.removeprefix(_PREFIX)}
    return value


def _members(value: Any) -> Any:
    """A list of roles is short for a mapping of each to the default membership."""
    if isinstance(value, str):
        return {value: {}}
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return {item: {} for item in value}
    return value


class Dangerous(Part):
    """Attributes that step over every other rule; each needs a reason."""

    superuser: Why | None = field(None, "Why this role must be a superuser.")
    replication: Why | None = field(None, "Why this role must be able to stream the whole server.")
    bypassrls: Why | None = field(None, "Why row policies must not hold for this role.")


class Retire(Part):
    """How a role goes: REASSIGN OWNED and DROP OWNED in every database that depends on it, then DROP ROLE."""

    to: RoleName = field(..., "Gets whatever the role owns, in every database.")


class Role(Part):
    """A role. An absent key means PostgreSQL's default, never `leave as it is`."""

    login: Flag = field(False, "May open sessions. A role without it is a group or an owner.")
    inherit: Flag = field(True, "Uses the rights of the roles it is a member of without SET ROLE.")
    createdb: Flag = field(False, "May create databases.")
    createrole: Flag = field(False, "May create roles.")
    comment: Text | None = field(None, "What the role is for; shown by psql's \\du+.")
    connection_limit: Number = field(-1, "Most sessions at once; -1 is no limit.", ge=-1, le=262143)
    valid_until: Moment | None = field(None, "When the password ceases to work, for example 2027-06-30 (midnight UTC).")
    password: Annotated[Password | None, BeforeValidator(_password, json_schema_input_type=str | Password | None)] = (
        field(None, "secret:<name>, or {secret, rotate}. Absent: the role has no password.")
    )
    keep_password: Flag = field(
        False, "Somebody else sets its password; whatever there is stays. `adopt` writes this, since it knows none."
    )
    member_of: Annotated[
        dict[Name, OrNothing[Membership]],
        BeforeValidator(_members, json_schema_input_type=str | list[str] | dict[str, Membership | None]),
    ] = field({}, "Roles it is a member of: a list, or a mapping to {inherit, set, admin}.")
    settings: dict[SettingName, SettingValue] = field({}, "ALTER ROLE ... SET, for example statement_timeout: 30s.")
    dangerous: Dangerous = field(
        Dangerous.model_construct(), "superuser, replication, bypassrls, each with its reason."
    )
    auth: Ways = field(
        None,
        "How it logs in: scram, cert, iam, or {by, from, databases}, or a list of them. Where one role of the stack "
        "says it, only the logins of its specs get in; one that does not say it comes by its password.",
    )
    retire: Retire | None = field(
        None, "The role shall be gone: {to: role that gets what it owns}. Nothing else is then said of it."
    )


class Service(Role):
    """A login of one service: a role, and its profile on its own schema in every database that lists that schema."""

    schema_: Name = field(..., "The service's own schema.", alias="schema")
    profile: Name = field(..., "What it may do there; one of `profiles`.")


RoleMap = dict[RoleName, OrNothing[Role]]
ServiceMap = dict[RoleName, Service]
VersionOfLanguage = Literal[1]
