"""A preview that was kept, somebody's hand on the server, and an up that is bound to what was looked at."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.live.platform.test_make_up import as_administrator, known
from tests.project_copy import make

pytestmark = pytest.mark.live
LOGIN = "faevision_monitor"
# An up would repair roles first, and come to what is in the database only then.
SEEN, SEEN_REPAIR = f"ALTER ROLE {LOGIN} CONNECTION LIMIT 3", f'ALTER ROLE "{LOGIN}" CONNECTION LIMIT 4'
UNSEEN = f"GRANT TRIGGER ON app.users TO {LOGIN}"
UNSEEN_REPAIR = f'REVOKE TRIGGER ON TABLE "app"."users" FROM "{LOGIN}"'


def found(project: Path) -> object:
    """The login's limit, and whether it has the right, by the server's own word."""
    cluster = known(project)
    with psycopg.connect(
        host="localhost", port=cluster["gateway"]["writer"], dbname="faevision", user="postgres",
        sslmode="verify-full", sslrootcert=cluster["ca"], sslcert=cluster["admin_certificate"],
        sslkey=cluster["admin_key"],
    ) as session:  # fmt: skip
        query = "SELECT rolconnlimit, has_table_privilege(oid, 'app.users', 'TRIGGER') FROM pg_roles WHERE rolname = %s"
        return session.execute(query, [LOGIN]).fetchone()


def saved(project: Path, plan: Path) -> str:
    done = make(project, "preview", arguments=f"--save {plan}")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_an_up_does_what_the_saved_preview_said_or_nothing_at_all(project: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    as_administrator(project, SEEN)
    assert SEEN_REPAIR in saved(project, plan)
    as_administrator(project, UNSEEN, database="faevision")

    done = make(project, "up", arguments=f"--plan {plan}")
    told = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in told
    assert "not what the saved plan says (- agreed, + now); look at it, and save a new plan" in told
    assert f"+ {UNSEEN_REPAIR}" in told
    assert found(project) == (3, True), "what was agreed to was not done either"

    assert UNSEEN_REPAIR in saved(project, plan)
    done = make(project, "up", arguments=f"--plan {plan}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert found(project) == (4, False)
