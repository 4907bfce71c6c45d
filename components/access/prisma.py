"""Prisma's two URLs of one database: pooled for the client, direct for migrations; from what `make urls` prints.

    make -s urls | python -m components.access.prisma --database nexpo --client nexpo_app --migrator nexpo_migrator

They are for Prisma with the `pg` driver adapter, whose words for TLS are libpq's. `pgbouncer` is Prisma's own word,
which psql and other libpq clients refuse: they take the URLs of `make urls` as those stand.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from components.access import environment_file
from components.access.failures import AccessError

POOLED, DIRECT = "DATABASE_URL", "DIRECT_URL"


def urls(
    entries: Sequence[dict[str, str]],
    *,
    database: str,
    client: str,
    migrator: str,
    schema: str = "public",
    certificate: str | None = None,
    key: str | None = None,
) -> dict[str, str]:
    """DATABASE_URL of `client` through the pooler, DIRECT_URL of `migrator` past it: migrations hold session locks.

    `certificate` and `key` are paths of the client's own, where the server asks for one. Raises AccessError for a login
    that has no URL for this database, and for a certificate without its key.
    """
    if (certificate is None) != (key is None):
        raise AccessError("a client certificate and its key come together; give both --certificate and --key")
    own = {"sslcert": certificate, "sslkey": key} if certificate and key else {}
    pooled = _entry(entries, database, client)["pooled"]
    direct = _entry(entries, database, migrator)["direct"]
    return {
        POOLED: _with(pooled, {**own, "schema": schema, "pgbouncer": "true"}),
        DIRECT: _with(direct, {**own, "schema": schema}),
    }


def _entry(entries: Sequence[dict[str, str]], database: str, role: str) -> dict[str, str]:
    for entry in entries:
        if (entry["database"], entry["role"]) == (database, role):
            return entry
    known = ", ".join(sorted(f"{entry['role']} at {entry['database']}" for entry in entries)) or "none"
    raise AccessError(f"no login {role} for database {database} has a URL; there are: {known}")


def _with(url: str, more: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(more, quote_via=quote, safe='/')}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads the list on standard input, writes the lines of an .env file."""
    given = _parser().parse_args(arguments)
    try:
        entries: list[dict[str, Any]] = json.load(sys.stdin)
        found = urls(entries, **{name: value for name, value in vars(given).items() if value is not None})
        sys.stdout.write(environment_file.render(found, "dotenv"))
    except (AccessError, environment_file.EnvironmentFileError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    except (json.JSONDecodeError, KeyError, TypeError):
        print("standard input is not what `make -s urls` prints", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m components.access.prisma", description=__doc__)
    for name in ("database", "client", "migrator"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--schema", default="public", help="where Prisma's tables are")
    parser.add_argument("--certificate", help="the client certificate's file")
    parser.add_argument("--key", help="its key's file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
