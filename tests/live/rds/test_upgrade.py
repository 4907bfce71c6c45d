"""A major upgrade through the real engine: the databases are asked before AWS is, and what they answer decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.rds.emulator import emulator
from tests.live.rds.server import major, rds_server
from tests.live.rds.whole import Whole
from tests.ports import free_port

pytestmark = pytest.mark.live
BARE: dict[str, Any] = {"pooler": {"kind": "none"}, "windows": {"apply_immediately": True}}
NEXT = major() + 1
SAID: dict[str, Any] = {**BARE, "upgrade": {"from": major(), "to": NEXT}}

NEXT_ONE: dict[str, Any] = {"access": [], "major": NEXT, "allow": []}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Tests of this file run in their order, on one stack without access specs."""
    with rds_server() as server, emulator() as address:
        made = Whole(tmp_path_factory.mktemp("upgrade"), address, server, free_port())
        made.run("up", BARE, access=[])
        yield made


def refused(stack: Whole, verb: str) -> str:
    with pytest.raises(Exception, match=r"would stop the upgrade|could not be asked") as caught:
        stack.run(verb, SAID, **NEXT_ONE)
    return " ".join(str(caught.value).split())


def version(stack: Whole) -> str:
    """Of the primary; RDS takes its replicas along, moto does not."""
    rows = stack.client("rds").describe_db_instances()["DBInstances"]
    (primary,) = (one for one in rows if "ReadReplicaSourceDBInstanceIdentifier" not in one)
    return str(primary["EngineVersion"]).partition(".")[0]


@pytest.mark.parametrize("verb", ["preview", "up"])
def test_what_would_stop_it_ends_the_run_before_aws_is_told(stack: Whole, verb: str) -> None:
    """`up` of the Automation API skips the preview, so both are looked at."""
    with stack.superuser().open(autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS public.t (how regproc)")
    said = refused(stack, verb)
    assert f"rds: upgrade: 1 object would stop the upgrade from {major()} to {NEXT}; nothing was begun:" in said
    assert "postgres: column how of table public.t (regproc) holds numbers of the old catalogue" in said
    assert "ALTER TABLE public.t ALTER COLUMN how TYPE text or oid, or drop the column" in said
    assert version(stack) == str(major())


def test_an_upgrade_may_go_on_unchecked_by_name(stack: Whole) -> None:
    _, said = stack.run("preview", SAID, **{**NEXT_ONE, "allow": ["unchecked-upgrade"]})
    assert "rds: upgrade: stops the upgrade: postgres: column how of table public.t" in said


def test_what_cannot_be_asked_is_not_begun(stack: Whole) -> None:
    wrong = {**SAID, "ca_bundle": "tests/live/rds/no-such-file.crt"}
    with pytest.raises(Exception, match="could not be asked") as caught:
        stack.run("preview", wrong, **NEXT_ONE)
    assert "no-such-file.crt" in str(caught.value)


def test_with_nothing_in_the_way_it_is_ordered(stack: Whole) -> None:
    with stack.superuser().open(autocommit=True) as connection:
        connection.execute("DROP TABLE public.t")
    _, said = stack.run("preview", SAID, **NEXT_ONE)
    assert "databases stops an upgrade" in said or "database stops an upgrade" in said
    stack.run("up", SAID, **NEXT_ONE)
    assert version(stack) == str(NEXT)
