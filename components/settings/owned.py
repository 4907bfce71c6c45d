"""Server parameters that a stack may not set, or not to every value, and why."""

from __future__ import annotations

from collections.abc import Mapping

_PLACES = "the platform decides addresses, ports and paths"
_TLS = "the platform makes the certificates and turns TLS on"
_ACCESS = "the platform writes pg_hba.conf and pg_ident.conf"
_PATRONI = "Patroni sets it to direct replication and failover"
_BACKUP = "the platform's backups set it"
_PASSWORDS = "statement texts in the log would hold passwords in clear; use the extension pgaudit, which hides them"
_LOG = "the platform says where the server's log goes"

# Refused whatever the value.
OWNED: Mapping[str, str] = {
    name: reason
    for reason, names in {
        _PLACES: "listen_addresses port unix_socket_directories unix_socket_group unix_socket_permissions "
        "data_directory config_file external_pid_file cluster_name bonjour bonjour_name",
        _TLS: "ssl ssl_cert_file ssl_key_file ssl_ca_file ssl_crl_file ssl_crl_dir ssl_passphrase_command "
        "ssl_passphrase_command_supports_reload",
        _ACCESS: "hba_file ident_file db_user_namespace krb_server_keyfile",
        _PATRONI: "hot_standby wal_log_hints primary_conninfo primary_slot_name promote_trigger_file "
        "synchronous_standby_names recovery_target recovery_target_action recovery_target_inclusive "
        "recovery_target_lsn recovery_target_name recovery_target_time recovery_target_timeline recovery_target_xid "
        "recovery_min_apply_delay restart_after_crash synchronized_standby_slots",
        _BACKUP: "archive_mode archive_command archive_timeout archive_library archive_cleanup_command "
        "recovery_end_command restore_command",
        _PASSWORDS: "log_statement debug_print_parse debug_print_rewritten debug_print_plan",
        _LOG: "logging_collector log_destination log_directory log_filename log_file_mode log_rotation_age "
        "log_rotation_size log_truncate_on_rotation syslog_facility syslog_ident event_source",
    }.items()
    for name in names.split()
}

_LOSS = "any other value can lose or corrupt data in a crash"
# Only these values, in whatever case.
ONLY: Mapping[str, tuple[tuple[str, ...], str]] = {
    "wal_level": (("replica", "logical"), "replicas need it"),
    "fsync": (("on",), _LOSS),
    "full_page_writes": (("on",), _LOSS),
    "data_sync_retry": (("off",), _LOSS),
    "zero_damaged_pages": (("off",), _LOSS),
    "ignore_checksum_failure": (("off",), _LOSS),
    "allow_system_table_mods": (("off",), _LOSS),
    "password_encryption": (("scram-sha-256",), "logins are SCRAM only"),
    "ssl_min_protocol_version": (("TLSv1.2", "TLSv1.3"), "older versions of TLS are broken"),
    "log_min_error_statement": (("fatal", "panic"), _PASSWORDS),
    "row_security": (("on",), "row policies are part of the access rules"),
}

# With durability zero-loss.
ZERO_LOSS_COMMIT = (("on", "remote_apply"), "durability zero-loss promises that an acknowledged commit survives")

# Not less than this, in the parameter's own unit; Patroni puts its default in place of anything smaller.
FLOORS: Mapping[str, tuple[int, str]] = {
    "max_connections": (25, "Patroni's own connections and the platform's need room"),
    "max_wal_senders": (3, "Patroni refuses less"),
    "max_replication_slots": (4, "Patroni refuses less"),
    "max_worker_processes": (2, "Patroni refuses less"),
    "max_locks_per_transaction": (32, "Patroni refuses less"),
    "wal_keep_size": (16, "Patroni refuses less"),
    "superuser_reserved_connections": (3, "the platform must get in when all other connections are taken"),
}
