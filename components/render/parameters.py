"""The server's parameters, as texts: defaults <- extensions <- stack <- enforced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from components.render.extensions import extension_parameters, preloaded
from components.settings.catalogue import Catalogue, catalogue
from components.settings.parameters import DEFAULT_MAX_CONNECTIONS
from components.settings.quantity import in_bytes, megabytes

if TYPE_CHECKING:
    from components.settings.model import Settings  # its classes take longer to make than a provider has time

PRELOAD = "shared_preload_libraries"

# Small enough for a laptop that runs three members; a stack raises what it needs.
DEFAULTS: Mapping[str, str] = {
    "max_connections": str(DEFAULT_MAX_CONNECTIONS),
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "64MB",
    "max_worker_processes": "8",
    "max_locks_per_transaction": "64",
    "max_prepared_transactions": "0",
    "track_commit_timestamp": "off",
    # Replication. A slot of a lost replica may hold 2 GB of WAL, then it is given up: a full disk ends everybody.
    "wal_level": "replica",
    "max_wal_senders": "10",
    "max_replication_slots": "10",
    "wal_keep_size": "128MB",
    "max_slot_wal_keep_size": "2GB",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "synchronous_commit": "on",
    # A replica asks again for WAL after this; the built-in 5 s would be most of a failover.
    "wal_retrieve_retry_interval": "200ms",
    "hot_standby_feedback": "off",
    "checkpoint_timeout": "5min",
    "checkpoint_completion_target": "0.9",
    # Time, and texts of time.
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A client that vanished gives its backend back within half a minute.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
    "client_connection_check_interval": "10s",
    # The log tells what happened, never a statement's values.
    "log_line_prefix": "%m [%p] %q%u@%d %a ",
    "log_checkpoints": "on",
    "log_lock_waits": "on",
    "log_temp_files": "10MB",
    "log_autovacuum_min_duration": "10s",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_replication_commands": "on",
    "track_io_timing": "on",
    "ssl_min_protocol_version": "TLSv1.2",
}

# What a stack may not set to anything else: settings/owned.py refuses it with the reason.
ENFORCED: Mapping[str, str] = {
    "hot_standby": "on",
    "wal_log_hints": "on",
    "log_statement": "none",
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "full_page_writes": "on",
}


# What `backup` of a stack decides; settings/owned.py refuses these too.
ARCHIVING = ("archive_mode", "archive_timeout")


def server_parameters(settings: Settings, extensions: frozenset[str] = frozenset()) -> dict[str, str]:
    """Every parameter that all members share, by lower-case name, sorted.

    `extensions` are the names that the stack's access specs ask for. What differs from member to member (port, paths,
    TLS) is added by `patroni.member_configuration`.
    """
    known = catalogue(settings.known_major)
    stack = {name.lower(): value for name, value in settings.parameters.items()}
    merged = {**_defaults(known), **_sized(settings), **extension_parameters(extensions), **stack, **ENFORCED}
    merged |= _archived(settings)
    merged[PRELOAD] = preloaded(extensions, stack.get(PRELOAD, ""))
    return dict(sorted(merged.items()))


def _sized(settings: Settings) -> dict[str, str]:
    """Defaults that follow from a member's memory and volume, where the platform knows them."""
    if settings.platform != "kubernetes":
        return {}
    memory = in_bytes(settings.kubernetes.resources.memory)
    storage = settings.kubernetes.storage
    # A volume that has nothing else may be used further.
    volume = 2 * in_bytes(storage.wal_size) if storage.wal_size else in_bytes(storage.size)
    return {
        "shared_buffers": megabytes(memory // 4),
        "effective_cache_size": megabytes(memory * 3 // 4),
        "maintenance_work_mem": megabytes(min(memory // 16, 2**30)),
        # A slot of a lost replica may hold three tenths of the volume in WAL; WAL between two checkpoints a tenth.
        "max_slot_wal_keep_size": megabytes(volume * 3 // 10),
        "max_wal_size": megabytes(min(volume // 10, 16 * 2**30)),
    }


def _archived(settings: Settings) -> dict[str, str]:
    """With backups WAL is archived; the command differs from member to member.

    Without, it is said too: a server that went on archiving with no command would keep all of its WAL.
    """
    if settings.backup is None:
        return {"archive_mode": "off"}
    return {"archive_mode": "on", "archive_timeout": f"{settings.backup.archive_timeout}s"}


def _defaults(known: Catalogue) -> dict[str, str]:
    """The defaults that this major version has: a few names came or went."""
    return {name: value for name, value in DEFAULTS.items() if known.get(name) or not known.complete}
