"""Where the seeds' tests run.

On a platform that is up, if POSTGRES_PLATFORM_URLS names a file with what `make urls` prints; else on a scratch server
that is made for them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from components.access import apply as access
from components.access import passwords, scripts
from components.access.session import Target
from components.access.spec import Spec, load
from tests.live.seeds import by_hand
from tests.live.seeds.logins import ROOT, SYSTEMS, Login, from_file, load_fixture
from tests.live.seeds.scratch import Scratch, scratch

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


@pytest.fixture(scope="session", params=_ways())
def logins(request: pytest.FixtureRequest) -> Iterator[dict[str, Login]]:
    """Login role -> its URLs, with the three systems applied and empty of the fixtures' rows."""
    if request.param == "platform":
        yield from_file(os.environ[URLS])
        return
    apply = by_hand.apply if request.param == "by hand" else _by_the_access_layer
    with scratch() as server:
        made: dict[str, Login] = {}
        for system in SYSTEMS:
            file = ROOT / "sql" / system / "access.yaml"
            spec = load(file).spec
            secrets = {secret: secret + THORNY for secret in _secrets(spec).values()}
            apply(file, secrets, server)
            made |= {login.role: login for login in _logins(server, spec, secrets)}
        yield made


def _by_the_access_layer(file: Path, secrets: dict[str, str], server: Scratch) -> None:
    """As a stack applies it, twice: the second time there must be nothing left to do."""
    spec, found = load(file).spec, scripts.read([file.parent])
    target = Target(words={"host": str(server.folder), "port": server.port, "user": "postgres"})
    verifiers = {
        role: passwords.verifier(secrets[secret], key=by_hand.KEY, role=role) for role, secret in _secrets(spec).items()
    }
    for statements_allowed in (True, False):
        done = [
            access.apply_cluster(target, spec, verifiers, access.Options()),
            *(access.apply_database(target, spec, name, found, access.Options()) for name in spec.databases),
        ]
        assert statements_allowed or not any(one.statements or one.scripts for one in done)


def _secrets(spec: Spec) -> dict[str, str]:
    """Login role -> the name of its secret."""
    return {name: role.password.secret for name, role in spec.every_role.items() if role.login and role.password}


def _logins(server: Scratch, spec: Spec, secrets: dict[str, str]) -> Iterator[Login]:
    [database] = spec.databases
    for name, secret in _secrets(spec).items():
        word = quote(secrets[secret], safe="")
        ports = server.pooled, server.port
        pooled, direct = (f"postgresql://{name}:{word}@localhost:{port}/{database}" for port in ports)
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
