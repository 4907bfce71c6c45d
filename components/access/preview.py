"""What an apply would do, and how a person is shown it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg

from components.access import failures, inspect, jobs, reading, reconnecting, run_jobs
from components.access.apply import pending_scripts, wanted_jobs
from components.access.model import HAZARDS, Phase, Plan, Server
from components.access.passwords import Verifier
from components.access.scripts import Script
from components.access.session import Connection, Target
from components.access.spec.models import Spec

NO_CRON = "left out: this server runs without pg_cron; run them by any other timer"


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A plan, the scripts that run between its DEFAULTS and its RIGHTS, and the statements on jobs after it."""

    what: str
    plan: Plan
    scripts: tuple[Script, ...] = ()
    jobs: tuple[str, ...] = ()
    reachable: bool = True
    of_nothing: bool = False  # planned against an empty database, since there is none yet
    owner: str = ""
    reconnect: str | None = None  # since when poolers have to be told to, by a run that did not get so far
    unreached: str = ""  # why nobody could be asked

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.plan.statements or self.scripts or self.jobs or self.reconnect)

    @property
    def problems(self) -> tuple[str, ...]:
        """What forbids to begin; what waiting scripts may cure is none yet."""
        return (*self.plan.problems, *(() if self.scripts else self.plan.curable))

    def statements(self) -> list[str]:
        """Everything that would run, in order, as it may be shown."""
        before = self.plan.of(Phase.STRUCTURE, Phase.APART, Phase.DEFAULTS)
        ran = [f"script {script.name} as {self.owner}" for script in self.scripts]
        after = self.plan.of(Phase.RIGHTS, Phase.RETIRE)
        return [*map(str, before), *ran, *map(str, after), *self.jobs, *self.orders()]

    def orders(self) -> list[str]:
        """What the poolers have still to be told."""
        return [f"RECONNECT on the poolers, which a run of {self.reconnect} has not told"] if self.reconnect else []


def cluster(
    target: Target,
    spec: Spec,
    verifiers: Mapping[str, Verifier],
    *,
    major: int,
    sent: Mapping[str, str] | None = None,
) -> Preview:
    """Roles and databases; against an empty server where there is none to ask."""
    try:
        with target.open() as connection:
            plan = reading.cluster_plan(connection, spec, verifiers, sent)
            return Preview(what="roles", plan=plan)
    except psycopg.OperationalError as error:
        if not failures.unreachable(error):
            raise
        plan = reading.empty_cluster_plan(spec, verifiers, major)
        return Preview(what="roles", plan=plan, reachable=False, unreached=failures.away(error))


def database(
    target: Target, spec: Spec, name: str, found: Sequence[Script], *, major: int, poolers: bool = False
) -> Preview:
    """One database; against an empty one where there is none to ask."""
    with ExitStack() as held:
        try:
            connection = held.enter_context(target.open())
            there = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount
            server = Server() if there else inspect.server(connection, spec.databases[name].extensions)
        except psycopg.OperationalError as error:
            if not failures.unreachable(error):
                raise
            server = Server(version=major * 10000)
            return _of_nothing(spec, name, found, server, unreached=failures.away(error))
        if not there:
            return _of_nothing(spec, name, found, server)
        own = held.enter_context(target.open(name))
        state = reading.database_state(own, spec, name, journal=bool(found))
        since = reconnecting.marked(own, name).get(name) if poolers else None
        home = state.facts.server.cron_database
        at_hand = {None: None, target.maintenance: connection, name: own}
        cron = at_hand[home] if home in at_hand else held.enter_context(target.open(home))
        told, left_out = job_statements(cron, spec, name)
    waiting = pending_scripts(found, state.facts.journal)
    plan = state.plan.with_notes(left_out)
    owner = spec.databases[name].owner
    return Preview(what=f"database {name}", plan=plan, scripts=waiting, jobs=told, owner=owner, reconnect=since)


def _of_nothing(spec: Spec, name: str, found: Sequence[Script], server: Server, unreached: str = "") -> Preview:
    plan, reachable = reading.empty_database(spec, name, server).plan, not unreached
    told = jobs.statements(name, wanted_jobs(spec, name), jobs.plan(wanted_jobs(spec, name), {}))
    return Preview(
        what=f"database {name}",
        plan=plan,
        scripts=tuple(found),
        jobs=tuple(statement.as_string(None) for statement in told) if server.cron_database or not reachable else (),
        reachable=reachable,
        of_nothing=True,
        unreached=unreached,
        owner=spec.databases[name].owner,
    )


def job_statements(cron: Connection | None, spec: Spec, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What pg_cron has to be told; and what is left out for want of it. `cron` is a session where pg_cron lives."""
    wanted = wanted_jobs(spec, name)
    if cron is None:
        return (), (f"jobs {', '.join(sorted(wanted))} are {NO_CRON}",) if wanted else ()
    changes = jobs.plan(wanted, run_jobs.scheduled(cron, name))
    return tuple(one.as_string(None) for one in jobs.statements(name, wanted, changes)), ()


def digest(previews: Iterable[Preview]) -> str:
    """Of all that would be sent; equal digests do the same."""
    parts = [part for one in previews for part in (one.plan.digest, *(s.sha256 for s in one.scripts), *one.jobs)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def lines(preview: Preview, pooled_lifetime: int | None = None) -> Iterator[str]:
    """The preview as text: every statement with its reason, in the order in which they run.

    `pooled_lifetime`: after how many seconds poolers reconnect that cannot be told to.
    """
    plan = preview.plan
    counts = [f"{len(plan.statements)} statements"] if plan.statements else []
    counts += [f"{len(preview.scripts)} scripts"] if preview.scripts else []
    counts += [f"{len(preview.jobs)} changes of jobs"] if preview.jobs else []
    where = "" if preview.reachable else " (planned against an empty server, none could be reached)"
    yield f"{preview.what}: {', '.join(counts) or 'nothing to do'}{where}"
    if preview.unreached:
        yield f"  not reached: {preview.unreached}"
    for statement in plan.of(Phase.STRUCTURE, Phase.APART, Phase.DEFAULTS):
        yield f"  {statement.display()};  -- {statement.why}"
    for script in preview.scripts:
        yield f"  run script {script.name} as {preview.owner};  -- {len(script.statements)} statements"
    for statement in plan.of(Phase.RIGHTS, Phase.RETIRE):
        yield f"  {statement.display()};  -- {statement.why}"
    if preview.scripts:
        yield "  then rights and row policies on what the scripts make"
    yield from (f"  {statement};" for statement in preview.jobs)
    yield from (f"  {order}" for order in preview.orders())
    if pooled_lifetime and preview.changes and preview.reachable and not preview.of_nothing:
        yield f"  pooled sessions cannot be told to RECONNECT here: they are as before for up to {pooled_lifetime} s"
    yield from (f"  hazard {one.hazard}: {HAZARDS[one.hazard]}" for one in plan.statements if one.hazard)
    yield from (f"  note: {note}" for note in plan.notes)
    yield from (f"  pending: {note}" for note in plan.pending)
    if preview.scripts:
        yield from (f"  after the scripts this must hold: {problem}" for problem in plan.curable)
