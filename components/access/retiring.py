"""What still hangs on a role that is to go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Retiring:
    """`databases` hold objects or rights of the role; `shared` says that something outside of them does.

    `closed` are databases that nobody can connect to, and so nobody can clean up.
    """

    login: bool = False
    sessions: int = 0
    databases: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    shared: bool = False
