"""What the engine needs to run a program against an emulated cloud; imports nothing of the platform, for the bench."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from pulumi import automation

from tests import plugins
from tools.setup.pulumi import search_path, usable

PROJECT = Path(__file__).resolve().parents[3]
Program = Callable[[], None]


def environment(home: Path, address: str) -> dict[str, str]:
    """Of the engine and of what it starts: the stand-in provider is found on PATH, state lies below `home`."""
    program = usable()
    assert program is not None, "the set-up brings the Pulumi CLI"
    path = [str(PROJECT / ".venv/bin"), *search_path(program.parent), str(plugins.folder("aws"))]
    return {
        "PATH": os.pathsep.join([*path, os.environ["PATH"]]),
        "PYTHONPATH": str(PROJECT),
        "PULUMI_BACKEND_URL": (home / "backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "only for this test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "POSTGRES_PLATFORM_TEST_AWS": address,
    }


def workspace(home: Path, known: dict[str, str], program: Program) -> automation.Stack:
    """The stack `test`, made if need be."""
    for name in ("backend", "work"):
        (home / name).mkdir(exist_ok=True)
    os.environ.update(known)
    options = automation.LocalWorkspaceOptions(work_dir=str(home / "work"), env_vars=known)
    return automation.create_or_select_stack("test", project_name="postgres-platform", program=program, opts=options)
