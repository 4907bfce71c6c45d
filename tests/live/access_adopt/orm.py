"""Environments for ORMs from the package registry, made once and kept in the user's cache."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

PACKAGES = ("django==5.2.8", "alembic==1.17.1", "sqlalchemy==2.0.44", "psycopg[binary]==3.2.12")
LONGEST_INSTALL_S = 240


def python() -> Path:
    """The environment's interpreter; skips where the packages cannot be had."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "postgres-platform" / ("orm-" + "-".join(one.split("==")[1] for one in PACKAGES))
    if not (folder / "complete").exists():
        venv.create(folder, clear=True, with_pip=True)
        install = [folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        done = subprocess.run(list(map(str, install)), capture_output=True, text=True, timeout=LONGEST_INSTALL_S)
        if done.returncode != 0:
            pytest.skip(f"the ORMs cannot be had here: {done.stderr[-300:]}")
        (folder / "complete").touch()
    return folder / "bin" / Path(sys.executable).name.replace("python3.11", "python3")


def run(folder: Path, *words: str, **environment: str) -> None:
    """A program of the environment, in `folder`."""
    command = [str(python()), *words]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


DJANGO_SETTINGS = """
import os
SECRET_KEY = "only for a test"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                  "django.contrib.sites", "django.contrib.redirects", "django.contrib.flatpages"]
SITE_ID = 1
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"]}}
"""
ALEMBIC_ENV = """
import os
from alembic import context
from sqlalchemy import create_engine
with create_engine("postgresql+psycopg://").connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""
ALEMBIC_MIGRATION = """
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0001", None


def upgrade():
    op.execute("CREATE SCHEMA billing")
    op.execute("CREATE EXTENSION IF NOT EXISTS citext")
    op.create_table(
        "accounts",
        sa.Column("id", postgresql.UUID, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("kind", sa.Enum("free", "paid", name="account_kind", schema="billing")),
        schema="billing",
    )
    op.create_table(
        "invoices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("account_id", postgresql.UUID, sa.ForeignKey("billing.accounts.id"), index=True),
        schema="billing",
    )
    op.execute("CREATE VIEW billing.totals AS SELECT account_id, count(*) FROM billing.invoices GROUP BY 1")
    op.execute("CREATE FUNCTION billing.one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
"""


def migrate_django(folder: Path, **environment: str) -> None:
    """Django's own applications, by their migrations."""
    (folder / "project_settings.py").write_text(DJANGO_SETTINGS)
    run(folder, "-m", "django", "migrate", "--verbosity", "0", "--settings", "project_settings", **environment)


def migrate_alembic(folder: Path, **environment: str) -> None:
    """A migration that has what migrations have: tables, an enum, an index, a view, a function, an extension."""
    (folder / "scripts/versions").mkdir(parents=True)
    (folder / "scripts/env.py").write_text(ALEMBIC_ENV)
    (folder / "scripts/versions/0001_first.py").write_text(ALEMBIC_MIGRATION)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/scripts\n")
    run(folder, "-m", "alembic", "upgrade", "head", **environment)
