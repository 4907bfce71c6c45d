"""Where everything lives."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from components.render.sites import sites
from components.settings.load import load
from components.settings.problems import SettingsError


def settings(**config: Any) -> Any:
    return load({"platform": "embedded"} | config, default_major=15)


def ports(plain: Any) -> list[int]:
    """Every port in a tree of sites."""
    if isinstance(plain, tuple):
        return [port for one in plain for port in ports(one)]
    if not is_dataclass(plain):
        return []
    own = [getattr(plain, one.name) for one in fields(plain) if one.name == "port" or one.name.endswith("_port")]
    own = [port for port in own if port is not None]
    return own + [port for one in fields(plain) for port in ports(getattr(plain, one.name))]


@pytest.mark.parametrize("replicas", [2, 3, 4])
def test_no_port_is_given_twice(replicas: int) -> None:
    found = ports(sites(settings(replicas=replicas), "/srv/pg"))
    assert len(found) == len(set(found)) == 4 + 3 * 2 + (replicas + 1) * 2


def test_a_member_more_changes_no_other() -> None:
    few, many = sites(settings(), "/srv/pg"), sites(settings(replicas=3), "/srv/pg")
    assert many.members[:3] == few.members
    assert (many.etcd, many.gateway) == (few.etcd, few.gateway)


def test_the_program_folder_follows_the_major_version() -> None:
    assert sites(settings(major=17), "/srv/pg").members[0].binaries == "/usr/lib/postgresql/17/bin"
    assert sites(settings(), "/srv/pg", binaries="/opt/pg/bin").members[0].binaries == "/opt/pg/bin"


def test_a_folder_too_deep_for_unix_sockets_is_refused() -> None:
    deepest = "/" + "d" * 80
    assert len(f"{deepest}/pg-3/run/.s.PGSQL.65535") <= 107
    sites(settings(), deepest)
    with pytest.raises(SettingsError, match=r"too long for Unix sockets .*set a shorter embedded\.directory"):
        sites(settings(), deepest + "dddd")
