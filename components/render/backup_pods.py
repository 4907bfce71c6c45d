"""pgBackRest in pods: the files of the ConfigMap `pgbackrest`, for members and for the CronJobs that take backups.

A member archives and restores by itself, and its sidecar serves its files to whoever takes a backup, by mutual TLS: so
no pod needs a shell in another, nor a token.
"""

from __future__ import annotations

import shlex

from components.render.backup_sites import CONFIG_FILE, HOST_FILE, RESTORE_FILE, pod_host_site, pod_member_site
from components.render.pgbackrest import Section, command, host_options, member_text, server, source_text, text
from components.render.pod_layout import TLS, Files
from components.render.pods import member_names, member_site
from components.settings.backup import BackupSettings
from components.settings.model import Settings

PORT = 8432
CLIENT = "backup"  # the common name that members let in
NAME = "pgbackrest"  # of the ConfigMap, and of the Secret
NO_PRIMARY = 56  # pgBackRest's exit code
FIRST_TRIES, FIRST_PAUSE_S = 60, 10  # ten minutes at least, and the Job begins again three times


def backup_files(settings: Settings) -> Files:
    """By file name; empty for a stack that neither backs up nor is restored. It holds no secret."""
    found: Files = {}
    if settings.backup:
        own = member_text(settings, settings.backup, member_site(settings, "pg-0"))
        found[CONFIG_FILE] = f"{own}\n{text({'global:server': _listening(settings)})}"
        found[HOST_FILE] = host_text(settings, settings.backup)
        found["backup.sh"] = script(settings)
        if settings.backup.repository.ca:
            found["ca.crt"] = settings.backup.repository.ca
    if settings.restore:
        found[RESTORE_FILE] = source_text(settings, pod_member_site())
        if settings.source_repository and settings.source_repository.ca:
            found["restore-ca.crt"] = settings.source_repository.ca
    return found


def script(settings: Settings) -> str:
    """`sh backup.sh full|diff|incr|first OPTION...`; the last takes a full one, unless there is one.

    It may be there before the members are, and waits for a primary, for nothing else; the others' time comes again.
    """
    site = pod_host_site()
    call = shlex.join(command(settings.name, site.config, site.secrets))
    return (
        "set -eu\n"
        "kind=$1 tries=1\n"
        "shift\n"
        f"until {call} stanza-create; do\n"
        "  code=$?\n"
        f'  [ "$kind$code" = first{NO_PRIMARY} ] && [ "$tries" -lt {FIRST_TRIES} ] || exit "$code"\n'
        "  tries=$((tries + 1))\n"
        f"  sleep {FIRST_PAUSE_S}\n"
        "done\n"
        'if [ "$kind" = first ]; then\n'
        f'  {call} --log-level-console=off info --output=json | grep -q \'"type":"full"\' && exit 0\n'
        "  kind=full\n"
        "fi\n"
        f'exec {call} "--type=$kind" "$@" backup\n'
    )


def _listening(settings: Settings) -> Section:
    """The sidecar's TLS server. Who shows a certificate of that name may read this stanza's cluster, nothing else."""
    return {
        "tls-server-address": "*",
        "tls-server-port": PORT,
        "tls-server-ca-file": f"{TLS}/ca.crt",
        "tls-server-cert-file": f"{TLS}/server.crt",
        "tls-server-key-file": f"{TLS}/server.key",
        "tls-server-auth": f"{CLIENT}={settings.name}",
    }


def host_text(settings: Settings, backup: BackupSettings) -> str:
    """pgbackrest.conf of a CronJob's pod, which asks every member who is the primary and reads a replica's files."""
    servers: dict[str, str | int] = {}
    for number, name in enumerate(member_names(settings), 1):
        member, site = member_site(settings, name), pod_member_site()
        servers |= server(number, member) | {
            f"pg{number}-host": member.host,
            f"pg{number}-host-type": "tls",
            f"pg{number}-host-port": PORT,
            f"pg{number}-host-ca-file": f"{TLS}/ca.crt",
            f"pg{number}-host-cert-file": f"{TLS}/backup.crt",
            f"pg{number}-host-key-file": f"{TLS}/backup.key",
            f"pg{number}-host-config": site.config,
            f"pg{number}-host-config-include-path": site.secrets,
        }
    shared = host_options(backup, pod_host_site()) | {"backup-standby": "prefer", "log-level-console": "info"}
    return text({"global": shared, settings.name: servers})
