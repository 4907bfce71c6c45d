"""plan, apply, check, lint and verify: the same core on any server, without Pulumi.

Passwords come from the environment: ACCESS_PASSWORD_<NAME> for secret:<name>, and ACCESS_KEY for the salts.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.access import apply, edge, passwords, preview, scripts
from components.access.failures import AccessError
from components.access.passwords import Verifier
from components.access.preview import Preview
from components.access.session import Target
from components.access.spec.load import Loaded, load
from components.access.spec.models import Spec

DONE, DRIFT = 0, 2


def run(given: argparse.Namespace) -> int:
    """One command on a spec; returns its exit status."""
    loaded = load(given.spec)
    if given.command == "verify":
        return _verify(given, loaded)
    verifiers = _verifiers(loaded.spec, os.environ)
    found = _scripts(loaded, given.spec.parent)
    if given.command == "apply":
        return _apply(given, loaded, verifiers, found)
    return _plan(given, loaded, verifiers, found)


def _plan(given: argparse.Namespace, loaded: Loaded, verifiers: Mapping[str, Verifier], found: Any) -> int:
    target = Target.at(given.url)
    previews = _previews(target, loaded.spec, verifiers, found)
    if not all(one.reachable for one in previews):
        raise AccessError("the server cannot be reached; look at --url")
    if given.json:
        told = {"digest": preview.digest(previews), "parts": [_as_json(one, loaded) for one in previews]}
        print(json.dumps(told, indent=2, ensure_ascii=False))  # noqa: T201
    elif given.command != "lint":
        edge.say(line for one in previews for line in preview.lines(one))
    problems = [loaded.told(problem) for one in previews for problem in one.problems]
    if problems:
        raise AccessError("\n".join(dict.fromkeys(problems)))
    return DRIFT if given.command != "lint" and any(one.changes for one in previews) else DONE


def _verify(given: argparse.Namespace, loaded: Loaded) -> int:
    from components.access import verify  # here, because every other command would pay for loading it

    found = verify.verify(Target.at(given.url), loaded, given.spec.parent)
    if given.json:
        print(json.dumps(verify.as_json(found), indent=2, ensure_ascii=False))  # noqa: T201
    else:
        edge.say(verify.lines(found))
    return DONE if all(one.passed for one in found) else 1


def _previews(
    target: Target, spec: Spec, verifiers: Mapping[str, Verifier], found: Mapping[str, list[scripts.Script]]
) -> list[Preview]:
    of_roles = preview.cluster(target, spec, verifiers, major=0)
    return [of_roles, *(preview.database(target, spec, name, found[name], major=0) for name in spec.databases)]


def _apply(given: argparse.Namespace, loaded: Loaded, verifiers: Mapping[str, Verifier], found: Any) -> int:
    target, spec = Target.at(given.url), loaded.spec
    if given.digest is not None and preview.digest(_previews(target, spec, verifiers, found)) != given.digest:
        raise AccessError("the server or the spec changed since that plan was shown; look at it again")
    sent: dict[str, str] | None = {} if given.send_passwords else None
    options = apply.Options(
        allow=frozenset(given.allow), sent=sent, report=lambda line: edge.say([line]), told=loaded.told
    )
    done = [apply.apply_cluster(target, spec, verifiers, options)]
    done += [apply.apply_database(target, spec, name, found[name], options) for name in spec.databases]
    edge.say(f"{statement.display()};  -- {statement.why}" for one in done for statement in one.statements)
    edge.say(f"note: {note}" for one in done for note in (*one.notes, *one.pending))
    return DONE


def _as_json(one: Preview, loaded: Loaded) -> dict[str, Any]:
    return {
        "what": one.what,
        "statements": one.statements(),
        "notes": list(one.plan.notes),
        "pending": list(one.plan.pending),
        "problems": [loaded.told(problem) for problem in one.problems],
        "hazards": sorted({str(statement.hazard) for statement in one.plan.statements if statement.hazard}),
    }


def _scripts(loaded: Loaded, folder: Path) -> dict[str, list[scripts.Script]]:
    return {
        name: scripts.read(folder / place for place in database.sql) for name, database in loaded.spec.databases.items()
    }


def _verifiers(spec: Spec, environment: Mapping[str, str]) -> dict[str, Verifier]:
    wanted = {name: role.password for name, role in spec.every_role.items() if role.password}
    variables = {name: _variable(password.secret) for name, password in wanted.items()}
    needed = {*variables.values(), "ACCESS_KEY"} if wanted else set()
    if missing := sorted(variable for variable in needed if not environment.get(variable)):
        raise AccessError(f"these environment variables are missing: {', '.join(missing)}")
    key = environment.get("ACCESS_KEY", "").encode()
    return {
        name: passwords.verifier(environment[variables[name]], key=key, role=name, generation=password.number)
        for name, password in wanted.items()
    }


def _variable(secret: str) -> str:
    return "ACCESS_PASSWORD_" + re.sub(r"[^A-Z0-9]", "_", secret.upper())
