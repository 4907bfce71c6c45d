"""Every failure once, under writers in a pod: no acknowledged row is lost, and writes are back in time."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.report import table
from tests.live.kubernetes.chaos import LIMITS, run
from tests.live.kubernetes.client import ROUTES
from tests.live.kubernetes.faults import FAULTS, NEED_LAB
from tests.live.kubernetes.lab import Kubectl, Lab
from tests.live.kubernetes.platform import Platform, applied

pytestmark = [pytest.mark.live, pytest.mark.chaos, pytest.mark.long, pytest.mark.timeout(1800)]
SLACK = 2.0  # times the limit of a median: this is one event, on a machine that runs other tests


@pytest.fixture(scope="module")
def platform(kubeconfig: Path) -> Iterator[Platform]:
    with applied(Kubectl(kubeconfig, f"test-failures-{secrets.token_hex(3)}")) as made:
        yield made


def test_no_failure_loses_a_row_or_stops_writes_for_long(platform: Platform, kubeconfig: Path) -> None:
    lab = Lab.of(kubeconfig)
    faults = [fault for fault in FAULTS if lab is not None or fault not in NEED_LAB]
    outages, audit = run(platform, lab, faults, 1, print)
    print(table(outages, list(ROUTES), LIMITS))
    assert audit.acknowledged > 100
    assert audit.lost == []
    slow = {
        fault: outages.of(fault, "pooled")
        for fault in faults
        if max(outages.of(fault, "pooled")) > LIMITS[fault] * SLACK
    }
    assert slow == {}
