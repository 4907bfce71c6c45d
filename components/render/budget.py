"""Whether the poolers can ask the server for more connections than it has; pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.settings.model import Settings


@dataclass(frozen=True, kw_only=True)
class PooledLogin:
    """A login that comes through PgBouncer to so many databases; `limit` is its connection_limit, None for none."""

    name: str
    databases: int
    limit: int | None = None


def over_budget(settings: Settings, logins: Iterable[PooledLogin]) -> str | None:
    """What a person should know when every pool is full at once; None when the server has enough for that.

    Each PgBouncer keeps a pool for each pair of login and database, and the server keeps each login to its limit.
    """
    pooler = settings.pooler
    gateways = settings.kubernetes.gateways.replicas if settings.platform == "kubernetes" else 1
    size = gateways * (pooler.default_pool_size + pooler.reserve_pool_size)
    known = list(logins)
    pairs = sum(one.databases for one in known)
    most = sum(one.databases * size if one.limit is None else min(one.databases * size, one.limit) for one in known)
    every, kept = (_number(settings, name) for name in ("max_connections", "superuser_reserved_connections"))
    if most <= every - kept:
        return None
    each = f" in each of {gateways} gateways" if gateways > 1 else ""
    capped = f", which their connection_limit keep to {most}" if most < pairs * size else ""
    return (
        f"the pools can ask for more connections than there are: {pairs} pairs of login and database x "
        f"({pooler.default_pool_size} default_pool_size + {pooler.reserve_pool_size} reserve_pool_size){each} = "
        f"{pairs * size}{capped}; the server has {every - kept} ({every} max_connections - {kept} "
        "superuser_reserved_connections). "
        "When all are busy, some get FATAL: too many connections. Lower pooler.default_pool_size or the logins' "
        "connection_limit, or raise parameters.max_connections"
    )


def _number(settings: Settings, name: str) -> int:
    # Here, because the commands of access know logins and no settings: loading those would be a tenth of their start.
    from components.render.parameters import server_parameters
    from components.settings.catalogue import catalogue

    known = catalogue(settings.known_major).get(name)
    return int(server_parameters(settings).get(name) or (known.default if known else None) or 0)
