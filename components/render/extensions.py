"""What an extension needs of the server: the library to preload, parameters, and which of them need a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Extension:
    """`library` goes to shared_preload_libraries; `parameters` are defaults that a stack may override; `restart` names
    the extension's own parameters that only a start reads.
    """

    library: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    restart: frozenset[str] = frozenset()


# Extensions that need no preloading (pgcrypto, postgis, vector, ...) are not here; they need nothing of the server.
EXTENSIONS: Mapping[str, Extension] = {
    "pg_stat_statements": Extension(
        library="pg_stat_statements",
        # Utility statements hold passwords (CREATE ROLE ... PASSWORD), so their texts are not kept.
        parameters={"pg_stat_statements.track_utility": "off", "pg_stat_statements.max": "5000"},
        restart=frozenset({"pg_stat_statements.max"}),
    ),
    "pg_cron": Extension(
        library="pg_cron",
        # Background workers, because jobs would else log in over TCP, where nobody is let in without a password.
        parameters={"cron.database_name": "postgres", "cron.use_background_workers": "on", "cron.timezone": "UTC"},
        restart=frozenset(
            {
                "cron.database_name",
                "cron.enable_superuser_jobs",
                "cron.host",
                "cron.log_run",
                "cron.log_statement",
                "cron.max_running_jobs",
                "cron.timezone",
                "cron.use_background_workers",
            }
        ),
    ),
    "pgaudit": Extension(
        library="pgaudit",
        # pgaudit writes <REDACTED> for passwords, which log_statement does not.
        parameters={"pgaudit.log": "ddl, role", "pgaudit.log_catalog": "off", "pgaudit.log_parameter": "off"},
    ),
    "timescaledb": Extension(
        library="timescaledb",
        # A scheduler in each database and its jobs take workers, which pg_cron's jobs and parallel queries need too: 8
        # for TimescaleDB, 8 for those as without it, the rest for PostgreSQL's own and the launchers.
        parameters={
            "timescaledb.telemetry_level": "off",
            "timescaledb.max_background_workers": "8",
            "max_worker_processes": "24",
        },
        restart=frozenset({"timescaledb.max_background_workers"}),
    ),
    "pg_partman": Extension(library="pg_partman_bgw", parameters={"pg_partman_bgw.role": "postgres"}),
}
# timescaledb wants to be the first; the others are in the alphabet, so that a plan does not change from run to run.
FIRST = ("timescaledb",)
ALWAYS = frozenset({"pg_stat_statements"})


def preloaded(extensions: frozenset[str], also: str = "") -> str:
    """shared_preload_libraries for these extensions (pg_stat_statements always) and for what the stack adds itself."""
    asked = {library.strip() for library in also.split(",")} - {""}
    known = {EXTENSIONS[name].library for name in extensions | ALWAYS if name in EXTENSIONS}
    return ",".join(sorted(asked | known, key=lambda library: (library not in FIRST, library)))


def extension_parameters(extensions: frozenset[str]) -> dict[str, str]:
    """Defaults that these extensions bring."""
    return {
        name: value
        for extension in sorted((extensions | ALWAYS) & EXTENSIONS.keys())
        for name, value in EXTENSIONS[extension].parameters.items()
    }


def restart_parameters() -> frozenset[str]:
    """Parameters of extensions that only a start of the server reads."""
    return frozenset[str]().union(*(extension.restart for extension in EXTENSIONS.values()))
