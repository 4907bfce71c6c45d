"""Tries a spec's `tests` on a server: each as its role, in one transaction a database that is always rolled back.

Rows, locks and settings are gone afterwards; what PostgreSQL itself never rolls back is not (numbers taken from
sequences). Rows that the fixtures touch are locked while it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from components.access import failures, run_scripts, scripts, session
from components.access.failures import AccessError
from components.access.scripts import Script, ScriptError
from components.access.session import Connection, Target
from components.access.spec.databases import Database
from components.access.spec.load import Loaded
from components.access.spec.tests import AccessTest, Seen
from components.access.spec.tree import Path as Place

STATEMENT_LIMIT_S = 60
DENIED = "42501"  # what both a missing right and a row policy's refusal are called
LONGEST_SHOWN = 90


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One thing that was tried. `found` is what the server said; empty where it is what was wanted."""

    where: str
    database: str
    role: str
    tried: str
    wanted: str
    found: str = ""

    @property
    def passed(self) -> bool:
        """Whether the server did as the spec says."""
        return not self.found


@dataclass(frozen=True, kw_only=True)
class _Trial:
    """What a test tries: `ask` returns what was found, for comparison with `wanted`."""

    place: Place
    tried: str
    wanted: str
    ask: Callable[[Connection], str]


def verify(target: Target, loaded: Loaded, folder: Path) -> list[Outcome]:
    """Runs every test of every database; fixtures are read from `folder`/fixtures.

    Raises AccessError or ScriptError where a test cannot be run at all: no such database, role or fixture.
    """
    fixtures = read_fixtures(loaded, folder)
    found: list[Outcome] = []
    for name, database in loaded.spec.databases.items():
        if database.tests:
            found += _database(target, loaded, name, database, fixtures)
    return found


def read_fixtures(loaded: Loaded, folder: Path) -> dict[str, Script]:
    """Every fixture by name. Raises AccessError with all that are missing or may not run, with the tests' lines."""
    found: dict[str, Script] = {}
    problems: list[str] = []
    for place, test in _tests(loaded):
        if test.fixture is None or test.fixture in found:
            continue
        script, wrong = _fixture(folder / "fixtures" / test.fixture)
        problems += [str(loaded.problem((*place, "fixture"), text)) for text in wrong]
        found[test.fixture] = script
    if problems:
        raise AccessError("\n".join(problems))
    return found


def lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The result as a table, the failures told once more beneath with what was found."""
    rows = [("ok" if one.passed else "FAIL", one.where, one.role, one.tried, one.wanted) for one in outcomes]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    for row, one in zip(rows, outcomes, strict=True):
        cells = "  ".join(text.ljust(width) for text, width in zip(row[:4], widths, strict=True))
        yield f"{cells}  {row[4]}" + ("" if one.passed else f", found: {one.found}")
    failed = sum(not one.passed for one in outcomes)
    yield f"{len(outcomes)} tried, {failed} failed" if outcomes else "this spec has no tests"


def as_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """For other programs."""
    failed = sum(not one.passed for one in outcomes)
    told = [{**asdict(one), "passed": one.passed} for one in outcomes]
    return {"passed": len(outcomes) - failed, "failed": failed, "outcomes": told}


def _tests(loaded: Loaded) -> Iterator[tuple[Place, AccessTest]]:
    for name, database in loaded.spec.databases.items():
        for index, test in enumerate(database.tests):
            yield ("databases", name, "tests", index), test


def _fixture(file: Path) -> tuple[Script, list[str]]:
    try:
        script = Script(name=file.name, text=file.read_bytes().decode("utf-8-sig"), file=str(file))
    except OSError as error:
        return Script(name=file.name, text=""), [f"{file} cannot be read: {error.strerror}"]
    except UnicodeDecodeError:
        return Script(name=file.name, text=""), [f"{file} is not UTF-8; save it as UTF-8"]
    if not script.transaction:
        return script, [f"{file} says no-transaction, but fixtures run in the one that is rolled back"]
    return script, [str(problem) for problem in scripts.problems_of_text(script)]


@dataclass(frozen=True, kw_only=True)
class _Here:
    """A database under test: its open transaction, and what is known of it."""

    connection: Connection
    loaded: Loaded
    name: str
    database: Database

    def fail(self, place: Place, text: str) -> AccessError:
        return AccessError(str(self.loaded.problem(place, text)))


def _database(
    target: Target, loaded: Loaded, name: str, database: Database, fixtures: dict[str, Script]
) -> list[Outcome]:
    with target.open() as connection:
        if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount:
            raise AccessError(f"database {name} is not there to be tested; apply the spec first")
    with target.open(name) as connection:
        here = _Here(connection=connection, loaded=loaded, name=name, database=database)
        try:
            session.limits(connection)
            connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_LIMIT_S}s'")
            return list(_run(here, fixtures))
        finally:
            connection.rollback()


def _run(here: _Here, fixtures: dict[str, Script]) -> Iterator[Outcome]:
    for index, test in enumerate(here.database.tests):
        place: Place = ("databases", here.name, "tests", index)
        if test.fixture:
            _load(here, (*place, "fixture"), fixtures[test.fixture])
        for trial in _trials(place, test):
            said = _undone(here, place, test, trial)
            problem = here.loaded.problem(trial.place, "")
            yield Outcome(
                where=f"{problem.file}:{problem.line}" if problem.line else f"{problem.file}: {problem.path}",
                database=here.name,
                role=test.as_,
                tried=trial.tried,
                wanted=trial.wanted,
                found="" if said == trial.wanted else said,
            )


def _load(here: _Here, place: Place, fixture: Script) -> None:
    """Runs a fixture as the owner, with the search path of a script of `sql`."""
    _become(here, place, here.database.owner)
    here.connection.execute(f"SET LOCAL search_path = {run_scripts.SEARCH_PATH}")
    try:
        run_scripts.run_whole(here.connection, fixture)
    except ScriptError as error:
        raise here.fail(place, f"the fixture failed: {error}") from None
    here.connection.execute("SET LOCAL ROLE NONE")
    here.connection.execute("SET LOCAL search_path = pg_catalog")


def _become(here: _Here, place: Place, role: str) -> None:
    try:
        here.connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue) as error:
        said = error.diag.message_primary
        raise here.fail(
            place, f"cannot become {role} ({said}); apply the spec first, or use a login that is a member of it"
        ) from None


def _undone(here: _Here, place: Place, test: AccessTest, trial: _Trial) -> str:
    """What was found, inside a savepoint that is rolled back: rows, role and settings."""
    found = ""
    with here.connection.transaction():
        found = _as(here, place, test, trial)
        raise psycopg.Rollback
    return found


def _as(here: _Here, place: Place, test: AccessTest, trial: _Trial) -> str:
    _set(here, (*place, "set"), test)
    _become(here, (*place, "as"), test.as_)
    try:
        with here.connection.transaction():
            return trial.ask(here.connection)
    except psycopg.Error as error:
        if here.connection.closed:
            raise
        return "denied" if error.sqlstate == DENIED else f"{failures.sentence(error)} (SQLSTATE {error.sqlstate})"


def _set(here: _Here, place: Place, test: AccessTest) -> None:
    context = here.database.rls.context if here.database.rls else {}
    for name, content in test.set_.items():
        setting = context[name].setting if name in context else name
        try:
            here.connection.execute("SELECT set_config(%s, %s, true)", [setting, content])
        except psycopg.Error as error:
            if here.connection.closed:
                raise
            raise here.fail((*place, name), f"cannot be set: {error.diag.message_primary}") from None


def _trials(place: Place, test: AccessTest) -> Iterator[_Trial]:
    for table, seen in test.sees.items():
        tried = f"sees {table}" + (f" where {_short(seen.where)}" if seen.where else "")
        yield _Trial(place=(*place, "sees", table), tried=tried, wanted=_rows(seen.rows), ask=_count(table, seen))
    for statement, rows in test.affects.items():
        tried = f"affects: {_short(statement)}"
        yield _Trial(place=(*place, "affects", statement), tried=tried, wanted=_rows(rows), ask=_affected(statement))
    for index, statement in enumerate(test.denied):
        here = (*place, "denied", index)
        yield _Trial(place=here, tried=f"denied: {_short(statement)}", wanted="denied", ask=_refused(statement))


def _count(table: str, seen: Seen) -> Callable[[Connection], str]:
    # A condition is the spec's own SQL, as policies are; brackets and a line of its own keep it one condition.
    condition = f" WHERE (\n{seen.where}\n)" if seen.where else ""
    counted = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*table.split("."))).as_string(None)

    def ask(connection: Connection) -> str:
        row = _sent(connection, counted + condition).fetchone()
        return _rows(row[0] if row else 0)

    return ask


def _affected(statement: str) -> Callable[[Connection], str]:
    return lambda connection: _rows(_through(connection, statement))


def _refused(statement: str) -> Callable[[Connection], str]:
    return lambda connection: f"no error, {_rows(_through(connection, statement))}"


def _through(connection: Connection, statement: str) -> int:
    """Runs a statement to its end and counts its rows; a query's rows stay on the server, however many there are."""
    if not statement.lstrip().upper().startswith(("SELECT", "TABLE", "VALUES")):
        return max(0, _sent(connection, statement).rowcount)
    _sent(connection, f"DECLARE verify_rows NO SCROLL CURSOR FOR {statement}")
    return _sent(connection, "MOVE FORWARD ALL IN verify_rows").rowcount


def _sent(connection: Connection, statement: str) -> psycopg.Cursor[Any]:
    """By the extended protocol, which takes one statement a message and no second one behind it."""
    return connection.execute(statement.encode(), binary=True)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _short(statement: str) -> str:
    text = " ".join(statement.split())
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."
