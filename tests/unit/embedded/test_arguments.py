"""What goes into the resources: which change reaches which part, and how."""

from __future__ import annotations

from typing import Any

import pytest

from components.embedded import arguments
from components.embedded import part as parts
from components.embedded.decisions import steps, well
from components.embedded.programs import Programs
from components.render.sites import sites
from components.settings.load import load
from components.supervisor.configuration import parse

PROGRAMS = Programs(
    etcd="/usr/bin/etcd",
    pgbouncer="/usr/sbin/pgbouncer",
    pgbouncer_version=(1, 18),
    haproxy="/usr/sbin/haproxy",
    binaries="/usr/lib/postgresql/15/bin",
    patroni="/opt/patroni",
    python="/usr/bin/python3.11",
)


def specs(runtime: str = "/x/runtime/1", environment: str = "/opt/patroni", **given: Any) -> dict[str, dict[str, Any]]:
    """Spec by name of everything that these settings make."""
    settings = load({"platform": "embedded", **given}, default_major=15)
    laid = sites(settings, "/x", server_user="postgres")
    programs = Programs(**{**vars(PROGRAMS), "patroni": environment})
    made = {site.name: arguments.etcd_spec(settings, laid, site, programs, runtime) for site in laid.etcd}
    made |= {site.name: arguments.member_spec(settings, laid, site, programs, runtime) for site in laid.members}
    made["gateway"] = arguments.gateway_spec(settings, laid, programs, runtime)
    made["configuration"] = arguments.configuration_spec(settings, laid)
    return made


BASE = specs()
SUPERVISED = [name for name in BASE if name != "configuration"]


@pytest.mark.parametrize("name", SUPERVISED)
def test_supervisors_take_their_files(name: str) -> None:
    assert parse(BASE[name]["role"], BASE[name]["supervisor"]).name == name


def touched(**given: Any) -> dict[str, set[str]]:
    """Which parts a change of the settings reaches, and by which steps."""
    after = specs(**given)
    found = {
        name: set(steps(parts.wanted(after[name]), well(parts.wanted(BASE[name]))))
        for name in SUPERVISED
        if name in after
    }
    return {name: what for name, what in found.items() if what}


@pytest.mark.parametrize(
    "given, expected",
    [
        pytest.param({}, {}, id="nothing changes"),
        pytest.param({"parameters": {"work_mem": "8MB"}}, {}, id="a parameter is the dynamic configuration's"),
        pytest.param({"patroni": {"ttl": 30}}, {}, id="so are Patroni's times"),
        pytest.param(
            {"pooler": {"default_pool_size": 7}},
            {"gateway": {"rewrite", "reload"}},
            id="pool size: the gateway reloads",
        ),
        pytest.param(
            {"embedded": {"ports": {"pooled": 17999}}}, {"gateway": {"rewrite", "restart"}}, id="a client port: restart"
        ),
        pytest.param({"replicas": 3}, {"gateway": {"rewrite", "reload"}}, id="one more member: the gateway reloads"),
        pytest.param(
            {"environment": "/opt/patroni-2"},
            {f"pg-{n}": {"rewrite", "restart"} for n in (1, 2, 3)},
            id="another Patroni",
        ),
    ],
)
def test_a_change_reaches_what_it_must(given: dict[str, Any], expected: dict[str, set[str]]) -> None:
    assert touched(**given) == expected


def test_new_supervisor_code_restarts_every_part() -> None:
    assert {name: what & {"restart"} for name, what in touched(runtime="/x/runtime/2").items()} == {
        name: {"restart"} for name in SUPERVISED
    }


def test_changes_are_told_in_words() -> None:
    words = {"restart": "restarts", "reload": "reloads"}
    assert parts.changes(BASE["pg-1"], BASE["pg-1"], words) == []
    assert parts.changes(BASE["pg-1"], specs(environment="/opt/patroni-2")["pg-1"], words) == ["pg-1: restarts"]


def test_the_server_is_known_without_asking_anybody() -> None:
    settings = load({"platform": "embedded", "embedded": {"base_port": 17000}}, default_major=15)
    server = arguments.server(settings, sites(settings, "/x"))
    ends = [server.writer, server.reader, server.pooled, server.pooled_reader]
    assert list(map(str, ends)) == [f"localhost:{port}" for port in (17000, 17001, 17002, 17003)]
    assert server.admin.secret is None
    assert (server.ca, server.admin.key) == ("/x/ca.crt", "/x/pki/postgres.key")


def test_every_port_is_looked_at_beforehand() -> None:
    settings = load({"platform": "embedded", "embedded": {"base_port": 17000}}, default_major=15)
    expected = [*range(17000, 17004), *range(17011, 17014), *range(17021, 17024), *range(17031, 17034)]
    assert sorted(arguments.ports(sites(settings, "/x"))) == [*expected, *range(17041, 17044)]


def test_cluster_json_names_every_part_and_no_secret() -> None:
    document = BASE["gateway"]["document"]
    assert list(document["members"]) == ["pg-1", "pg-2", "pg-3"]
    assert list(document["etcd"]["nodes"]) == ["etcd-1", "etcd-2", "etcd-3"]
    assert "PRIVATE" not in str(document)
