"""A real PgBouncer before a server whose master may not read pg_authid: logins pass by the table that access fills."""

from __future__ import annotations

import dataclasses
import os
import pwd
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from components.access.session import Target
from components.rds.pooler_containers import OWN, userlist
from components.render.pgbouncer import databases, pgbouncer_ini
from components.render.pgbouncer_verifiers import install_sql
from components.render.sites import Certificate, PoolerSite
from tests.live.access.scratch import packaged, port, scratch_server
from tests.live.access.shop import Shop
from tests.live.render.servers import running
from tests.ports import free_port
from tests.unit.settings.rds.stacks import settings

pytestmark = pytest.mark.live
OWN_PASSWORD = 'of the "test" alone'


@dataclass
class Pooled:
    """The spec's shop as the master applies it, and the pooler's port."""

    shop: Shop
    server: Path
    port: int

    def login(self, password: str, user: str = "app", database: str = "postgres") -> Any:
        """Through the pooler, verified in full."""
        words: dict[str, Any] = {"host": "localhost", "hostaddr": "127.0.0.1", "port": self.port, "dbname": database}
        tls: dict[str, Any] = {"sslmode": "verify-full", "sslrootcert": f"{self.server}/pki/ca.crt"}
        name = f"{self.shop.mark}_{user}"
        with psycopg.connect(**words, **tls, user=name, password=password, connect_timeout=10) as connection:
            return connection.execute("SELECT session_user").fetchone()


def files(folder: Path, server: Path, at: int) -> Path:
    """pgbouncer.ini and what it names, as the task's entry would write them."""
    own = {**OWN, "auth_dbname": None}  # Debian 12's program knows no such word
    tls = Certificate(ca=f"{server}/pki/ca.crt", certificate=f"{folder}/server.crt", key=f"{folder}/server.key")
    site = PoolerSite(
        name="read-write",
        address="127.0.0.1",
        port=at,
        config_file=f"{folder}/pgbouncer.ini",
        databases=f"{folder}/databases.ini",
        hba="",
        users=f"{folder}/userlist.txt",
        log=f"{folder}/log",
        pid="",
        server=tls,
        login=Certificate(ca=f"{server}/pki/ca.crt", certificate="", key=""),
    )
    (folder / "pgbouncer.ini").write_text(pgbouncer_ini(settings(), site, own=own))
    (folder / "databases.ini").write_text(databases("localhost", port(server)))
    (folder / "userlist.txt").write_text(userlist(OWN_PASSWORD))
    for name in ("server.crt", "server.key"):
        shutil.copy(server / "pki" / name, folder / name)
    if os.getuid() == 0:
        account = pwd.getpwnam("postgres")
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.pw_uid, account.pw_gid)
    return folder / "pgbouncer.ini"


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    with scratch_server(packaged()) as folder:
        yield folder


@pytest.fixture
def pooled(server: Path) -> Iterator[Pooled]:
    mark = f"t{secrets.token_hex(4)}"
    target = Target.at(f"host={server} port={port(server)} user=postgres dbname=postgres")
    with target.open(autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{mark}admin" LOGIN CREATEROLE CREATEDB'.encode())
        connection.execute(f'GRANT CREATE ON DATABASE postgres TO "{mark}admin"'.encode())
    master = dataclasses.replace(target, words={**target.words, "user": f"{mark}admin"})
    with master.open(autocommit=True) as connection:
        connection.execute("CREATE ROLE pgbouncer LOGIN PASSWORD 'of the \"test\" alone'")
        for _ in range(2):
            connection.execute(install_sql().encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT rolpassword FROM pg_authid")
    folder, at = Path(tempfile.mkdtemp(prefix="pooler-")), free_port()
    try:
        ini = files(folder, server, at)
        with running("pgbouncer", "-q", str(ini), what="PgBouncer", port=at):
            yield Pooled(Shop(master, mark), server, at)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_who_logs_in_through_the_pooler(pooled: Pooled) -> None:
    shop, first = pooled.shop, pooled.shop.passwords["app"]
    with pytest.raises(psycopg.OperationalError):
        pooled.login(first)
    shop.apply()
    assert pooled.login(first) == (f"{shop.mark}_app",)
    with pytest.raises(psycopg.OperationalError, match="SASL authentication failed"):
        pooled.login("a wrong password")

    shop.passwords["app"] = "another password"
    shop.apply(sent={})
    assert pooled.login("another password") == (f"{shop.mark}_app",)
    with pytest.raises(psycopg.OperationalError):
        pooled.login(first)

    with shop.target.open(autocommit=True) as connection:
        connection.execute(f'ALTER ROLE "{shop.mark}_app" NOLOGIN'.encode())
        found = connection.execute("SELECT * FROM pgbouncer.get_auth(%s)", [f"{shop.mark}_app"]).fetchall()
        assert found == []
        connection.execute(f'ALTER ROLE "{shop.mark}_app" LOGIN'.encode())

    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        shop.target.open(autocommit=True) as connection,
    ):
        connection.execute(f'GRANT "{shop.mark}_app" TO CURRENT_USER'.encode())
        connection.execute(f'SET ROLE "{shop.mark}_app"'.encode())
        connection.execute("SELECT * FROM pgbouncer.verifier")
