"""A linter and prover that others wrote finds nothing on our systems but what carries a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml

from components.access.spec import load
from components.access.spec.databases import Database
from tests.live.referee import answers, pgrls
from tests.live.referee.answers import Finding
from tests.live.seeds.conftest import THORNY, by_the_access_layer, secrets_of
from tests.live.seeds.logins import ROOT, SYSTEMS
from tests.live.seeds.scratch import Scratch, scratch

pytestmark = pytest.mark.live

EXCEPTIONS = yaml.safe_load((Path(__file__).parent / "exceptions.yaml").read_text())


@pytest.fixture(scope="module")
def command() -> Path:
    found = pgrls.program()
    if found is None:
        pytest.skip(f"pgrls {pgrls.VERSION} cannot be had: no package index answers")
    return found


@pytest.fixture(scope="module")
def applied() -> Iterator[Scratch]:
    """A server with every system of this PostgreSQL on it."""
    with scratch() as server:
        for system in SYSTEMS:
            file = ROOT / "sql" / system / "access.yaml"
            secrets = {secret: secret + THORNY for secret in secrets_of(load(file).spec).values()}
            by_the_access_layer(file, secrets, server)
        yield server


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database(system: str) -> tuple[str, Database]:
    [(name, one)] = load(ROOT / "sql" / system / "access.yaml").spec.databases.items()
    return name, one


@pytest.fixture
def where(applied: Scratch, database: tuple[str, Database]) -> list[str]:
    """The options that say which database and schemas."""
    name, one = database
    url = f"postgresql://postgres@/{name}?host={applied.folder}&port={applied.port}"
    return ["--database-url", url, "--schemas", ",".join(one.schemas)]


def lint(command: Path, where: list[str], folder: Path) -> set[Finding]:
    found = pgrls.run(command, "lint", *where, "--fail-on", "info", folder=folder)
    return {(one["rule_id"], one["location"]) for one in found["violations"]}


def test_every_finding_has_a_reason(
    command: Path, where: list[str], system: str, database: tuple[str, Database], tmp_path: Path
) -> None:
    findings = lint(command, where, tmp_path)
    by_spec = answers.answered_by_spec(database[1], findings)
    by_file = answers.answered_by_file(EXCEPTIONS.get(system, {}), findings - by_spec)
    assert findings - by_spec - by_file.keys() == set(), "the referee found what nobody gave a reason for"
    entries = {(rule, pattern) for rule, by_object in EXCEPTIONS.get(system, {}).items() for pattern in by_object}
    assert entries - set(by_file.values()) == set(), "these exceptions answer nothing any more"
    # The same as the referee's own allow-list: with it, it is silent, so the list says exactly what was found.
    allowed: dict[str, set[str]] = defaultdict(set)
    for rule, what in findings:
        allowed[rule].add(what)
    (tmp_path / "pgrls.toml").write_text(pgrls.configuration(allowed))
    assert lint(command, where, tmp_path) == set()


@pytest.mark.parametrize("mode", ["anon", "cross-tenant", "write"])
def test_the_prover_finds_no_leak(
    command: Path, where: list[str], database: tuple[str, Database], mode: str, tmp_path: Path
) -> None:
    """It proves little of our rules, whose NULL-safe reading of a setting it does not model; it finds no leak."""
    rls = database[1].rls
    columns = [rls.tenant.column] if rls and rls.tenant else []
    (tmp_path / "pgrls.toml").write_text(pgrls.configuration({}, identity=columns))
    found = pgrls.run(command, "verify", *where, "--mode", mode, folder=tmp_path)
    verdicts = {one["table"]: one["verdict"] for one in found["tables"]}
    assert "LEAK" not in {verdict.upper() for verdict in verdicts.values()}, verdicts
    assert bool(verdicts) is (rls is not None)


def test_the_referee_sees_a_hole(command: Path, applied: Scratch, tmp_path: Path) -> None:
    """Else its silence would mean nothing."""
    with psycopg.connect(applied.admin(), autocommit=True) as session:
        session.execute("CREATE DATABASE with_a_hole")
    with psycopg.connect(applied.admin("with_a_hole")) as session:
        session.execute("CREATE TABLE rows (user_id uuid); ALTER TABLE rows ENABLE ROW LEVEL SECURITY")
        session.execute("CREATE POLICY hole ON rows USING (true)")
    url = f"postgresql://postgres@/with_a_hole?host={applied.folder}&port={applied.port}"
    where = ["--database-url", url, "--schemas", "public"]
    assert ("SEC008", "public.rows.hole") in lint(command, where, tmp_path)
    found = pgrls.run(command, "verify", *where, folder=tmp_path)
    assert [one["verdict"].upper() for one in found["tables"]] == ["LEAK"]
