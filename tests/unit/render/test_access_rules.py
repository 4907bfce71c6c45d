"""pg_hba.conf, the pooler's lookup and what is quoted: nobody comes in by accident."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from components.render.haproxy import quoted
from components.render.hba import hba_lines, ident_lines
from components.render.patroni import dynamic_configuration, leader_key, local_part, member_configuration
from components.render.pgbouncer import databases, pgbouncer_ini
from components.render.pgbouncer_sql import pgbouncer_sql, post_init_script
from components.render.sites import sites
from components.settings.load import load

SETTINGS = load({"platform": "embedded"}, default_major=15)
SITES = sites(SETTINGS, "/srv/pg")


def test_only_strong_methods_and_a_reject_at_the_end() -> None:
    methods = [line.split()[3 if line.startswith("local") else 4] for line in hba_lines()]
    assert set(methods) == {"peer", "cert", "scram-sha-256", "reject"}
    assert methods[-1] == "reject"


def test_nothing_is_allowed_without_tls() -> None:
    for line in hba_lines():
        if line.startswith("host "):
            assert line.endswith(" reject"), line


def test_the_last_rules_of_each_kind_reject_everybody() -> None:
    assert "local all all reject" in hba_lines()
    assert hba_lines()[-2:] == ["hostssl all all all scram-sha-256", "host all all all reject"]


def test_the_platforms_roles_are_refused_before_passwords_are_asked_for() -> None:
    lines = hba_lines()
    refusal = lines.index("host all postgres,replicator,rewind,pgbouncer all reject")
    assert lines.index("hostssl all postgres,rewind,pgbouncer all cert") < refusal
    assert refusal < lines.index("hostssl all all all scram-sha-256")


@pytest.mark.parametrize("user, line", [("postgres", 'server "postgres" postgres'), ('a"b', 'server "a""b" postgres')])
def test_the_servers_account_is_quoted(user: str, line: str) -> None:
    assert ident_lines(user)[0] == line


def test_there_is_no_password_anywhere() -> None:
    whole = member_configuration(SETTINGS, SITES.members[0])
    for login in whole["postgresql"]["authentication"].values():
        assert "password" not in login
    assert "password" not in pgbouncer_ini(SETTINGS, SITES.gateway.pooled)


def test_the_lookup_pins_its_search_path_and_leaves_superusers_out() -> None:
    text = pgbouncer_sql()
    assert text.count("SECURITY DEFINER SET search_path = pg_catalog, pg_temp") == 2
    assert text.count("NOT rolsuper AND NOT rolreplication") == 2
    assert text.count("REVOKE ALL ON FUNCTION pgbouncer.get_auth(text) FROM PUBLIC") == 2
    assert "\\connect template1" in text


def test_the_script_bears_any_folder() -> None:
    member = replace(SITES.members[0], binaries="/opt/p g/bin", post_init_sql="/srv/it's/x.sql")
    words = shlex.split(post_init_script(member).splitlines()[1])
    assert words[:2] == ["exec", "/opt/p g/bin/psql"]
    assert words[-2:] == ["-f", "/srv/it's/x.sql"]


def test_haproxys_words_are_quoted() -> None:
    assert quoted('/a b/"$x"\\') == '"/a b/\\"\\$x\\"\\\\"'


def test_prepared_statements_only_where_pgbouncer_knows_them() -> None:
    pooler = SITES.gateway.pooled
    assert "max_prepared_statements" not in pgbouncer_ini(SETTINGS, pooler, (1, 20))
    assert "max_prepared_statements = 200\n" in pgbouncer_ini(SETTINGS, pooler, (1, 21))


def test_where_the_pooler_connects_is_one_line() -> None:
    assert databases("127.0.0.1", 15461) == "[databases]\n* = host=127.0.0.1 port=15461 auth_user=pgbouncer\n"


@pytest.mark.parametrize(
    "durability, mode, strict",
    [("zero-loss", "quorum", True), ("balanced", "quorum", False), ("asynchronous", False, False)],
)
def test_durability_is_patronis_synchronous_mode(durability: str, mode: str | bool, strict: bool) -> None:
    found = dynamic_configuration(load({"platform": "embedded", "durability": durability}, default_major=15))
    assert (found["synchronous_mode"], found["synchronous_mode_strict"]) == (mode, strict)
    assert (found["failsafe_mode"], found["check_timeline"]) == (True, True)


def test_a_change_of_the_cluster_is_no_change_of_a_member() -> None:
    other = load({"platform": "embedded", "parameters": {"work_mem": "16MB"}}, default_major=15)
    one, two = (member_configuration(settings, SITES.members[0]) for settings in (SETTINGS, other))
    assert one != two
    assert local_part(one) == local_part(two)


def test_the_leader_key_is_where_patroni_puts_it() -> None:
    whole = member_configuration(SETTINGS, SITES.members[0])
    assert leader_key(SETTINGS) == f"{whole['namespace']}{whole['scope']}/leader"
