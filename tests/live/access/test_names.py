"""Names and values that mean something in SQL, in every field of a spec: they stay names and values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.access import apply, passwords, preview
from components.access.apply import Options
from components.access.passwords import Verifier
from components.access.session import Target
from components.access.spec.load import loads
from components.access.spec.models import Spec

pytestmark = pytest.mark.live
EVERY_MAJOR = True
NASTY = {
    "a quote": "it's; DROP TABLE canary; --",
    "a double quote": 'x"; DROP TABLE canary; --',
    "a comment": "x */ DROP TABLE canary; /*",
    "a dollar quote": "$$; DROP TABLE canary; $x$",
    "placeholders": "%s %(name)s % {} {0} :org",
    "backslashes": "\\'; DROP TABLE canary; \\x",
    "Unicode": "ünï 漢🐘 \u202e",
    "a keyword": "select",
    "public in capitals": "PUBLIC x",
    "spaces": "  two  spaces  ",
    "the most bytes": "é" * 24,
}


class Nasty:
    """A spec that has the text wherever a text may stand."""

    def __init__(self, mark: str, text: str) -> None:
        self.role, self.owner, self.database = f"{mark}{text}", f"{mark}o{text}", f"{mark}d{text}"
        self.text = text
        lines = {self.role: {"schema": ["usage"], "tables": ["select"], "functions": ["execute"]}}
        self.plain: dict[str, Any] = {
            "version": 1,
            "harden": True,
            "roles": {
                self.owner: {"comment": text},
                self.role: {
                    "login": True,
                    "connection_limit": 3,
                    "password": "secret:word",
                    "comment": text,
                    "settings": {"application_name": text, "search_path": "public", "app.any": text},
                },
            },
            "databases": {
                self.database: {
                    "owner": self.owner,
                    "connect": [self.role],
                    "settings": {self.role: {"app.other": text}},
                    "schemas": {
                        text: {
                            "access": lines,
                            "tables": {text: {self.role: {"select": [text]}}},
                            "sequences": {text + "s": {self.role: ["usage"]}},
                            "types": {text + "t": {self.role: ["usage"]}},
                        },
                        "app": {"access": lines},
                    },
                    "rls": {
                        "see_all": {self.owner: {"why": f"{text} for a test"}},
                        "tables": {"app.t": {text: {"to": [self.role], "using": "n = 1"}}},
                    },
                }
            },
        }

    @property
    def spec(self) -> Spec:
        return loads(json.dumps(self.plain, ensure_ascii=False), "nasty.yaml").spec

    @property
    def verifiers(self) -> dict[str, Verifier]:
        return {self.role: passwords.verifier(f"word {self.text}", key=b"only for this test", role=self.role)}

    def apply(self, target: Target) -> None:
        apply.apply_cluster(target, self.spec, self.verifiers, Options())
        apply.apply_database(target, self.spec, self.database, [], Options())

    def plan(self, target: Target) -> list[str]:
        parts = [
            preview.cluster(target, self.spec, self.verifiers, major=15),
            preview.database(target, self.spec, self.database, [], major=15),
        ]
        return [line for part in parts for line in (*part.problems, *part.statements())]


def named(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_in_every_field(target: Target, mark: str, text: str) -> None:
    nasty = Nasty(mark, text)
    nasty.apply(target)
    place = named(text)
    with target.open(nasty.database) as connection:
        for statement in (
            "CREATE TABLE public.canary ()",
            f"CREATE TABLE {place}.{place} ({place} int, other int)",
            f"CREATE SEQUENCE {place}.{named(text + 's')}",
            f"CREATE DOMAIN {place}.{named(text + 't')} AS int",
            f"CREATE FUNCTION {place}.{place}() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE TABLE app.t (n int)",
            "INSERT INTO app.t VALUES (1), (2)",
        ):
            connection.execute(statement.encode())
        for table in (f"{place}.{place}", "app.t"):
            connection.execute(f"ALTER TABLE {table} OWNER TO {named(nasty.owner)}".encode())
    nasty.apply(target)
    assert nasty.plan(target) == []
    with target.open(nasty.database) as connection:
        assert connection.execute("SELECT to_regclass('public.canary') IS NOT NULL").fetchone() == (True,)
        found = connection.execute(
            "SELECT rolconfig, shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = %s", [nasty.role]
        ).fetchone()
        assert found is not None
        assert {f"application_name={text}", f"app.any={text}"} <= set(found[0])
        assert found[1] == text
        connection.execute(f"SET LOCAL ROLE {named(nasty.role)}".encode())
        assert connection.execute(b"SELECT * FROM app.t").fetchall() == [(1,)]
        connection.execute(f"SELECT {place} FROM {place}.{place}".encode())
        row = connection.execute("SELECT polname FROM pg_policy WHERE polname = %s", [text]).fetchone()
        assert row == (text,)
