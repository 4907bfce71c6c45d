"""Where the seeds' tests run.

On a platform that is up, if POSTGRES_PLATFORM_URLS names a file with what `make urls` prints; else on a scratch server
that is made for them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from psycopg import sql

from components.access import apply as access
from components.access import passwords, scripts
from components.access.session import Target
from components.access.spec import Spec, load
from components.embedded import installed
from tests.live.seeds import by_hand
from tests.live.seeds.logins import ROOT, SYSTEMS, Login, from_file, load_fixture, stand_in
from tests.live.seeds.scratch import Scratch, scratch
from tests.live.seeds.scratch import debian_13 as programs_of_debian_13
from tools.setup import trixie

# Every login of the scratch server has a password of this kind: what passes with it passes with any.
THORNY = "#Thaw$in2k77!'\"\\ %:@/?&é漢🐘 "


URLS = "POSTGRES_PLATFORM_URLS"


def _ways() -> list[str]:
    """Both readings of the language must hold what the tests say, unless a platform is there to be tested."""
    return ["platform"] if os.environ.get(URLS) else ["access layer", "by hand"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder needs servers."""
    for item in items:
        if "/live/seeds/" in item.path.as_posix():
            item.add_marker(pytest.mark.live)


@dataclass(frozen=True, kw_only=True)
class Served:
    """Where the systems are; `administrator` is None on a platform, which hands out no such login."""

    logins: dict[str, Login]
    administrator: Target | None = None


@pytest.fixture(scope="session")
def debian_13() -> Iterator[Scratch]:
    """A server that has TimescaleDB and pgvector, from Debian 13's packages."""
    found = installed.find(trixie.MAJOR)
    if found is None or "timescaledb" not in found.offered():
        pytest.skip(trixie.ASK)
    with scratch(programs_of_debian_13(found)) as server:
        yield server


@pytest.fixture(scope="session", params=_ways())
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    """With the systems applied, and empty of the fixtures' rows."""
    if request.param == "platform":
        yield Served(logins=from_file(os.environ[URLS]))
        return
    apply = by_hand.apply if request.param == "by hand" else by_the_access_layer
    with scratch() as server:
        made: dict[str, Login] = {}
        for system in SYSTEMS:
            file = ROOT / "sql" / system / "access.yaml"
            spec = load(file).spec
            secrets = {secret: secret + THORNY for secret in secrets_of(spec).values()}
            apply(file, secrets, server)
            made |= {login.role: login for login in logins_of(server, spec, secrets)}
        yield Served(logins=made, administrator=administrator_of(server))


@pytest.fixture
def logins(served: Served) -> dict[str, Login]:
    """Login role -> its URLs."""
    return served.logins


@pytest.fixture
def administrator(served: Served) -> Target:
    """A superuser's way in."""
    if served.administrator is None:
        pytest.skip("a platform hands out no administrator's login")
    return served.administrator


def administrator_of(server: Scratch) -> Target:
    return Target(words={"host": str(server.folder), "port": server.port, "user": "postgres"})


def by_the_access_layer(file: Path, secrets: dict[str, str], server: Scratch) -> None:
    """As a stack applies it, again and again: the last time there must be nothing left to do.

    Where an ORM makes the tables, it does so after the first apply; what waited for them is done by the second.
    """
    spec, target, [database] = load(file).spec, administrator_of(server), load(file).spec.databases
    first = apply_once(file, secrets, target)
    assert any(one.statements for one in first)
    if migration := stand_in(file.parent.name):
        assert any(one.pending for one in first)
        with target.open(database) as connection:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(spec.databases[database].owner)))
            connection.execute(migration)
        second = apply_once(file, secrets, target)
        assert any(one.statements for one in second)
        assert not any(one.pending for one in second)
    assert not any(one.statements or one.scripts for one in apply_once(file, secrets, target))


def apply_once(file: Path, secrets: dict[str, str], target: Target) -> list[access.Done]:
    """Roles, then each database."""
    spec, found = load(file).spec, scripts.read([file.parent])
    verifiers = {
        role: passwords.verifier(secrets[secret], key=by_hand.KEY, role=role)
        for role, secret in secrets_of(spec).items()
    }
    return [
        access.apply_cluster(target, spec, verifiers, access.Options()),
        *(access.apply_database(target, spec, name, found, access.Options()) for name in spec.databases),
    ]


def secrets_of(spec: Spec) -> dict[str, str]:
    """Login role -> the name of its secret."""
    return {name: role.password.secret for name, role in spec.every_role.items() if role.login and role.password}


def logins_of(server: Scratch, spec: Spec, secrets: dict[str, str]) -> Iterator[Login]:
    [database] = spec.databases
    for name, secret in secrets_of(spec).items():
        word = quote(secrets[secret], safe="")
        ports = server.pooled, server.port
        pooled, direct = (f"postgresql://{name}:{word}@localhost:{port}/{database}" for port in ports)
        yield Login(database=database, role=name, pooled=pooled, direct=direct)


@pytest.fixture(scope="module")
def faevision(served: Served) -> Iterator[dict[str, Login]]:
    """With two organizations in it."""
    yield from _with_fixture(
        served.logins,
        "faevision",
        "two_organizations.sql",
        "DELETE FROM app.organizations WHERE name IN ('Aurora', 'Borealis')",
    )


@pytest.fixture(scope="module")
def devmentor(served: Served) -> Iterator[dict[str, Login]]:
    """With two users in it."""
    yield from _with_fixture(
        served.logins, "devmentor", "two_users.sql", "DELETE FROM auth.users WHERE email LIKE '%@devmentor.test'"
    )


@pytest.fixture(scope="module")
def pretamane(served: Served) -> Iterator[dict[str, Login]]:
    """With four contacts in it."""
    away = (
        "DELETE FROM app.contact_submissions WHERE email LIKE '%@pretamane.test'; "
        "DELETE FROM app.documents WHERE storage_key LIKE 'contacts/%'; "
        "DELETE FROM app.website_visitors WHERE page LIKE '/test/%'"
    )
    yield from _with_fixture(served.logins, "pretamane", "contacts.sql", away)


@pytest.fixture(scope="module")
def aves(served: Served) -> Iterator[dict[str, Login]]:
    """With two learners in it."""
    yield from _with_fixture(
        served.logins,
        "aves",
        "two_learners.sql",
        "DELETE FROM app.species WHERE id = 'eeeeeeee-0000-4000-8000-000000000001'",
    )


@pytest.fixture(scope="module")
def nexpo(served: Served) -> Iterator[dict[str, Login]]:
    """With two tenants in it."""
    yield from _with_fixture(
        served.logins, "nexpo", "two_tenants.sql", "DELETE FROM content.pg_users WHERE email LIKE '%@nexpo.test'"
    )


def _with_fixture(logins: dict[str, Login], system: str, fixture: str, away: str) -> Iterator[dict[str, Login]]:
    """Removed before as well: an earlier run may have been killed."""
    if f"{system}_migrator" not in logins:
        pytest.skip(f"this platform does not hold {system}; add sql/{system}/access.yaml to the stack's `access`")
    migrator = logins[f"{system}_migrator"]
    _run(migrator, away)
    load_fixture(logins, system, fixture)
    yield logins
    _run(migrator, away)


def _run(migrator: Login, statements: str) -> None:
    with migrator.session(direct=True) as session:
        session.execute(statements.encode())
