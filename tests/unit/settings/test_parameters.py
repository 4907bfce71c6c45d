"""Server parameters are checked against what each major version of PostgreSQL says of itself."""

from __future__ import annotations

import pytest

from components.settings.catalogue import catalogue, majors
from components.settings.owned import FLOORS, ONLY, OWNED
from components.settings.parameters import parameter_problems, usable_connections


def problem(name: str, value: str, *, major: int | None = 15, zero_loss: bool = True) -> str | None:
    found = dict(parameter_problems({name: value}, major=major, zero_loss=zero_loss))
    return found.get(name)


@pytest.mark.parametrize(
    "name, value",
    [
        ("work_mem", "16MB"),
        ("work_mem", "65536"),
        ("WORK_MEM", "1.5GB"),
        ("TimeZone", "Europe/Berlin"),
        ("timezone", "UTC"),
        ("jit", "off"),
        ("autovacuum", "TRUE"),
        ("wal_level", "logical"),
        ("checkpoint_timeout", "15min"),
        ("random_page_cost", "1.1"),
        ("log_min_duration_statement", "1000"),
        ("log_min_duration_statement", "-1"),
        ("synchronous_commit", "remote_apply"),
        ("shared_preload_libraries", "pg_stat_statements"),
        ("app.current_organization_id", ""),
        ("cron.database_name", "faevision"),
        ("statement_timeout", "30s"),
        ("autovacuum_vacuum_cost_delay", "0.5ms"),
        ("ssl_min_protocol_version", "TLSv1.3"),
    ],
)
def test_what_the_server_takes_is_taken(name: str, value: str) -> None:
    assert problem(name, value) is None


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("work_men", "1MB", "PostgreSQL 15 has no such parameter; did you mean work_mem?"),
        ("zzz", "1", "PostgreSQL 15 has no such parameter"),
        ("work_mem", "16 Mb", "found '16 Mb'; allowed is a number, counted in kB, or with one of the units B,"
         " kB, MB, GB,"
         " TB (upper and lower case matter)"),
        ("work_mem", "16kb", "found '16kb'; allowed is a number, counted in kB, or with one of the units B, kB, MB, GB,"
         " TB (upper and lower case matter)"),
        ("max_connections", "200MB", "found '200MB'; allowed is a number without unit"),
        ("work_mem", "1kB", "found '1kB'; allowed is 64 to 2147483647 in kB"),
        ("max_connections", "300000", "found '300000'; allowed is 1 to 262143"),
        ("jit", "maybe", "found 'maybe'; allowed is on or off"),
        ("log_error_verbosity", "verbos", "found 'verbos'; allowed is one of terse, default, verbose; did you mean"
         " verbose?"),
        ("server_version", "16", "cannot be set: the server only reports it; remove it"),
        ("listen_addresses", "*", "cannot be set: the platform decides addresses, ports and paths; remove it"),
        ("SSL", "off", "cannot be set: the platform makes the certificates and turns TLS on; remove it"),
        ("hba_file", "/x", "cannot be set: the platform writes pg_hba.conf and pg_ident.conf; remove it"),
        ("hot_standby", "off", "cannot be set: Patroni sets it to direct replication and failover; remove it"),
        ("archive_mode", "on", "cannot be set: the platform's backups set it; remove it"),
        ("logging_collector", "off", "cannot be set: the platform says where the server's log goes; remove it"),
        ("log_statement", "ddl", "cannot be set: statement texts in the log would hold passwords in clear; use the"
         " extension pgaudit, which hides them; remove it"),
        ("wal_level", "minimal", "found 'minimal'; allowed is replica or logical: replicas need it"),
        ("fsync", "no", "found 'no'; allowed is on: any other value can lose or corrupt data in a crash"),
        ("password_encryption", "md5", "found 'md5'; allowed is scram-sha-256: logins are SCRAM only"),
        ("ssl_min_protocol_version", "TLSv1", "found 'TLSv1'; allowed is TLSv1.2 or TLSv1.3: older versions of TLS are"
         " broken"),
        ("log_min_error_statement", "error", "found 'error'; allowed is fatal or panic: statement texts in the"
         " log would"
         " hold passwords in clear; use the extension pgaudit, which hides them"),
        ("log_min_duration_statement", "0", "found '0', which logs every statement, passwords in clear among them;"
         " allowed is -1 (off) or 1 and more"),
        ("synchronous_commit", "local", "found 'local'; allowed is on or remote_apply: durability zero-loss"
         " promises that"
         " an acknowledged commit survives"),
        ("max_replication_slots", "3", "found '3'; allowed is 4 or more: Patroni refuses less"),
        ("wal_keep_size", "1MB", "found '1MB'; allowed is 16 MB or more: Patroni refuses less"),
        ("work mem", "1MB", "is no parameter name; allowed are letters, digits and underscores, with dots for an"
         " extension's"),
        ("search_path", "a\nb", "its value holds a control character; write it without"),
    ],
)  # fmt: skip
def test_what_it_does_not_take_is_refused(name: str, value: str, message: str) -> None:
    assert problem(name, value) == message


def test_durability_decides_about_synchronous_commit() -> None:
    assert problem("synchronous_commit", "local", zero_loss=False) is None


def test_one_parameter_in_two_spellings() -> None:
    found = dict(parameter_problems({"work_mem": "1MB", "Work_Mem": "2MB"}, major=15, zero_loss=True))
    assert found == {"Work_Mem": "is the same parameter as work_mem; keep one of the two"}


def test_versions_differ() -> None:
    assert problem("transaction_timeout", "1min", major=15) is not None
    assert problem("transaction_timeout", "1min", major=17) is None
    assert problem("io_method", "io_uring", major=18) is None
    assert problem("transaction_timeout", "1min", major=None) is None
    assert problem("vacuum_defer_cleanup_age", "5", major=16) is not None


def test_every_supported_version_has_its_catalogue() -> None:
    assert majors() == [14, 15, 16, 17, 18]
    assert all(catalogue(major).complete for major in majors())


def test_a_version_without_catalogue_is_checked_with_the_nearest_one_but_for_names() -> None:
    assert catalogue(19).major == 18
    assert problem("brand_new", "1", major=19) is None
    assert problem("work_mem", "1kB", major=19) == "found '1kB'; allowed is 64 to 2147483647 in kB"


def test_the_tables_speak_of_parameters_that_exist() -> None:
    known = catalogue(None)
    local = {"config_file", "data_directory", "hba_file", "ident_file"}  # left out of the catalogues
    assert {name for name in (*OWNED, *ONLY, *FLOORS) if known.get(name) is None} == local
    assert not OWNED.keys() & (ONLY.keys() | FLOORS.keys())


def test_connections_left_for_clients() -> None:
    assert usable_connections({}) == 87
    assert usable_connections({"MAX_CONNECTIONS": "200", "superuser_reserved_connections": "5"}) == 185
