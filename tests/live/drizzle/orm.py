"""A real Drizzle, from the package registry: kept in the user's cache; makes a migration of a schema and runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.setup.places import cache

PACKAGES = {"drizzle-orm": "0.45.4", "drizzle-kit": "0.31.11", "pg": "8.23.1"}
LONGEST_INSTALL_S = 240
HERE = Path(__file__).parent
# What the ORM's language has no word for goes into a migration of one's own, as its manual says.
OWN = "CREATE UNIQUE INDEX species_statistics_species_id_idx ON app.species_statistics (species_id);\n"


def installed() -> Path:
    """The folder of its packages; skips where they cannot be had."""
    folder = cache() / ("orm-drizzle-" + "-".join(PACKAGES.values()))
    npm = shutil.which("npm")
    if not (folder / "complete").exists():
        if npm is None:
            pytest.skip("Drizzle needs npm")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": PACKAGES}))
        install = [npm, "install", "--no-audit", "--no-fund", "--silent"]
        done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=LONGEST_INSTALL_S)
        if done.returncode != 0:
            pytest.skip(f"Drizzle cannot be had here: {done.stderr[-300:]}")
        (folder / "complete").touch()
    return folder


def migrate(folder: Path, **environment: str) -> None:
    """aves' tables, by a migration that drizzle-kit makes and drizzle-orm runs, as the login of libpq's variables."""
    (folder / "node_modules").symlink_to(installed() / "node_modules")
    for name in ("schema.mjs", "migrate.mjs"):
        shutil.copy(HERE / name, folder)
    kit = ["node_modules/.bin/drizzle-kit", "generate", "--dialect", "postgresql"]
    kit += ["--schema", "schema.mjs", "--out", "drizzle"]
    _run(folder, kit, environment)
    _run(folder, [*kit, "--custom", "--name", "unique"], environment)
    [own] = (folder / "drizzle").glob("*_unique.sql")
    own.write_text(OWN)
    _run(folder, ["node", "migrate.mjs"], environment)


def _run(folder: Path, command: list[str], environment: dict[str, str]) -> None:
    whole = {**os.environ, **environment}
    done = subprocess.run(command, cwd=folder, env=whole, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
