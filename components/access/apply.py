"""Makes a server what a spec wants: one lock for all runs, one transaction a database, a last look before commit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from components.access import (
    failures,
    jobs,
    pipeline,
    reconnecting,
    retire,
    run_jobs,
    run_scripts,
    scripts,
    session,
)
from components.access.failures import AccessError
from components.access.jobs import Job
from components.access.model import HAZARDS, Phase, Plan, Statement
from components.access.passwords import Verifier
from components.access.reading import State, cluster_plan, database_state
from components.access.scripts import Batches, Script
from components.access.session import Connection, Target
from components.access.silence import digests, silence
from components.access.spec.models import Spec

Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """`allow` names accepted hazards; `digest` is of the plan that was agreed to (None: whatever the plan is now)."""

    allow: frozenset[str] = frozenset()
    digest: str | None = None
    report: Report = lambda _: None
    sent: Mapping[str, str] | None = None  # digests of the passwords sent before, as `roles.wanted` takes them
    poolers: bool = False  # sessions are pooled: mark what makes them stale, for `reconnecting.settle`
    told: Callable[[str], str] = str  # a problem as whoever has the spec's file tells it


@dataclass(frozen=True, kw_only=True)
class Done:
    """What ran."""

    statements: tuple[Statement, ...] = ()
    scripts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()


def apply_cluster(target: Target, spec: Spec, verifiers: Mapping[str, Verifier], options: Options) -> Done:
    """Roles, memberships, settings and databases; again from a fresh read after trouble that passes."""
    return session.retried(lambda: _cluster_once(target, spec, verifiers, options), options.report)


def apply_database(target: Target, spec: Spec, name: str, found: Sequence[Script], options: Options) -> Done:
    """Schemas, extensions, scripts, rights, row policies and jobs of one database, which must be there."""
    done, home = session.retried(lambda: _database_once(target, spec, name, found, options), options.report)
    if home is not None:
        session.retried(lambda: _jobs_once(target, spec, name, home), options.report)
    return done


def _jobs_once(target: Target, spec: Spec, name: str, home: str) -> None:
    wanted = wanted_jobs(spec, name)
    with session.lock(target), target.open(home) as connection:
        session.limits(connection)
        run_jobs.apply(connection, name, wanted, jobs.plan(wanted, run_jobs.scheduled(connection, name)))


def _cluster_once(target: Target, spec: Spec, verifiers: Mapping[str, Verifier], options: Options) -> Done:
    with session.lock(target) as held:
        plan = cluster_plan(held.connection, spec, verifiers, options.sent)
        agreed(plan, options)
        if not plan.statements:
            return Done(notes=plan.notes, pending=plan.pending)
        stale = tuple(spec.databases) if options.poolers else ()
        # Only a new database, which no transaction can hold, makes two transactions of one.
        apart = plan.of(Phase.APART)
        first = plan.of(Phase.STRUCTURE) if apart else plan.of(Phase.STRUCTURE, Phase.DEFAULTS)
        told = _first(target, first, held, verifiers, stale=stale)
        if apart:
            _apart(target, apart)
            _later(target, plan.of(Phase.DEFAULTS), held)
        retire.run(target, plan.of(Phase.RETIRE), run, held.check)
        left = cluster_plan(held.connection, spec, verifiers, None if options.sent is None else digests(verifiers))
        settled(left)
    return Done(statements=plan.statements, notes=(*left.notes, *told), pending=left.pending)


def _first(
    target: Target,
    statements: Sequence[Statement],
    held: session.Held,
    verifiers: Mapping[str, Verifier],
    *,
    stale: Sequence[str],
) -> tuple[str, ...]:
    """The first transaction on roles; tells where `verifiers` could not be kept out of logs. It marks databases as
    `stale`.
    """
    if not statements and not stale:
        return ()
    with target.open() as connection:
        session.limits(connection)
        told = silence(connection) if verifiers else ()
        run(connection, statements)
        reconnecting.mark(connection, *stale)
        held.check()
    return told


def _later(target: Target, statements: Sequence[Statement], held: session.Held) -> None:
    if statements:
        with target.open() as connection:
            session.limits(connection)
            run(connection, statements)
            held.check()


def _apart(target: Target, statements: Sequence[Statement]) -> None:
    with target.open(autocommit=True) as connection:
        for statement in statements:
            _run_apart(connection, statement)


def _database_once(
    target: Target, spec: Spec, name: str, found: Sequence[Script], options: Options
) -> tuple[Done, str | None]:
    """What ran, and the database that pg_cron lives in."""
    with session.lock(target) as held:
        with target.open(name) as connection:
            session.limits(connection)
            state = database_state(connection, spec, name, journal=bool(found))
            waiting = pending_scripts(found, state.facts.journal)
            batches = scripts.batches(waiting)
            done, state = _main(connection, target, spec, name, state, batches, options, held)
            held.check()
        if batches.after:
            with target.open(name, autocommit=True) as connection:
                for script in batches.after:
                    run_scripts.run_apart(connection, script, spec.databases[name].owner)
            with target.open(name) as connection:
                session.limits(connection)
                more, state = _finish(connection, spec, name, state, options, again=True)
                done += more
                held.check()
    ran = tuple(script.name for script in waiting)
    told = Done(statements=tuple(done), scripts=ran, notes=state.plan.notes, pending=state.plan.pending)
    return told, state.facts.server.cron_database


def _main(
    connection: Connection,
    target: Target,
    spec: Spec,
    name: str,
    state: State,
    batches: Batches,
    options: Options,
    held: session.Held,
) -> tuple[list[Statement], State]:
    """What happens in the one transaction; scripts that must commit by themselves come before it."""
    owner = spec.databases[name].owner
    waiting = bool(batches.before or batches.main or batches.after)
    agreed(state.plan, options, curable=not waiting)
    # What scripts need to be there: schemas, extensions, and the rights with which new objects are born.
    done = list(state.plan.of(Phase.STRUCTURE, Phase.DEFAULTS))
    run(connection, done)
    if options.poolers and reconnecting.after_changes(state.plan, state.actual, scripts=waiting):
        reconnecting.mark(connection, name)
    if batches.before:
        held.check()
        connection.commit()
        _run_before(target, name, connection, batches.before, owner, options.report)
        session.limits(connection)
    run_scripts.run(connection, batches.main, owner, options.report)
    again = bool(waiting or state.plan.of(Phase.STRUCTURE))
    more, state = _finish(connection, spec, name, state, options, again=again)
    return [*done, *more], state


def wanted_jobs(spec: Spec, name: str) -> dict[str, Job]:
    """The declared jobs of a database."""
    declared = spec.databases[name].jobs.items()
    return {called: Job(schedule=job.schedule, run=job.run, role=job.as_) for called, job in declared}


def pending_scripts(found: Sequence[Script], journal: Mapping[str, str]) -> tuple[Script, ...]:
    """The scripts that have to run. Raises ScriptError where the journal and the files contradict each other.

    A spec without scripts says nothing of them: those that ran by another spec are none of its business.
    """
    if not found:
        return ()
    waiting = scripts.pending(found, journal)
    if waiting.problems:
        raise scripts.ScriptError(waiting.problems)
    return waiting.run


def _finish(
    connection: Connection, spec: Spec, name: str, state: State, options: Options, *, again: bool
) -> tuple[list[Statement], State]:
    """Rights and row policies on what is there by now; then a last read that must find nothing left to do."""
    done: list[Statement] = []
    for _ in range(3):
        if again:
            state = database_state(connection, spec, name)
            agreed(state.plan, Options(allow=options.allow))
        statements = state.plan.statements if again else state.plan.of(Phase.RIGHTS)
        if not statements:
            return done, state
        run(connection, statements)
        done += statements
        again = True
    state = database_state(connection, spec, name)
    settled(state.plan)
    return done, state


def _run_before(
    target: Target, name: str, connection: Connection, groups: Iterable[Sequence[Script]], owner: str, report: Report
) -> None:
    for group in groups:
        if group[0].transaction:
            run_scripts.run(connection, group, owner, report)
            connection.commit()
            continue
        with target.open(name, autocommit=True) as apart:
            run_scripts.run_apart(apart, group[0], owner)


def run(connection: Connection, statements: Sequence[Statement]) -> None:
    """Sends statements in a pipeline: no round trip for each, and the protocol refuses two statements in one text."""
    if not statements:
        return
    sent: list[psycopg.Cursor[Any]] = []
    try:
        with connection.pipeline():
            for statement in statements:
                sent += pipeline.send(connection, statement)
    except psycopg.Error as error:
        if failures.passes(error):
            raise
        raise AccessError(failures.sentence(error, pipeline.failed(sent, statements))) from None


def _run_apart(connection: Connection, statement: Statement) -> None:
    """A statement that no transaction, and so no pipeline, can hold."""
    try:
        connection.execute(statement.sql)
    except psycopg.Error as error:
        if failures.passes(error):
            raise
        raise AccessError(failures.sentence(error, statement)) from None


def agreed(plan: Plan, options: Options, *, curable: bool = True) -> None:
    """Raises unless the plan may run: no problem, no hazard that nobody allowed, and the one that was agreed to."""
    problems: Collection[str] = (*plan.problems, *(plan.curable if curable else ()))
    if problems:
        raise AccessError("\n".join(map(options.told, problems)))
    if refused := refused_hazards(plan, options.allow):
        raise AccessError("\n".join(refused))
    if options.digest is not None and options.digest != plan.digest:
        raise AccessError(
            "the server changed since the plan was shown, so that another plan would run now; look at it again"
        )


def refused_hazards(plan: Plan, allow: frozenset[str]) -> list[str]:
    """What the plan may cost and nobody accepted, with the remedy; [] if it may run."""
    refused = [(one.hazard, one) for one in plan.statements if one.hazard and one.hazard.value not in allow]
    if not refused:
        return []
    told = [f"{hazard}: {HAZARDS[hazard]}, at: {one.display()}" for hazard, one in refused]
    names = ", ".join(sorted({str(hazard) for hazard, _ in refused}))
    return [*told, f"add {names} to the stack's `allow` to accept this"]


def settled(plan: Plan) -> None:
    """Raises where a look after the statements finds something left to do."""
    if plan.statements:
        listed = "\n".join(f"  {statement.display()} -- {statement.why}" for statement in plan.statements[:10])
        raise AccessError(f"{len(plan.statements)} statements took no effect; nothing was changed:\n{listed}")
