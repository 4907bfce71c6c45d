"""What the server's errors mean for a person, and which of them pass by themselves."""

from __future__ import annotations

import psycopg

from components.access.model import Statement


class AccessError(Exception):
    """One sentence or a list of them, for a person: what was found and what to do."""


class PassingError(Exception):
    """What may well be gone a moment later, told in words of its own."""


# SQLSTATE -> cause and remedy. What is not here is told in the server's own words.
CAUSES = {
    "28000": "the server's pg_hba.conf does not let this login in from here",
    "28P01": "the server does not take this login's password",
    "3D000": "the database is not there",
    "42501": "the login in use may not do this; it needs to be a superuser or to own the object",
    "53100": "the server's disk is full; make room",
    "53200": "the server is out of memory",
    "53300": "the server has no connection left; close some or raise max_connections",
    "55006": "the object is in use by other sessions",
    "55P03": "other sessions hold a lock on the table for too long; find them in pg_stat_activity",
    "57014": "a statement took longer than its limit",
    "57P01": "the server ended the session (a restart or a failover)",
    "57P03": "the server is starting up or shutting down",
    "25006": "the server is a replica at the moment (a failover?)",
    "2BP01": "other rights or objects depend on it; take those away first",
    "0LP01": "the login in use may not pass this right on",
    "42710": "it is there already; somebody else made it at this moment",
    "54000": "a limit of the server was hit; with very many grantees on one table, grant to a group instead",
}
# libpq's own words. A certificate that is not there yet is a server that is not there yet.
_HOPELESS = (
    "SSL error",
    "certificate verify failed",
    "does not match host name",
    "no password supplied",
    "authentication failed",
    "no pg_hba.conf entry",
    "invalid connection",
    "FATAL:  database",
    "FATAL:  role",
)
# A connection that broke while TLS was being agreed upon, which libpq calls an SSL error too.
_BROKEN = ("unexpected eof", "connection reset", "broken pipe")
_PASSING = frozenset({"40001", "40P01", "55006", "55P03", "57P01", "57P02", "57P03", "25006", "53300", "57P05"})


def passes(error: psycopg.Error | PassingError) -> bool:
    """Whether the same work may well succeed a moment later."""
    if isinstance(error, PassingError):
        return True
    state = error.sqlstate
    if state == "XX000":
        return "concurrently updated" in str(error) or "concurrently deleted" in str(error)
    if state is None:
        return isinstance(error, psycopg.OperationalError) and not _hopeless(str(error))
    return state in _PASSING or state.startswith("08")


def unreachable(error: psycopg.Error) -> bool:
    """Whether there was no server to speak to, as against one that refused us."""
    if error.sqlstate is not None:
        return error.sqlstate == "57P03"
    return isinstance(error, psycopg.OperationalError) and not _hopeless(str(error))


def sentence(error: psycopg.Error | PassingError, statement: Statement | None = None) -> str:
    """One sentence for a person; never holds the text of a statement, which may hold a verifier."""
    if isinstance(error, PassingError):
        return str(error)
    said = error.diag.message_primary or " ".join(str(error).split())
    detail = f" ({error.diag.message_detail})" if error.diag.message_detail and error.sqlstate == "2BP01" else ""
    cause = CAUSES.get(error.sqlstate or "")
    told = f"{cause}: {said}{detail}" if cause else f"PostgreSQL says: {said}{detail}"
    return f"{told}, at: {statement.display()} -- {statement.why}" if statement else told


def away(error: psycopg.Error) -> str:
    """Why nobody could be asked, in the words of whoever says it: libpq, the server, or the way there."""
    return " ".join(str(error).split())


def _hopeless(text: str) -> bool:
    """Words of libpq itself, for which there is no SQLSTATE."""
    return any(word in text for word in _HOPELESS) and not any(word in text.lower() for word in _BROKEN)
