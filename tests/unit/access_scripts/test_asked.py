from __future__ import annotations

from components.access.asked import asked_extensions
from components.access.spec import loads
from components.access.spec.models import Spec
from tests.unit.access_scripts.test_jobs import SPEC


def with_extensions(*names: str, jobs: bool = False) -> Spec:
    text = SPEC if jobs else SPEC[: SPEC.index("    jobs:")]
    listed = ", ".join(f"{name}: {{ optional: true }}" for name in names)
    return loads(f"{text}    extensions: {{ {listed} }}\n", "access.yaml").spec


def test_nothing_asked_for() -> None:
    assert asked_extensions([]) == asked_extensions([with_extensions()]) == frozenset()


def test_all_specs_together_and_pg_cron_for_jobs() -> None:
    specs = [with_extensions("pgcrypto", "pgaudit"), with_extensions("pgaudit", jobs=True)]
    assert asked_extensions(specs) == {"pgcrypto", "pgaudit", "pg_cron"}
