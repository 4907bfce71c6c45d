"""`make psql`: the right psql session for the administrator or for a login role, with no secret on a command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from components.access.environment_file import EnvironmentFileError, Reader, render
from tools.driver.cluster import Cluster
from tools.driver.refusal import Refusal

Urls = Sequence[Mapping[str, Any]]


VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
}


def variables(words: Mapping[str, Any]) -> dict[str, str]:
    """libpq's keywords as its environment variables; those of no meaning to psql are left out."""
    return {VARIABLES[word]: str(value) for word, value in words.items() if word in VARIABLES}


def as_administrator(cluster: Cluster, database: str) -> dict[str, str]:
    """libpq's environment variables for the superuser's session by client certificate."""
    return {
        "PGHOST": cluster.gateway.host,
        "PGPORT": str(cluster.gateway.ports["writer"]),
        "PGUSER": cluster.user,
        "PGDATABASE": database or "postgres",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(cluster.admin.ca),
        "PGSSLCERT": str(cluster.admin.certificate),
        "PGSSLKEY": str(cluster.admin.key),
    }


def as_role(urls: Urls, role: str, database: str) -> dict[str, str]:
    """The same for a login role; its only database when none is named. Raises Refusal with what there is."""
    return from_url(str(chosen(urls, role, database)["direct"]))


def environment_file(urls: Urls, role: str, database: str, reader: Reader) -> str:
    """What an application of this role needs, as `reader` reads it: three URLs, and libpq's variables for the pool."""
    record = chosen(urls, role, database)
    named = {"DATABASE_URL": "pooled", "DIRECT_URL": "direct", "READ_ONLY_URL": "read_only"}
    variables = {name: str(record[key]) for name, key in named.items()} | from_url(str(record["pooled"]))
    try:
        return render(variables, reader)
    except EnvironmentFileError as error:
        raise Refusal(f"{error}") from None


def chosen(urls: Urls, role: str, database: str) -> Mapping[str, Any]:
    """The one record of a login role. Raises Refusal with what there is."""
    matching = [url for url in urls if url["role"] == role and database in ("", url["database"])]
    if not matching:
        known = ", ".join(sorted(f"ROLE={url['role']} DB={url['database']}" for url in urls))
        raise Refusal(f"there is no login ROLE={role} DB={database}; there are: {known or 'none'}")
    if len(matching) > 1:
        raise Refusal(f"name the database too: {', '.join(sorted('DB=' + str(url['database']) for url in matching))}")
    return matching[0]


def from_url(url: str) -> dict[str, str]:
    """libpq's environment variables for a URL."""
    parts = urlsplit(url)
    names = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}
    options = {names[key]: value for key, value in parse_qsl(parts.query) if key in names}
    return {
        "PGHOST": parts.hostname or "localhost",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.removeprefix("/")),
        **options,
    }
