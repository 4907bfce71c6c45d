"""Write the catalogue of one PostgreSQL major version's parameters, from the server itself.

    python -m tools.catalogue /usr/lib/postgresql/15/bin

makes a scratch server with the programs in that folder, reads pg_settings, and writes
components/settings/catalogue/postgres-<major>.json. Run it as the user postgres or as any user but root (as root it
hands the server to the user postgres). Nothing of the scratch server stays.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

CATALOGUE = Path(__file__).parent.parent / "components" / "settings" / "catalogue"
QUERY = """
SELECT name, context, vartype, unit, min_val, max_val, enumvals, boot_val
FROM pg_catalog.pg_settings WHERE category <> 'Customized Options' ORDER BY name COLLATE "C"
"""
# What differs from machine to machine says nothing about the parameter.
LOCAL = {"config_file", "data_directory", "hba_file", "ident_file"}
# Values that some builds leave out; a server without them refuses them at start, in words of its own.
BUILT_IN_BY_SOME = {"io_method": ["io_uring"]}


def server_user() -> str | None:
    """The account that runs the scratch server; None for our own."""
    return "postgres" if os.geteuid() == 0 else None


def run(*arguments: str) -> None:
    """One of the server's programs, quietly, for at most a minute."""
    subprocess.run(arguments, check=True, user=server_user(), stdout=subprocess.DEVNULL, cwd="/", timeout=60)


@contextmanager
def scratch_server(binaries: Path) -> Iterator[str]:
    """The conninfo of a server that lives as long as the block."""
    home = Path(tempfile.mkdtemp(prefix="catalogue-"))
    try:
        if user := server_user():
            entry = pwd.getpwnam(user)
            os.chown(home, entry.pw_uid, entry.pw_gid)
        home.chmod(0o700)
        data = home / "data"
        run(f"{binaries}/initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
        options = f"-c listen_addresses='' -c unix_socket_directories={home}"
        run(f"{binaries}/pg_ctl", "-D", str(data), "-w", "-o", options, "-l", f"{home}/log", "start")
        try:
            yield f"host={home} user=postgres dbname=postgres"
        finally:
            run(f"{binaries}/pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def entry(row: tuple[Any, ...]) -> tuple[str, dict[str, Any]]:
    """One parameter, without what it does not have."""
    keys = ("context", "vartype", "unit", "min_val", "max_val", "enumvals", "boot_val")
    name, *values = row
    if values[5] is not None:
        values[5] = [*values[5], *(more for more in BUILT_IN_BY_SOME.get(name, []) if more not in values[5])]
    return name, {key: value for key, value in zip(keys, values, strict=True) if value is not None}


def read(binaries: Path) -> tuple[int, dict[str, Any]]:
    """The major version and its parameters by name."""
    with scratch_server(binaries) as conninfo, psycopg.connect(conninfo) as connection:
        rows = connection.execute(QUERY).fetchall()
        return connection.info.server_version // 10000, dict(entry(row) for row in rows if row[0] not in LOCAL)


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m tools.catalogue FOLDER_OF_THE_SERVER_PROGRAMS")
    major, parameters = read(Path(sys.argv[1]))
    target = CATALOGUE / f"postgres-{major}.json"
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(values)}" for name, values in parameters.items())
    target.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    print(f"{target.name}: {len(parameters)} parameters")


if __name__ == "__main__":
    main()
