"""A database's row policies in words that the referee's prover knows.

It has no rule for NULLIF, so that it gives up on each policy that reads a setting NULL-safely. In a copy of the
database `nullif(current_setting(x), '')` becomes `current_setting(x)`. What is proven of the copy holds of the
original: the prover takes the setting for NULL (nobody is logged in) or for any value at all (somebody is), and what
NULLIF gives is one of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg

from components.access.row_policies import SEE_ALL
from components.access.spec.databases import Database
from tests.live.seeds.scratch import Scratch

NULLIF = re.compile(r"NULLIF\((current_setting\('[^']*'::text, true\)), ''::text\)")
SCOPED = re.compile(r'^"?(\w+)"? = (:\w+|\(SELECT ([\w.]+)\(\)\))$')
POLICIES = """
SELECT format('ALTER POLICY %I ON %s ', polname, polrelid::regclass), pg_get_expr(polqual, polrelid),
       pg_get_expr(polwithcheck, polrelid) FROM pg_policy
"""


def copied(server: Scratch, name: str) -> str:
    """The name of such a copy."""
    with psycopg.connect(server.admin(), autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name}_in_its_words TEMPLATE {name}".encode())
    with psycopg.connect(server.admin(f"{name}_in_its_words")) as session:
        for alter, *expressions in session.execute(POLICIES).fetchall():
            for word, text in zip(("USING", "WITH CHECK"), expressions, strict=True):
                if text and NULLIF.search(text):
                    plainer = NULLIF.sub(r"\1", text)
                    session.execute(f"{alter} {word} ({plainer})".encode())
        left = session.execute("SELECT count(*) FROM pg_policies WHERE qual ~ 'NULLIF' OR with_check ~ 'NULLIF'")
        assert left.fetchone() == (0,)
    return f"{name}_in_its_words"


def axes(database: Database) -> tuple[list[str], list[str]]:
    """The columns that the spec's rules compare with who is there, and the functions that tell who that is."""
    rls = database.rls
    texts = [policy.using for own in (rls.tables.values() if rls else ()) for policy in own.values() if policy.using]
    texts += [rls.tenant.using] if rls and rls.tenant else []
    found = [match for text in texts if (match := SCOPED.match(text))]
    return sorted({match[1] for match in found}), sorted({match[3] for match in found if match[3]})


def unproven(found: Mapping[str, Any]) -> Iterator[str]:
    """schema.table.policy of what the prover could not decide, but of `see_all`, which admits all for its `why`."""
    for table in found["tables"]:
        for policy in table["policies"]:
            if policy["verdict"] != "isolated" and not policy["policy"].startswith(SEE_ALL):
                yield f"{table['table']}.{policy['policy']}"
