"""A member's pod and a CronJob's pod on this machine: their files at the paths that the manifests mount them at.

    unshare --mount python -m tests.live.backup.pod_layout

Needs root and mounts of its own, in which it makes these paths. Real are the rendered files, the commands of
k8s/backup/, PostgreSQL, pgBackRest and its TLS server; one machine stands for both pods, and there is no replica. What
was seen is one JSON object on standard output.
"""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from components.embedded.pgbackrest import PROGRESS
from components.patroni.authority import issue, new_authority, present
from components.patroni.waiting import until
from components.render.backup_pods import backup_files
from components.render.pgbackrest import archive_command, secrets_text
from components.render.pods import member_site
from components.settings.load import load
from components.settings.model import Settings
from tests.live.backup.s3_stand_in import Service, service

ROOT = Path(__file__).resolve().parents[3]
PLATFORM, DATA, SOCKETS, RUN = map(
    Path, ("/etc/postgres-platform", "/data", "/run/postgres-platform", "/run/pgbackrest")
)
MOUNTED = (PLATFORM, DATA, SOCKETS, RUN)
BACKUP, TLS = PLATFORM / "backup", PLATFORM / "tls"
BINARIES = "/usr/lib/postgresql/15/bin"
SECRETS = {"key": "K", "key-secret": "KS", "phrase": "correct horse battery staple"}
CERTIFICATES = {"server": ("pg", ["pg-0.pg"]), "backup": ("backup", []), "stranger": ("stranger", [])}


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """As the servers' account."""
    return subprocess.run([*_account(), *words], capture_output=True, text=True, timeout=120)


def done(*words: str) -> str:
    """Its output; an AssertionError when it fails."""
    found = run(*words)
    assert found.returncode == 0, f"{words}: {found.stdout[-1000:]}{found.stderr[-1000:]}"
    return found.stdout


def _account() -> list[str]:
    known = pwd.getpwnam("postgres")
    return ["setpriv", f"--reuid={known.pw_uid}", f"--regid={known.pw_gid}", "--clear-groups", "--"]


def mounts(scratch: Path) -> None:
    """Folders that only we see, and the names of the pods."""
    known = pwd.getpwnam("postgres")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    for folder in MOUNTED:
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", str(folder)], check=True)
        if folder != PLATFORM:
            os.chown(folder, known.pw_uid, known.pw_gid)
            folder.chmod(0o700)
    hosts = scratch / "hosts"
    hosts.write_text(Path("/etc/hosts").read_text() + "\n127.0.0.1 pg-0.pg s3\n")
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)


def stack(s3: Service) -> Settings:
    repository = {"kind": "s3", "path": "/main", "bucket": "backups", "endpoint": f"s3:{s3.endpoint.split(':')[1]}"}
    repository |= {"region": "r", "uri_style": "path", "key": "key", "key_secret": "key-secret", "ca": s3.ca}
    alone = {"replicas": 0, "durability": "asynchronous", "secrets": SECRETS}
    backup = {"repository": repository, "encryption": "phrase"}
    return load({"platform": "kubernetes", **alone, "backup": backup}, default_major=15)


def files(settings: Settings) -> None:
    """What ConfigMap and Secrets bring, with the owners and modes of kubelet."""
    assert settings.backup is not None
    group = pwd.getpwnam("postgres").pw_gid
    texts = {f"backup/files/{name}": text.encode() for name, text in backup_files(settings).items()}
    # Debian 12's pgBackRest is older than the word that the image's knows; there is no replica here anyway.
    texts["backup/files/host.conf"] = texts["backup/files/host.conf"].replace(b"backup-standby=prefer\n", b"")
    secret = secrets_text(settings.backup.repository, settings.backup.encryption, SECRETS)
    texts["backup/secrets/secrets.conf"] = secret.encode()
    authority = new_authority("pods", present())
    texts["tls/ca.crt"] = authority.certificate
    for name, (common, hosts) in CERTIFICATES.items():
        pair = issue(authority, common, present(), hosts)
        texts |= {f"tls/{name}.crt": pair.certificate, f"tls/{name}.key": pair.key}
    for name, text in texts.items():
        place = PLATFORM / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text)
        os.chown(place, 0, group)
        place.chmod(0o440)


@contextmanager
def postgresql(settings: Settings) -> Iterator[None]:
    done(f"{BINARIES}/initdb", "-D", f"{DATA}/pgdata", "-k", "-A", "trust")
    command = archive_command(settings, member_site(settings, "pg-0"))
    lines = ["archive_mode=on", f"archive_command='{command}'", f"unix_socket_directories='{SOCKETS}'"]
    with (DATA / "pgdata/postgresql.conf").open("a") as file:
        file.write("\n".join([*lines, "listen_addresses=''", "port=5432", ""]))
    control = (f"{BINARIES}/pg_ctl", "-D", f"{DATA}/pgdata", "-w")
    done(*control, "-l", f"{DATA}/log", "start")
    try:
        yield
    finally:
        run(*control, "-m", "immediate", "stop")


@contextmanager
def sidecar() -> Iterator[dict[str, Any]]:
    """The container of the manifest, once its own probe finds it alive."""
    patch = yaml.safe_load((ROOT / "k8s/backup/members.yaml").read_text())
    container: dict[str, Any] = patch["spec"]["template"]["spec"]["containers"][1]
    known = {**os.environ, "PYTHONPATH": str(ROOT / "components"), "WATCHED": str(TLS)}
    process = subprocess.Popen([*_account(), sys.executable, *container["command"][1:]], env=known, stdout=sys.stderr)
    try:
        probe = container["livenessProbe"]["exec"]["command"]
        until(lambda: run(*probe).returncode == 0, 20, "the sidecar to answer its probe")
        yield container
    finally:
        process.terminate()
        process.wait(10)


def seen() -> dict[str, Any]:
    """A first backup, the same asked for again, one more, and somebody with a certificate who may not."""
    host = ["/usr/bin/pgbackrest", f"--config={BACKUP}/files/host.conf", f"--config-include-path={BACKUP}/secrets"]
    script = ("/bin/sh", f"{BACKUP}/files/backup.sh")
    done(*script, "first")
    done(*script, "first")
    told = done(*script, "diff", "--log-level-console=detail")  # as `make backup` has it called
    info = json.loads(done(*host, "--stanza=main", "--log-level-console=off", "--output=json", "info"))[0]
    count = "SELECT archived_count > 0 AND failed_count = 0 FROM pg_stat_archiver"
    stranger = [f"--pg1-host-cert-file={TLS}/stranger.crt", f"--pg1-host-key-file={TLS}/stranger.key"]
    refused = run(*host, "--stanza=main", *stranger, "check")
    return {
        "backups": [one["type"] for one in info["backup"]],
        "faults": [one["error"] for one in info["backup"]],
        "cipher": info["cipher"],
        "progress": PROGRESS.search(told) is not None,
        "archived": done(f"{BINARIES}/psql", "-h", str(SOCKETS), "-Atc", count, "postgres").strip(),
        "stranger": [refused.returncode, "access denied" in refused.stdout + refused.stderr],
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        mounts(Path(scratch))
        with service(Path(scratch), names=("s3",)) as s3:
            s3.make_bucket("backups")
            settings = stack(s3)
            files(settings)
            with postgresql(settings), sidecar():
                print(json.dumps(seen()))


if __name__ == "__main__":
    main()
