"""rotate: ab: one role that becomes a group with two logins, so that a new password cuts nobody off.

The group holds all rights. Of the logins one is handed out; counting `generation` up gives the other one a new password
and hands that out, while the one before goes on working until `previous: locked` or the next generation.
"""

from __future__ import annotations

from components.access.spec.roles import Dangerous, Membership, Password, Role

LETTERS = ("a", "b")


def pair_of(role: Role) -> Password | None:
    """The password that rotates by two logins, if the role has such a one."""
    return role.password if role.password and role.password.rotate == "ab" else None


def current(name: str, pair: Password) -> str:
    """The login that is handed out."""
    return f"{name}_{LETTERS[pair.generation % 2]}"


def previous(name: str, pair: Password) -> str:
    """The login that was handed out before, or will be next."""
    return f"{name}_{LETTERS[(pair.generation + 1) % 2]}"


def expanded(name: str, role: Role) -> dict[str, Role]:
    """The group and its two logins."""
    pair = pair_of(role)
    assert pair is not None
    # What members do not inherit stays with the logins.
    own: dict[str, object] = {
        "login": False,
        "password": None,
        "auth": None,
        "connection_limit": -1,
        "valid_until": None,
        "settings": {},
    }
    group = role.model_copy(update={**own, "dangerous": Dangerous(), "createdb": False, "createrole": False})
    return {name: group, **{f"{name}_{letter}": _login(name, role, pair, letter) for letter in LETTERS}}


def _login(name: str, role: Role, pair: Password, letter: str) -> Role:
    handed_out = current(name, pair) == f"{name}_{letter}"
    works = handed_out or (pair.generation > 0 and pair.previous == "works")
    made = pair.generation if handed_out else pair.generation - 1
    return Role(
        login=works,
        password=Password(secret=f"{pair.secret}_{letter}", rotate=made) if works else None,
        auth=role.auth if works else None,
        member_of={name: Membership(inherit=True)},
        connection_limit=role.connection_limit,
        valid_until=role.valid_until,
        settings=role.settings,
        dangerous=role.dangerous,
        createdb=role.createdb,
        createrole=role.createrole,
        comment=f"one of two logins of {name}",
    )
