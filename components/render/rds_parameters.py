"""Entries of RDS's parameter groups: defaults <- extensions <- stack <- enforced, in RDS's units, each with its method.

RDS takes booleans as 1 and 0 and numbers in the server's own unit (work_mem in kB, shared_buffers in pages of 8 kB). A
static parameter must be sent as pending-reboot. So is one that has the engine's default: AWS records them like that,
and a provider would else see a difference for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from components.render.extensions import EXTENSIONS, extension_parameters, preloaded
from components.render.parameters import PRELOAD
from components.settings.catalogue import Parameter
from components.settings.catalogue.rds import engine
from components.settings.catalogue.rds_parameters import is_fixed, parameter, preloadable
from components.settings.model import Settings
from components.settings.parameters import plain
from components.settings.units import number, whole

Method = Literal["immediate", "pending-reboot"]

# pgaudit writes <REDACTED> for passwords, so it audits; log_statement would hold them in clear and stays off.
ALWAYS = frozenset({"pg_stat_statements", "pgaudit"})

DEFAULTS: Mapping[str, str] = {
    "log_min_duration_statement": "1s",
    "log_disconnections": "on",
    "log_lock_waits": "on",
    "log_temp_files": "10MB",
    "log_autovacuum_min_duration": "10s",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "track_io_timing": "on",
    "idle_in_transaction_session_timeout": "5min",
    "ssl_min_protocol_version": "TLSv1.2",
    "pgaudit.log": "ddl,role",
    "pgaudit.role": "rds_pgaudit",
    "pgaudit.log_catalog": "off",
    "pgaudit.log_parameter": "off",
    # Only members of rds_password change passwords; the access layer's administrator is one.
    "rds.restrict_password_commands": "on",
}
ENFORCED: Mapping[str, str] = {
    "rds.force_ssl": "on",
    "password_encryption": "scram-sha-256",
    "rds.accepted_password_auth_method": "scram",
    "log_statement": "none",
}
# In this form on the first boot too, where AWS records what it finds: no difference afterwards (provider 18035).
AT_REBOOT = frozenset({"rds.force_ssl"})
LISTS_SINCE_18 = "receipt,authentication,authorization"


@dataclass(frozen=True, order=True)
class Entry:
    """One parameter of a group, as the API takes it."""

    name: str
    value: str
    apply_method: Method


def rds_parameters(
    settings: Settings, extensions: frozenset[str] = frozenset(), overrides: Mapping[str, str] | None = None
) -> list[Entry]:
    """The group of a stack, sorted by name. `overrides` are a replica's own parameters on top of the stack's."""
    own = engine(settings.rds.topology)
    values = parameter_values(settings, extensions, overrides)
    return [_entry(name, value, parameter(name, settings.known_major, own)) for name, value in sorted(values.items())]


def parameter_values(
    settings: Settings, extensions: frozenset[str] = frozenset(), overrides: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The same, as PostgreSQL writes values: by lower-case name, with its units."""
    wanted = extensions | ALWAYS
    stack = {name.lower(): value for name, value in {**settings.parameters, **(overrides or {})}.items()}
    brought = {name: value for name, value in extension_parameters(wanted).items() if not is_fixed(name)}
    log_connections = LISTS_SINCE_18 if settings.known_major >= 18 else "on"
    merged = {**brought, **DEFAULTS, "log_connections": log_connections, **stack, **ENFORCED}
    merged[PRELOAD] = _preloaded(wanted, stack.get(PRELOAD, ""))
    own = engine(settings.rds.topology)
    return {name: value for name, value in merged.items() if name in stack or _known(name, settings, own)}


def _known(name: str, settings: Settings, own: str) -> bool:
    """A default of ours that this family of groups has."""
    return parameter(name, settings.known_major, own) is not None


def _preloaded(wanted: frozenset[str], also: str) -> str:
    """Libraries that RDS can preload; pg_partman's worker is not among them, pg_cron does its work there."""
    able = frozenset(name for name in wanted if name in EXTENSIONS and EXTENSIONS[name].library in preloadable())
    return preloaded(able, also)


def idle_libraries(settings: Settings, extensions: frozenset[str]) -> list[str]:
    """Libraries that the stack preloads for an extension which no spec asks for."""
    asked = {library.strip() for library in settings.parameters.get(PRELOAD, "").split(",")} - {""}
    brought = {extension.library: name for name, extension in EXTENSIONS.items()}
    return sorted(library for library in asked if brought.get(library, "") not in extensions | ALWAYS | {""})


def _entry(name: str, value: str, known: Parameter | None) -> Entry:
    if known is None:
        return Entry(name, value, "immediate")
    return Entry(name, rds_value(known, value), apply_method(known, value))


def rds_value(known: Parameter, value: str) -> str:
    """A value as RDS's API takes it; a formula of RDS ({DBInstanceClassMemory/32768}) stays as it is."""
    if "{" in value:
        return value
    if known.kind == "bool":
        return "1" if plain(known, value) == "on" else "0"
    if known.kind == "integer":
        return str(whole(value, known.unit))
    if known.kind == "real":
        return f"{number(value, known.unit):.15g}"
    return value


def apply_method(known: Parameter, value: str) -> Method:
    """pending-reboot for static parameters and for what equals the engine's default; else immediate."""
    if known.needs_restart or known.name in AT_REBOOT:
        return "pending-reboot"
    at_default = known.default is not None and "{" not in value and plain(known, value) == plain(known, known.default)
    return "pending-reboot" if at_default else "immediate"
