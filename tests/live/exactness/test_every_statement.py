"""Applies of random worlds that end after every single statement: the old state each time, or one that is resumed."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, note, reject, settings

from components.access import apply, session
from components.access.apply import Options
from components.access.failures import AccessError
from components.access.session import Target
from components.access.spec.load import loads
from components.access.spec.models import Spec
from tests.live.exactness import catalogue
from tests.live.exactness.ending import ENDINGS, Interrupter
from tests.live.exactness.judge import Judge
from tests.live.exactness.test_exactness import ALLOW, administrator_of, once, plan, reason, standing
from tests.live.exactness.things import DATABASE, OLD, marked
from tests.live.exactness.worlds import World, worlds

pytestmark = pytest.mark.live

WORLDS = int(os.environ.get("EXACTNESS_EVERY_WORLDS", "3"))
LEAST_STATEMENTS = 12  # of the state before: emptier worlds have little to be done, and so little to be interrupted
MOST_ENDINGS = 600


class Ended:
    """Ends an apply everywhere, in turn in each way; counts how often."""

    def __init__(self, target: Target, look: Callable[[], list[str]]) -> None:
        self.target, self.look, self.times = target, look, 0
        self._ways = itertools.cycle(ENDINGS)

    def everywhere(self, work: Callable[[], object], *, in_one: bool) -> None:
        """Until it comes to its end. What was committed moves the beginning, so all that can be left is gone on from.

        `in_one` says that it is one transaction, of which nothing may be left.
        """
        at, before = 1, self.look()
        while self._ended(work, at):
            self.times += 1
            assert self.times < MOST_ENDINGS, "this apply does not come to an end"
            now = self.look()
            assert now == before or not in_one, sorted(set(now) ^ set(before))
            at, before = (at + 1, before) if now == before else (1, now)

    def _ended(self, work: Callable[[], object], at: int) -> bool:
        one = Interrupter(self.target, at, next(self._ways))
        with pytest.MonkeyPatch.context() as patch:
            one.into(patch)
            patch.setattr(session, "retried", once)
            try:
                work()
            except psycopg.Error:
                assert one.happened
                return True
        assert not one.happened, "an ended session was not noticed"
        return False


def walked(target: Target, administrator: Target, spec: Spec, mark: str, world: World) -> int:
    """Roles first, then the database, as an apply does; how often it was ended."""
    name, options = marked(DATABASE, mark), Options(allow=ALLOW)

    def look() -> list[str]:
        return [*catalogue.shared(target, mark), *catalogue.everything(target, name)]

    ended = Ended(target, look)
    ended.everywhere(
        lambda: apply.apply_cluster(administrator, spec, {}, options), in_one=OLD not in world.spec["roles"]
    )
    ended.everywhere(lambda: apply.apply_database(administrator, spec, name, [], options), in_one=True)
    assert plan(administrator, spec, mark) == []
    return ended.times


def test_an_apply_that_ends_after_any_statement(target: Target, mark: str) -> None:
    ended: list[int] = []

    @settings(max_examples=WORLDS, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
    @given(world=worlds().filter(lambda world: len(world.prior) >= LEAST_STATEMENTS))
    def each(world: World) -> None:
        with standing(target, mark, world) as own:
            administrator, text = administrator_of(target, world, own)
            note(text)
            judge = Judge(target, own, world)
            try:
                ended.append(walked(target, administrator, loads(text, "world.yaml").spec, own, world))
            except AccessError as error:
                assert reason(world, str(error), own), error
                reject()  # nothing was begun, so nothing could be ended; another world in its place
            judge.look()

    each()
    assert len(ended) >= WORLDS and min(ended) > 0, ended
    print(f"{len(ended)} worlds, applies ended {sum(ended)} times: {ended}")
