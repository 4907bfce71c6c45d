"""`make psql` on RDS: the server as the stack's outputs name it, by whatever route; no secret on a command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from components.access.failures import AccessError
from components.access.session import reached
from components.contract import Server
from components.rds.arguments_server import Hosts
from components.rds.arguments_server import server as named
from components.reach import AuthoritiesError, RouteError, authorities, open_route
from components.settings.model import Settings
from tools.driver.client import from_url, variables
from tools.driver.refusal import Refusal

NOT_UP = "nothing is up here, or it was brought up before this release; `pulumi up` says more"


@contextmanager
def session(settings: Settings, outputs: Mapping[str, Any], url: str | None, database: str) -> Iterator[dict[str, str]]:
    """libpq's variables: the administrator's, whose password Secrets Manager has, or those of a login's `url`."""
    known = server(settings, outputs)
    try:
        if url is None:
            with reached(known) as target:
                words = {**target.words, **target.carried(), "dbname": database or known.database}
                yield variables(words)
            return
        with open_route(known.route, known.writer) as way:
            trusted = {"sslrootcert": authorities(known.authorities or "")}
            yield {**from_url(url), **variables({**trusted, **way.words()})}
    except (AccessError, AuthoritiesError, RouteError) as error:
        raise Refusal(str(error)) from None


def server(settings: Settings, outputs: Mapping[str, Any]) -> Server:
    """Raises Refusal where there is none."""
    ends, secret = outputs.get("endpoints"), outputs.get("administrator_secret")
    if not ends or not secret:
        raise Refusal(NOT_UP)
    hosts = {name: str(ends[name]).rpartition(":")[0] for name in ("writer", "reader", "pooled")}
    pooler = outputs.get("pooler_service") or {}
    return named(
        settings,
        Hosts(**hosts, cluster=pooler.get("cluster"), service=pooler.get("name"), secret=str(secret)),
        settings.rds.username,
    )
