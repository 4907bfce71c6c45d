"""Storage arithmetic: each rule with its message, and gp3 against the rules written another way."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.settings.rds.rules.storage import gp3_problems, growth_problem, provisioned_problems
from tests.unit.settings.rds.stacks import advised, problems, settings

AT = "rds.storage"
SIZES = st.integers(1, 70000)
MAYBE_IOPS, MAYBE_THROUGHPUT = st.none() | st.integers(1, 300000), st.none() | st.integers(1, 5000)


def gp3_is_good(size: int, iops: int | None, throughput: int | None) -> bool:
    """AWS's table of gp3 for PostgreSQL, read as a table."""
    if not 20 <= size <= 65536:
        return False
    if size < 400:
        return iops is None and throughput is None
    real_iops, real_throughput = iops or 12000, throughput or 500
    return (
        12000 <= real_iops <= 64000
        and 500 <= real_throughput <= 4000
        and Fraction(real_throughput, real_iops) <= Fraction(1, 4)
        and Fraction(real_iops, size) <= 500
    )


@given(SIZES, MAYBE_IOPS, MAYBE_THROUGHPUT)
def test_gp3(size: int, iops: int | None, throughput: int | None) -> None:
    assert (list(gp3_problems(size, iops, throughput)) == []) == gp3_is_good(size, iops, throughput)


@given(st.sampled_from(["io1", "io2"]), SIZES, MAYBE_IOPS)
def test_provisioned(kind: str, size: int, iops: int | None) -> None:
    good = iops is not None and 100 <= size <= 65536 and 1000 <= iops <= 256000 and size <= 2 * iops <= 100 * size
    assert (list(provisioned_problems(kind, size, iops, None)) == []) == good


@given(st.integers(20, 65536), st.integers(20, 65536))
def test_growth(old: int, new: int) -> None:
    good = new == old or Fraction(new, old) >= Fraction(11, 10)
    assert (growth_problem(old, new) is None) == good


@pytest.mark.parametrize(
    "storage, field, message",
    [
        pytest.param({"size": 19}, "size", "found 19 GiB; gp3 has 20 to 65536 GiB", id="gp3 too small"),
        pytest.param(
            {"iops": 3000},
            "iops",
            "found 3000; below 400 GiB gp3 has its 3000 and takes no other; remove it, or raise size to 400",
            id="gp3 iops below 400",
        ),
        pytest.param(
            {"throughput": 250},
            "throughput",
            "found 250; below 400 GiB gp3 has its 125 MiB/s and takes no other; remove it, or raise size to 400",
            id="gp3 throughput below 400",
        ),
        pytest.param(
            {"size": 400, "iops": 3000},
            "iops",
            "found 3000; gp3 of 400 GiB and more takes 12000 to 64000, or nothing for the default",
            id="gp3 iops too few",
        ),
        pytest.param(
            {"size": 400, "throughput": 4001, "iops": 64000},
            "throughput",
            "found 4001; allowed is a whole number from 1 to 4000",
            id="throughput beyond any",
        ),
        pytest.param(
            {"size": 400, "throughput": 499},
            "throughput",
            "found 499 MiB/s; gp3 of 400 GiB and more takes 500 to 4000 MiB/s, or nothing for the default",
            id="gp3 throughput too little",
        ),
        pytest.param(
            {"size": 400, "throughput": 3500},
            "throughput",
            "found 3500 MiB/s; 12000 IOPS allow 3000 (a quarter); lower it, or raise iops to 14000",
            id="gp3 ratio",
        ),
        pytest.param({"type": "io1"}, "iops", "is missing; io1 of 100 GiB needs 1000 to 5000", id="io1 without iops"),
        pytest.param(
            {"type": "io2", "size": 200, "iops": 20000},
            "iops",
            "found 20000; io2 of 200 GiB takes 1000 to 10000 (0.5 to 50 for each GiB)",
            id="io2 ratio",
        ),
        pytest.param(
            {"type": "io1", "size": 99, "iops": 1000},
            "size",
            "found 99 GiB; io1 has 100 to 65536 GiB",
            id="io1 too small",
        ),
        pytest.param(
            {"type": "io1", "iops": 1000, "throughput": 500},
            "throughput",
            "found 500; io1 takes none, it follows from iops; remove it",
            id="io1 throughput",
        ),
        pytest.param(
            {"type": "aurora"},
            "type",
            "found aurora; topology instance takes gp3, io1 or io2; change one of the two",
            id="Aurora's for an instance",
        ),
        pytest.param(
            {"max": 109},
            "max",
            "found 109; 100 GiB need 110 or more (10 % above size, or RDS refuses); raise it,"
            " or set 0 and the storage does not grow",
            id="no room to grow",
        ),
    ],
)
def test_a_bad_volume_is_told(storage: dict[str, Any], field: str, message: str) -> None:
    assert problems({"storage": storage}) == {f"{AT}.{field}": message}


def test_a_cluster_does_not_grow_by_itself() -> None:
    found = problems({"topology": "cluster", "instance_class": "db.m6gd.large", "storage": {"max": 200}})
    assert found == {
        "rds.storage.max": "does not apply: the storage of a Multi-AZ DB cluster does not grow by itself; remove it"
    }


def test_auroras_storage_is_not_sized() -> None:
    message = "does not apply: Aurora's storage grows and is paid by use; remove it"
    found = problems({"topology": "aurora", "storage": {"size": 100, "max": 200, "iops": 3000}})
    assert found == {f"rds.storage.{field}": message for field in ("size", "max", "iops")}
    assert problems({"topology": "aurora", "storage": {"type": "aurora-iopt1"}}) == {}


def test_the_ceiling_is_twice_the_size_unless_said() -> None:
    assert settings().rds.storage.ceiling == 200
    assert settings({"storage": {"max": 0}}).rds.storage.ceiling is None
    assert settings({"storage": {"max": 1000}}).rds.storage.ceiling == 1000


def test_too_little_room_is_unwise() -> None:
    assert advised({"storage": {"max": 120}}) == {
        "rds.storage.max": "is 120, so close to size that one step of growth may not fit; 126 or more is better"
    }
    assert advised({"storage": {"max": 126}}) == {}
    assert "a full disk stops the database" in advised({"storage": {"max": 0}})["rds.storage.max"]


def test_growth_is_told_with_what_is_possible() -> None:
    assert growth_problem(100, 99) == (
        "found 99 GiB; it is 100 now and storage never shrinks; keep 100, or move the data to a new database"
    )
    assert (
        growth_problem(100, 105) == "found 105 GiB; it is 100 now and grows by 10 % or more at a time; take 110 or more"
    )
