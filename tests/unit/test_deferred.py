"""What a program only declares, it does not load; what its state names can be found again."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from types import ModuleType

import dill
import pytest
from pulumi import dynamic

from components import deferred
from components.access import resources as access
from components.deferred import Deferred
from components.kubernetes import early
from components.kubernetes import resources as kubernetes

ROOT = Path(__file__).parent.parent.parent
PLACES = (access.ROLES, access.DATABASE, kubernetes.AUTHORITY, kubernetes.CERTIFICATES, kubernetes.CONFIGURATION)


@pytest.mark.parametrize("place", PLACES)
def test_what_is_named_is_a_provider_that_takes_no_arguments(place: str) -> None:
    module, _, name = place.partition(":")
    assert isinstance(getattr(import_module(module), name)(), dynamic.ResourceProvider)


def test_every_call_that_the_engine_makes_is_passed_on() -> None:
    own = {name for name, each in vars(dynamic.ResourceProvider).items() if inspect.isfunction(each)}
    assert own - {"__init__"} <= vars(Deferred).keys()


def test_a_call_reaches_it_after_the_way_through_a_state() -> None:
    provider = dill.loads(dill.dumps(Deferred(kubernetes.CERTIFICATES)))  # noqa: S301  our own
    assert isinstance(provider.check({}, {"leaves": "[]"}), dynamic.CheckResult)


def test_what_a_state_holds_from_before_ways_were_opened_is_read_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    older = Deferred(kubernetes.CONFIGURATION)
    del older.early
    kept: Deferred = dill.loads(dill.dumps(older))  # noqa: S301  our own
    provider = import_module(kubernetes.CONFIGURATION.partition(":")[0]).ConfigurationProvider
    monkeypatch.setattr(provider, "read", lambda _self, id_, props: dynamic.ReadResult(id_, props))
    assert vars(kept) == {"place": kubernetes.CONFIGURATION}
    assert kept.read("main", {"spec": "{}"}).id == "main"


@pytest.mark.parametrize("name", ["RolesProvider", "DatabaseProvider"])
def test_the_state_of_an_earlier_release_finds_its_provider(name: str) -> None:
    assert getattr(access, name).__name__ == name
    with pytest.raises(AttributeError):
        access.__getattr__("OtherProvider")


def loaded(modules: Sequence[str], unwanted: Sequence[str]) -> list[str]:
    """Which of the unwanted modules these bring with them."""
    program = f"import {', '.join(modules)}, sys; print(*[one for one in {list(unwanted)} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_program_of_a_stack_in_pods_loads_neither_drivers_nor_planners() -> None:
    names = ("components.platforms", "components.access.provider", "components.kubernetes.cluster")
    assert loaded(names, ("psycopg", "cryptography", "components.access.plan", "components.patroni.rest")) == []


def test_providers_do_not_load_what_checks_a_stacks_settings() -> None:
    assert loaded([place.partition(":")[0] for place in PLACES], ("components.settings.model",)) == []


def test_calls_at_once_load_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine makes four at a time. Imports of one package from both ends ended with _DeadlockError now and then."""
    loading, most = 0, 0

    def load(_module: str) -> ModuleType:
        nonlocal loading, most
        loading += 1
        most = max(most, loading)
        time.sleep(0.01)
        loading -= 1
        return early

    monkeypatch.setattr(deferred, "import_module", load)
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(deferred._named, ["any:ways"] * 8)) == [early.ways] * 8
    assert most == 1


def test_ways_open_before_the_provider_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(early, "begin", lambda _route, endpoint: begun.append(str(endpoint)))
    spec = {
        "route": {"kind": "port-forward", "namespace": "postgres-main"},
        "members": {"pg-0": {"host": "pg-0.pg.postgres-main.svc"}, "pg-1": {"host": "pg-1.pg.postgres-main.svc"}},
    }
    for more in ({"asleep": True}, {"asleep": False, "door": {"host": "h"}}, {"asleep": False}):
        early.ways({"spec": json.dumps({**spec, **more})})
        begun.append("-")
    member, writer = "pg-0.pg.postgres-main.svc:8008", "pg-rw.postgres-main.svc:5432"
    assert begun == ["-", member, "-", member, writer, "-"]
    module, _, name = kubernetes.WAYS.partition(":")
    assert getattr(import_module(module), name) is early.ways
