"""aves' tables by a real Drizzle: after the first apply, as its migrator; what waited for them comes by the second."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.access import verify
from components.access.spec import load
from tests.live.drizzle import orm
from tests.live.seeds.conftest import THORNY, administrator_of, apply_once, secrets_of
from tests.live.seeds.logins import ROOT
from tests.live.seeds.scratch import scratch

pytestmark = pytest.mark.live
FILE = ROOT / "sql" / "aves" / "access.yaml"


def test_its_tables_come_after_the_first_apply(tmp_path: Path) -> None:
    secrets = {secret: secret + THORNY for secret in secrets_of(load(FILE).spec).values()}
    orm.installed()
    with scratch() as server:
        target = administrator_of(server)
        first = apply_once(FILE, secrets, target)
        assert any("app.user_progress is not there yet" in one for done in first for one in done.pending)
        login = {"PGUSER": "aves_migrator", "PGPASSWORD": secrets["aves_migrator"], "PGDATABASE": "aves"}
        orm.migrate(tmp_path, PGHOST="localhost", PGPORT=str(server.port), **login)
        second = apply_once(FILE, secrets, target)
        assert any(one.statements for one in second)
        assert not any(one.pending for one in second)
        assert not any(one.statements or one.scripts for one in apply_once(FILE, secrets, target))
        outcomes = verify.verify(target, load(FILE), FILE.parent)
    assert len(outcomes) > 5
    assert [one for one in outcomes if not one.passed] == []
