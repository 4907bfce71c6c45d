"""The server programs: etcd, PgBouncer, HAProxy, PostgreSQL and, where there are packages, extensions of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tools.setup import apt
from tools.setup.places import WORK
from tools.setup.progress import run
from tools.setup.stamps import stamped, write

POSTGRESQL = Path("/usr/lib/postgresql")
PROGRAMS = {"etcd": "etcd-server", "pgbouncer": "pgbouncer", "haproxy": "haproxy", "pgbackrest": "pgbackrest"}
SERVICES = {"etcd-server": "etcd", "pgbouncer": "pgbouncer", "haproxy": "haproxy"}
EXTENSIONS = {"pg_cron": "cron", "pgaudit": "pgaudit", "vector": "pgvector", "timescaledb": "timescaledb"}
# postgresql-common reads this before it makes a cluster of its own, which would listen and start at boot.
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/postgres-platform.conf")
SBIN = "/usr/sbin:/sbin"


def missing_packages() -> list[str]:
    """What `make up` would install; empty when all programs are there."""
    packages = [package for program, package in PROGRAMS.items() if find(program) is None]
    return packages + ([] if newest() else ["postgresql"])


def ensure_servers() -> None:
    """All programs are there. Raises SetupError when they are not and may not be installed."""
    if packages := missing_packages():
        if "postgresql" in packages and apt.allowed():
            _keep_from_making_a_cluster()
        apt.install(packages, "server programs")
        _keep_from_starting_at_boot(packages)
    if (major := newest()) is not None:
        _add_extensions(major)


def ensure_major(major: int) -> bool:
    """This major's server is there, with those of its extensions that apt has; False when apt has no such server.

    Raises SetupError when apt has it and it may not be installed.
    """
    package = f"postgresql-{major}"
    if not (POSTGRESQL / str(major) / "bin" / "postgres").is_file():
        if not apt.known(package):
            return False
        if apt.allowed():
            _keep_from_making_a_cluster()
        apt.install([package], f"PostgreSQL {major}")
    _add_extensions(major)
    return True


def find(program: str) -> str | None:
    """Its path; Debian keeps some servers where an ordinary account's PATH does not reach."""
    return shutil.which(program) or shutil.which(program, path=SBIN)


def newest() -> int | None:
    """The newest PostgreSQL major version with a server."""
    majors = [int(server.parts[-3]) for server in POSTGRESQL.glob("*/bin/postgres") if server.parts[-3].isdigit()]
    return max(majors, default=None)


def _keep_from_making_a_cluster() -> None:
    text = "create_main_cluster = false\n"
    if not stamped(NO_CLUSTER, text):
        write_it = f"mkdir -p {NO_CLUSTER.parent} && printf '%s' '{text}' > {NO_CLUSTER}"
        run("no cluster of the package's own", [*apt.as_root(), "sh", "-c", write_it], limit=30)


def _keep_from_starting_at_boot(packages: list[str]) -> None:
    """What we installed for the cluster is not started as a service; what was there before stays as it is."""
    services = [SERVICES[package] for package in packages if package in SERVICES]
    if services and Path("/run/systemd/system").is_dir():
        run("services off", [*apt.as_root(), "systemctl", "disable", "--now", *services], limit=120)


def _add_extensions(major: int) -> None:
    """Those that apt has. They are optional, so a failure is looked into only once."""
    stamp, content = WORK / "setup" / f"extensions-{major}", f"{' '.join(EXTENSIONS)}\n"
    if stamped(stamp, content):
        return
    control = Path(f"/usr/share/postgresql/{major}/extension")
    absent = [package for name, package in EXTENSIONS.items() if not (control / f"{name}.control").exists()]
    packages = [name for name in (f"postgresql-{major}-{package}" for package in absent) if apt.known(name)]
    if packages and apt.allowed():
        apt.install(packages, "extensions")
    write(stamp, content)


def version_of(program: str, option: str = "--version") -> str:
    """The first line that it says about itself."""
    path = find(program)
    if path is None:
        return "missing"
    said = subprocess.run([path, option], capture_output=True, text=True, timeout=20)
    return (said.stdout or said.stderr).strip().splitlines()[0]
