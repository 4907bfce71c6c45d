"""The embedded platform: where on this machine, and at which ports."""

from __future__ import annotations

from typing import Annotated

from pydantic import Strict

from components.settings.fields import Section, setting
from components.settings.ports import HIGHEST_PORT, LOWEST_PORT

Port = Annotated[int, Strict()]
_RANGE = {"ge": LOWEST_PORT, "le": HIGHEST_PORT}


class PortSettings(Section):
    """Ports that clients use, where the ones counted from base_port do not fit. A change restarts the gateway alone."""

    writer: Port | None = setting(
        None,
        cost="restart of the gateway",
        unit="TCP port",
        description="Direct, read-write. Default: base_port.",
        **_RANGE,
    )
    reader: Port | None = setting(
        None,
        cost="restart of the gateway",
        unit="TCP port",
        description="Direct, replicas. Default: base_port + 1.",
        **_RANGE,
    )
    pooled: Port | None = setting(
        None,
        cost="restart of the gateway",
        unit="TCP port",
        description="PgBouncer, read-write. Default: base_port + 2.",
        **_RANGE,
    )
    pooled_reader: Port | None = setting(
        None,
        cost="restart of the gateway",
        unit="TCP port",
        description="PgBouncer, replicas. Default: base_port + 3.",
        **_RANGE,
    )


class EmbeddedSettings(Section):
    """Real servers on this machine's loopback."""

    directory: str = setting(
        ".local",
        min_length=1,
        max_length=200,
        cost="new cluster",
        description="Folder for everything that runs; relative paths start at the project's folder. "
        "Without ~, quotes and control characters.",
    )
    base_port: Port = setting(
        15430, ge=LOWEST_PORT, le=HIGHEST_PORT - 50, unit="TCP port", cost="restart of everything",
        description="All ports are counted from here: clients +0 to +3, etcd +11 to +13 and +21 to +23, "
        "PostgreSQL +31 to +35, Patroni +41 to +45. Two clusters on one machine need bases 50 apart.",
    )  # fmt: skip
    ports: PortSettings = setting(
        PortSettings(), cost="restart of the gateway", description="Overrides for single client ports."
    )
