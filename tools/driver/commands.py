"""The driver's commands, one function each; COMMANDS is all that the command line knows of them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.kubernetes import readiness
from tools.driver import aws, backups, client, cluster, looks, plans, pods, settings, sweep, tables
from tools.driver.doctor import examine
from tools.driver.engine import Engine, Outcome, Outputs
from tools.driver.project import Project
from tools.driver.refusal import CHANGES, Refusal
from tools.driver.screen import Screen
from tools.driver.story import Line, drift, summary
from tools.setup.places import ROOT


@dataclass(frozen=True)
class Request:
    """What was asked: of which stack, and the command line's options."""

    project: Project
    screen: Screen
    given: Mapping[str, Any]

    @property
    def engine(self) -> Engine:
        return self.engine_with({})

    def engine_with(self, environment: Mapping[str, str]) -> Engine:
        return Engine(self.project, self.screen, environment)

    def check_settings(self) -> None:
        """Before anything is started. Programs of other folders (tests) have settings of their own."""
        if self.project.root == ROOT and self.project.stack_file.is_file():
            checked = settings.check(self.project)
            if checked.platform == "kubernetes":
                readiness.begin_early(checked)


@dataclass(frozen=True)
class Command:
    help: str
    run: Callable[[Request], int]
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def up(request: Request) -> int:
    request.check_settings()
    outcome = request.engine_with(plans.agreed_on(request.given["plan"], request.project)).up()
    _sum_up(request, outcome, "up")
    outputs = outcome.outputs
    endpoints, urls = _value(outputs, "endpoints", {}), _value(outputs, "urls", [])
    if request.given["json"]:
        _print({"changes": outcome.changes, "seconds": round(outcome.seconds, 1), "endpoints": endpoints})
    elif endpoints:
        request.screen.console.print(tables.arrival(endpoints, urls))
    return 0


def preview(request: Request) -> int:
    request.check_settings()
    with plans.saving(request.given["save"], request.project) as environment:
        outcome = request.engine_with(environment).preview()
    return _changes(request, outcome, "preview")


def refresh(request: Request) -> int:
    return _changes(request, request.engine.refresh(), "refresh")


def down(request: Request) -> int:
    """Pulumi removes what it knows; what lies on disk decides what is left."""
    _destroy(request)
    _sweep(request)
    if cluster.platform(request.project) == "kubernetes":
        request.screen.say(pods.kept(settings.check(request.project)))
    request.screen.say(
        "down; kept .pulumi (passphrase, empty state) and the installed tools; `make reset` forgets the state too"
    )
    return 0


def _destroy(request: Request) -> None:
    project, screen = request.project, request.screen
    if shutil.which("pulumi") is None or (project.own_backend and not project.checkpoint.exists()):
        return
    try:
        _sum_up(request, request.engine.destroy(), "destroy")
    except Refusal as refusal:
        if refusal.code != 1 or cluster.platform(project) != "embedded":
            raise  # what is elsewhere only Pulumi can remove
        screen.show(
            Line("note", f"{refusal}\nPulumi cannot remove it; removing what runs and lies in its folder instead")
        )


def _sweep(request: Request) -> None:
    """End what still runs, remove what still lies there, name what is somebody's own."""
    if cluster.platform(request.project) != "embedded":
        return  # the folder on this machine belongs to another stack
    for folder in reversed(cluster.folders(request.project)):
        ended = sweep.stop(folder)
        kept = sweep.remove(folder)
        if ended:
            request.screen.say(f"ended what was left: {', '.join(ended)}")
        for path in kept:
            request.screen.say(f"kept {path}: it is not the platform's")


def reset(request: Request) -> int:
    """On this machine it works without any state, so Pulumi is not asked; elsewhere nobody else can remove it."""
    project = request.project
    if cluster.platform(project) != "embedded":
        _destroy(request)
    _sweep(request)
    if others := request.project.forget():
        named = ", ".join(others)
        request.screen.say(f"down; this stack's state is forgotten; the passphrase is kept, because {named} needs it")
    else:
        request.screen.say("down; Pulumi's state and passphrase are forgotten")
    return 0


def show_status(request: Request) -> int:
    """0 when everything is as it should be, 1 when something is not or nothing is up."""
    report = looks.look(request.project)
    if request.given["json"]:
        _print(report.plain())
    else:
        Screen.for_results().show_tables(looks.shown(report))
    return 1 if report.faults else 0


def urls(request: Request) -> int:
    known, reader = _value(request.engine.outputs(), "urls", []), request.given["environment"]
    if reader:
        print(client.environment_file(known, request.given["role"], request.given["database"], reader), end="")
    else:
        _print(known)
    return 0


def outputs(request: Request) -> int:
    _print({name: "[secret]" if secret else value for name, (value, secret) in request.engine.outputs().items()})
    return 0


def psql(request: Request) -> int:
    role, database = request.given["role"], request.given["database"]
    if shutil.which("psql") is None:
        raise Refusal("psql is not installed: sudo apt-get install postgresql-client")
    line = request.given["command_line"]
    command = ["psql", "--command", line] if line else ["psql"]
    if cluster.platform(request.project) in ("kubernetes", "rds"):
        return _psql_by_a_route(request, command)
    if role:
        session = client.as_role(_value(request.engine.outputs(), "urls", []), role, database)
    else:
        found = cluster.read(cluster.directory(request.project))
        if found is None:
            raise Refusal("nothing is up here; `make up` brings it up")
        session = client.as_administrator(found, database)
    os.environ.update(session)
    return os.execvp("psql", command)  # noqa: S606


def _psql_by_a_route(request: Request, command: list[str]) -> int:
    """Not in our place: the way to the server is held open for as long as psql runs."""
    role, database, url = request.given["role"], request.given["database"], None
    known, on_rds = settings.check(request.project), cluster.platform(request.project) == "rds"
    outputs = {name: value for name, (value, _) in request.engine.outputs().items()} if role or on_rds else {}
    if role:
        url = str(client.chosen(outputs.get("urls", []), role, database)["direct"])
    way = aws.session(known, outputs, url, database) if on_rds else pods.session(known, url, database)
    with way as session:
        return subprocess.run(command, env={**os.environ, **session}, check=False).returncode


def backup(request: Request) -> int:
    return backups.take(request.project, request.screen, request.given["type"], as_json=request.given["json"])


def list_backups(request: Request) -> int:
    return backups.show(request.project, as_json=request.given["json"])


def env(request: Request) -> int:
    request.project.prepare()
    folders = dict.fromkeys(os.environ["PATH"].split(os.pathsep))
    for name, value in {**request.project.environment(), "PATH": os.pathsep.join(folders)}.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def pulumi(request: Request) -> int:
    """The CLI with this project's backend, passphrase and stack, for what make has no target for."""
    request.engine.select()
    os.environ.update(request.project.environment())
    os.chdir(request.project.root)
    os.execvp("pulumi", ["pulumi", *request.given["arguments"]])  # noqa: S606


def doctor(request: Request) -> int:
    """0 when `make up` has all it needs."""
    findings = examine(request.project)
    if request.given["json"]:
        _print(
            [{"what": each.what, "found": each.found, "good": each.good, "advice": each.advice} for each in findings]
        )
    else:
        for each in findings:
            advice = f"  -> {each.advice}" if each.advice and not each.good else ""
            request.screen.show(Line("done" if each.good else "failed", f"{each.what}: {each.found}{advice}"))
    return 0 if all(each.good for each in findings) else 1


def _changes(request: Request, outcome: Outcome, verb: str) -> int:
    _sum_up(request, outcome, verb)
    if request.given["json"]:
        _print({"changes": outcome.changes, "seconds": round(outcome.seconds, 1)})
    return CHANGES if outcome.changes and request.given["expect_no_changes"] else 0


def _sum_up(request: Request, outcome: Outcome, verb: str) -> None:
    took = f"({outcome.seconds:.1f} s)"
    nothing = {"refresh": "no drift: the servers are as last applied", "destroy": "nothing to remove"}
    if not outcome.changes:
        request.screen.say(f"{nothing.get(verb, 'nothing to change')} {took}")
    elif verb == "refresh":
        request.screen.say(f"drift found: {drift(outcome.changes)}; `make up` repairs it {took}")
    else:
        request.screen.say(f"{summary(outcome.changes, verb == 'preview')} {took}")


def _value(outputs: Outputs, name: str, default: Any) -> Any:
    return outputs.get(name, (default, False))[0]


def _print(result: Any) -> None:
    """Results alone go to standard output."""
    json.dump(result, sys.stdout, indent=2, ensure_ascii=False)
    print()


JSON = {"--json": {"action": "store_true", "help": "the result as JSON on standard output"}}
EXPECT = {"--expect-no-changes": {"action": "store_true", "help": "exit code 2 when there are changes"}}
SAVE: Mapping[str, Mapping[str, Any]] = {
    "--save": {"default": "", "metavar": "FILE", "help": "keep the SQL that was shown, for up --plan"}
}
PLAN: Mapping[str, Mapping[str, Any]] = {
    "--plan": {"default": "", "metavar": "FILE", "help": "run the SQL of a saved preview; refuse to run any other"}
}
PSQL = {
    "--role": {"default": "", "help": "a login role; default: the administrator"},
    "--database": {"default": "", "help": "default: the role's only one, or postgres"},
    "--command": {"default": "", "dest": "command_line", "help": "run this and leave"},
}
URLS: Mapping[str, Mapping[str, Any]] = {
    "--environment": {
        "choices": ("sh", "docker", "dotenv"),
        "help": "an environment file for one login instead: as a shell, docker --env-file or a dotenv library reads it",
    },
    "--role": {"default": "", "help": "with --environment: the login role"},
    "--database": {"default": "", "help": "with --environment; default: the role's only one"},
}
COMMANDS: Mapping[str, Command] = {
    "up": Command("bring the stack up", up, {**JSON, **PLAN}),
    "preview": Command("show what up would do", preview, {**JSON, **EXPECT, **SAVE}),
    "refresh": Command("look for drift", refresh, JSON | EXPECT),
    "down": Command("stop and remove the cluster with all its data", down),
    "reset": Command("down, then forget Pulumi's state and its passphrase", reset),
    "status": Command("how members and all around them are now", show_status, JSON),
    "urls": Command("connection URLs of each login role, passwords included", urls, URLS),
    "outputs": Command("the stack's outputs, secrets left out", outputs),
    "psql": Command("open psql", psql, PSQL),
    "backup": Command("take a backup now", backup, {**backups.TYPE, **JSON}),
    "backups": Command("the backups that there are, and their WAL", list_backups, JSON),
    "env": Command("shell lines that an installed Pulumi CLI needs", env),
    "pulumi": Command("the Pulumi CLI with this project's state", pulumi, {"arguments": {"nargs": "*"}}),
    "doctor": Command("what this machine has and what is missing", doctor, JSON),
}
