"""`python -m components.access`: exit codes, JSON, and that what it shows is what it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from components.access.session import Target
from tests.live.access.shop import SPEC, TABLES, Shop

pytestmark = pytest.mark.live
ROOT = Path(__file__).parents[3]
PASSWORD = "a password to be looked for"


@pytest.fixture
def spec(tmp_path: Path, mark: str) -> Path:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql/001_tables.sql").write_text(TABLES)
    file = tmp_path / "access.yaml"
    file.write_text(SPEC.replace("    extensions:", "    sql: [sql]\n    extensions:").replace("MARK", mark))
    return file


def run(spec: Path, target: Target, *words: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    url = " ".join(f"{name}={value}" for name, value in target.words.items())
    environment = {**os.environ, "ACCESS_PASSWORD_APP": password, "ACCESS_KEY": "k" * 32, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "components.access", words[0], str(spec), "--url", url, *words[1:]]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_plan_apply_check_and_drift(spec: Path, target: Target, mark: str) -> None:
    planned = run(spec, target, "plan")
    assert planned.returncode == 2
    assert "run script 001_tables.sql" in planned.stdout
    applied = run(spec, target, "apply")
    assert (applied.returncode, applied.stderr) == (0, "")
    assert run(spec, target, "check").returncode == 0

    Shop(target, mark).run("DROP POLICY tenant_floor ON app.users")
    drifted = run(spec, target, "check", "--json")
    assert drifted.returncode == 2
    told = json.loads(drifted.stdout)
    assert [part["what"] for part in told["parts"]] == ["roles", f"database {mark}_shop"]
    assert told["parts"][1]["statements"][0].startswith('CREATE POLICY "tenant_floor"')

    refused = run(spec, target, "apply", "--digest", "0" * 64)
    assert refused.returncode == 1 and "look at it again" in refused.stderr
    assert run(spec, target, "apply", "--digest", told["digest"]).returncode == 0
    again = run(spec, target, "apply", password="another password to be found")
    assert "PASSWORD '<hidden>'" in again.stdout
    assert not any(PASSWORD in part.stdout + part.stderr for part in (planned, applied, drifted, refused, again))


def test_every_failure_is_a_report_and_status_1(spec: Path, target: Target, tmp_path: Path) -> None:
    nobody = run(spec, Target.at(f"host={tmp_path} user=postgres"), "plan")
    assert (nobody.returncode, nobody.stderr) == (1, "the server cannot be reached; look at --url\n")
    spec.write_text(spec.read_text().replace("harden", "hardne"))
    wrong = run(spec, target, "plan")
    assert wrong.returncode == 1 and "did you mean harden?" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    lost = run(tmp_path / "no.yaml", target, "lint")
    assert lost.returncode == 1 and "no.yaml: cannot be read" in lost.stderr


def test_a_row_policy_that_does_not_parse_is_told_with_its_line(spec: Path, target: Target) -> None:
    spec.write_text(spec.read_text().replace('"org = :org"', '"org = = :org"'))
    (line,) = (number for number, text in enumerate(spec.read_text().splitlines(), 1) if "= = :org" in text)
    told = f"{spec}:{line}: databases."
    for command in ("plan", "apply"):
        refused = run(spec, target, command)
        assert refused.returncode == 1
        assert refused.stderr.startswith(told), refused.stderr
        assert 'rls.tenant.using: PostgreSQL says: syntax error at or near "="' in refused.stderr
    found = json.loads(run(spec, target, "plan", "--json").stdout)
    assert any(one.startswith(told) for part in found["parts"] for one in part["problems"])
