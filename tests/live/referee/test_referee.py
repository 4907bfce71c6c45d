"""A linter and prover that others wrote finds nothing on our systems but what carries a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import psycopg
import pytest

from components.access.spec import load
from components.access.spec.databases import Database
from tests.live.referee import answers, pgrls, proof
from tests.live.referee.answers import Finding
from tests.live.seeds.conftest import THORNY, by_the_access_layer, debian_13, secrets_of
from tests.live.seeds.logins import ROOT, SYSTEMS
from tests.live.seeds.scratch import Scratch, scratch

__all__ = ["debian_13"]
pytestmark = pytest.mark.live

ON_17 = "corporate_intel"
MODES = ("anon", "cross-tenant", "write")


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


def url(server: Scratch, name: str) -> list[str]:
    return ["--database-url", f"postgresql://postgres@/{name}?host={server.folder}&port={server.port}"]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A system, and where it is applied."""

    name: str
    database: Database
    server: Scratch

    def where(self, name: str = "") -> list[str]:
        """The options that say which database and schemas."""
        return [*url(self.server, name or self.name), "--schemas", ",".join(self.database.schemas)]


@pytest.fixture(scope="module", params=(*SYSTEMS, ON_17))
def system(request: pytest.FixtureRequest) -> Judged:
    file = ROOT / "sql" / request.param / "access.yaml"
    [(name, database)] = load(file).spec.databases.items()
    if request.param != ON_17:
        return Judged(name=name, database=database, server=request.getfixturevalue("applied"))
    server: Scratch = request.getfixturevalue("debian_13")
    by_the_access_layer(file, {secret: secret + THORNY for secret in secrets_of(load(file).spec).values()}, server)
    return Judged(name=name, database=database, server=server)


def lint(command: Path, where: list[str], folder: Path) -> set[Finding]:
    found = pgrls.run(command, "lint", *where, "--fail-on", "info", folder=folder)
    return {(one["rule_id"], one["location"]) for one in found["violations"]}


def test_every_finding_has_a_reason(command: Path, system: Judged, tmp_path: Path) -> None:
    findings = lint(command, system.where(), tmp_path)
    with psycopg.connect(system.server.admin(system.name)) as connection:
        facts = answers.Facts.of(connection)
    reasons = answers.answered(system.database, facts, findings)
    assert findings - reasons.keys() == set(), "the referee found what nobody gave a reason for"
    idle = [one for one in answers.idle(system.database, findings) if one[0] != "verify"]
    assert idle == [], "these exceptions answer nothing any more"
    # The same as the referee's own allow-list: with it, it is silent, so the list says exactly what was found.
    allowed: dict[str, set[str]] = defaultdict(set)
    for rule, what in findings:
        allowed[rule].add(what)
    (tmp_path / "pgrls.toml").write_text(pgrls.configuration(allowed))
    assert lint(command, system.where(), tmp_path) == set()


@pytest.fixture(scope="module")
def proofs(command: Path, system: Judged, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Mode -> what the prover says, in the words that it knows."""
    where = system.where(proof.copied(system.server, system.name))
    columns, functions = proof.axes(system.database)
    who = [word for function in functions for word in ("--auth-function", function)]
    folder = tmp_path_factory.mktemp("prover")
    (folder / "pgrls.toml").write_text(pgrls.configuration({}, identity=columns))
    return {mode: pgrls.run(command, "verify", *where, "--mode", mode, *who, folder=folder) for mode in MODES}


@pytest.mark.parametrize("mode", MODES)
def test_the_prover_proves_every_policy(system: Judged, proofs: dict[str, dict[str, Any]], mode: str) -> None:
    """But see_all, and what lint.pgrls.verify names with a reason."""
    verdicts = {one["table"]: one["verdict"] for one in proofs[mode]["tables"]}
    assert "LEAK" not in {verdict.upper() for verdict in verdicts.values()}, verdicts
    assert bool(verdicts) is (system.database.rls is not None)
    named = system.database.lint.pgrls.get("verify", {})
    left = {what for what in proof.unproven(proofs[mode]) if not any(fnmatchcase(what, name) for name in named)}
    assert left == set(), f"{mode}: nobody said why these cannot be proven"


def test_every_exception_of_the_prover_is_needed(system: Judged, proofs: dict[str, dict[str, Any]]) -> None:
    unproven = {what for found in proofs.values() for what in proof.unproven(found)}
    named = system.database.lint.pgrls.get("verify", {})
    assert [name for name in named if not any(fnmatchcase(what, name) for what in unproven)] == []


def test_the_referee_sees_a_hole(command: Path, applied: Scratch, tmp_path: Path) -> None:
    """Else its silence would mean nothing."""
    with psycopg.connect(applied.admin(), autocommit=True) as session:
        session.execute("CREATE DATABASE with_a_hole")
    with psycopg.connect(applied.admin("with_a_hole")) as session:
        session.execute("CREATE TABLE rows (user_id uuid); ALTER TABLE rows ENABLE ROW LEVEL SECURITY")
        session.execute("CREATE POLICY hole ON rows USING (true)")
    where = [*url(applied, "with_a_hole"), "--schemas", "public"]
    assert ("SEC008", "public.rows.hole") in lint(command, where, tmp_path)
    found = pgrls.run(command, "verify", *where, folder=tmp_path)
    assert [one["verdict"].upper() for one in found["tables"]] == ["LEAK"]
