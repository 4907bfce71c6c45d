"""Where the seeds' tests run.

On a platform that is up, if POSTGRES_PLATFORM_URLS names a file with what `make urls` prints; else on a scratch server
that is made for them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from components.access.spec import Spec, load
from tests.live.seeds import by_hand
from tests.live.seeds.logins import ROOT, SYSTEMS, Login, from_file, load_fixture
from tests.live.seeds.scratch import Scratch, scratch

# Every login of the scratch server has a password of this kind: what passes with it passes with any.
THORNY = "#Thaw$in2k77!'\"\\ %:@/?&é漢🐘 "


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder needs servers."""
    for item in items:
        if "/live/seeds/" in item.path.as_posix():
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def logins() -> Iterator[dict[str, Login]]:
    """Login role -> its URLs, with the three systems applied and empty of the fixtures' rows."""
    if file := os.environ.get("POSTGRES_PLATFORM_URLS"):
        yield from_file(file)
        return
    with scratch() as server:
        made: dict[str, Login] = {}
        for system in SYSTEMS:
            made |= _applied(server, system)
        yield made


def _applied(server: Scratch, system: str) -> dict[str, Login]:
    file = ROOT / "sql" / system / "access.yaml"
    spec = load(file).spec
    secrets = {
        role.password.secret: role.password.secret + THORNY for role in spec.every_role.values() if role.password
    }
    by_hand.apply(file, secrets, server.admin("{database}"))
    return {login.role: login for login in _logins(server, spec, secrets)}


def _logins(server: Scratch, spec: Spec, secrets: dict[str, str]) -> Iterator[Login]:
    [database] = spec.databases
    for name, role in spec.every_role.items():
        if role.login and role.password:
            word = quote(secrets[role.password.secret], safe="")
            pooled, direct = (
                f"postgresql://{name}:{word}@localhost:{port}/{database}" for port in (server.pooled, server.port)
            )
            yield Login(database=database, role=name, pooled=pooled, direct=direct)


@pytest.fixture(scope="module")
def faevision(logins: dict[str, Login]) -> Iterator[dict[str, Login]]:
    """With two organizations in it."""
    yield from _with_fixture(
        logins,
        "faevision",
        "two_organizations.sql",
        "DELETE FROM app.organizations WHERE name IN ('Aurora', 'Borealis')",
    )


@pytest.fixture(scope="module")
def devmentor(logins: dict[str, Login]) -> Iterator[dict[str, Login]]:
    """With two users in it."""
    yield from _with_fixture(
        logins, "devmentor", "two_users.sql", "DELETE FROM auth.users WHERE email LIKE '%@devmentor.test'"
    )


@pytest.fixture(scope="module")
def pretamane(logins: dict[str, Login]) -> Iterator[dict[str, Login]]:
    """With four contacts in it."""
    away = (
        "DELETE FROM app.contact_submissions WHERE email LIKE '%@pretamane.test'; "
        "DELETE FROM app.documents WHERE storage_key LIKE 'contacts/%'; "
        "DELETE FROM app.website_visitors WHERE page LIKE '/test/%'"
    )
    yield from _with_fixture(logins, "pretamane", "contacts.sql", away)


def _with_fixture(logins: dict[str, Login], system: str, fixture: str, away: str) -> Iterator[dict[str, Login]]:
    """Removed before as well: an earlier run may have been killed."""
    migrator = logins[f"{system}_migrator"]
    _run(migrator, away)
    load_fixture(logins, system, fixture)
    yield logins
    _run(migrator, away)


def _run(migrator: Login, statements: str) -> None:
    with migrator.session(direct=True) as session:
        session.execute(statements.encode())
