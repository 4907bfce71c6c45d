"""PgBouncer, in its own words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Strict

from components.settings.fields import Section, setting

Count = Annotated[int, Strict()]


class PoolerSettings(Section):
    """Both poolers (read-write and read-only) get these; a change is a RELOAD and cuts no client."""

    pool_mode: Literal["transaction", "session", "statement"] = setting(
        "transaction",
        cost="reload",
        description="When a server connection goes back to the pool. With transaction (default), session state such "
        "as SET, LISTEN and advisory locks does not outlive a transaction.",
    )
    default_pool_size: Count = setting(
        20, ge=1, le=10000, unit="server connections", cost="reload",
        description="Server connections for each pair of login role and database.",
    )  # fmt: skip
    min_pool_size: Count = setting(
        0, ge=0, le=10000, unit="server connections", cost="reload",
        description="Server connections kept open for each pair even when nobody asks.",
    )  # fmt: skip
    reserve_pool_size: Count = setting(
        5, ge=0, le=10000, unit="server connections", cost="reload",
        description="Extra server connections for a pair whose clients have waited for reserve_pool_timeout.",
    )  # fmt: skip
    reserve_pool_timeout: Count = setting(
        3, ge=0, le=3600, unit="seconds", cost="reload",
        description="How long a client waits before the reserve is used.",
    )  # fmt: skip
    max_client_conn: Count = setting(
        1000, ge=1, le=100000, unit="client connections", cost="reload",
        description="Clients that a pooler accepts at once. Each needs a file descriptor and about 1 KiB "
        "(about 20 KiB more with TLS); the gateway raises its own limit as far as the system lets it.",
    )  # fmt: skip
    query_wait_timeout: Count = setting(
        30, ge=0, le=86400, unit="seconds", cost="reload",
        description="How long a client waits for a server connection before it is refused. It must outlast a "
        "failover if clients are to notice none. 0: for ever.",
    )  # fmt: skip
    server_idle_timeout: Count = setting(
        600, ge=0, le=86400, unit="seconds", cost="reload",
        description="Idle server connections are closed after this. 0: never.",
    )  # fmt: skip
    server_lifetime: Count = setting(
        1800, ge=0, le=86400, unit="seconds", cost="reload",
        description="Server connections older than this are closed when they become idle.",
    )  # fmt: skip
    max_prepared_statements: Count = setting(
        200, ge=0, le=10000, unit="statements for each connection", cost="reload",
        description="Prepared statements that PgBouncer follows across server connections in transaction mode; "
        "in effect with PgBouncer 1.21 or newer only. 0: off.",
    )  # fmt: skip
