"""Sets up access on a server: one `Roles` a spec, one `DatabaseAccess` a database, and the URLs that come of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi

from components import contract
from components.access import admissions, passwords, scripts
from components.access.coming import Coming
from components.access.generated_password import GeneratedPassword
from components.access.resources import DatabaseAccess, Roles
from components.access.scripts import ScriptError
from components.access.spec import SpecError, load
from components.access.spec.load import Loaded
from components.access.spec.wording import unknown
from components.access.urls import urls
from components.settings.model import Settings
from components.settings.problems import Problem

ROOT = Path(__file__).resolve().parents[2]


def set_up_access(
    settings: Settings,
    server: pulumi.Input[contract.Server],
    opts: pulumi.ResourceOptions | None = None,
    identity: Mapping[str, pulumi.Input[str]] | None = None,
    coming: Coming | None = None,
) -> pulumi.Output[list[dict[str, str]]]:
    """Makes `server` what the stack's access specs say.

    `identity` is the administrator's certificate, key and CA as PEM, where they lie in no file. `coming` is what is
    known of a server whose names are known only when it is made.

    Returns, as a secret, a record for each login and database: database, role, pooled, direct and read_only URL.
    Everything wrong with the specs, their scripts and the given passwords ends the run with one report.
    """
    specs = load_specs(settings)
    secrets = _Secrets(settings, specs, opts)
    pem: pulumi.Input[str] | None = None if identity is None else pulumi.Output.json_dumps(dict(identity))
    where: dict[str, Any] = {"server": server, "coming": coming, "identity": pem, "allow": settings.allow}
    records = [_set_up(loaded, where, secrets, opts) for loaded in specs]
    return pulumi.Output.secret(
        pulumi.Output.all(*records).apply(lambda lists: [one for each in lists for one in each])
    )


def _set_up(
    loaded: Loaded, where: Mapping[str, Any], secrets: _Secrets, opts: pulumi.ResourceOptions | None
) -> pulumi.Output[list[dict[str, str]]]:
    """One spec's resources, and the URLs that come of them."""
    name, of_roles = _name(loaded), secrets.of(loaded)
    shared: dict[str, Any] = {"loaded": loaded, **where}
    roles = Roles(f"{name}-roles", passwords=of_roles, key=secrets.key, opts=opts, **shared)
    below = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[roles]))
    made = [
        DatabaseAccess(f"{name}-{database}", database=database, found=_texts(loaded, database), opts=below, **shared)
        for database in loaded.spec.databases
    ]
    return _records(loaded, where["server"], of_roles, made)


def _records(
    loaded: Loaded,
    server: pulumi.Input[contract.Server],
    of_roles: Mapping[str, pulumi.Input[str]],
    after: Iterable[DatabaseAccess],
) -> pulumi.Output[list[dict[str, str]]]:
    """The URLs, once they work. An ID is known in the preview of a change, too, which changes no URL."""
    ready = pulumi.Output.all(*(one.id for one in after))
    return pulumi.Output.all(ready, pulumi.Output.all(**of_roles), server).apply(
        lambda known: list(urls(loaded.spec, known[2], known[1]))
    )


class _Secrets:
    """Passwords by secret name: the stack's own, else generated; and the key that salts are derived with."""

    def __init__(self, settings: Settings, specs: Iterable[Loaded], opts: pulumi.ResourceOptions | None) -> None:
        # Passwords outlive a platform that is rebuilt, so they depend on nothing.
        free = pulumi.ResourceOptions(parent=opts.parent if opts else None)
        rotations: dict[str, int] = {}
        for loaded in specs:
            for role in loaded.spec.every_role.values():
                if role.password:
                    before = rotations.get(role.password.secret, 0)
                    rotations[role.password.secret] = max(before, role.password.number)
        self._by_name: dict[str, pulumi.Input[str]] = {
            name: pulumi.Output.secret(settings.secrets[name].get_secret_value())
            if name in settings.secrets
            else GeneratedPassword(f"password-{name}", rotate=rotate, opts=free).password
            for name, rotate in sorted(rotations.items())
        }
        self.key: pulumi.Output[str] = GeneratedPassword("password-salts", opts=free).password

    def of(self, loaded: Loaded) -> dict[str, pulumi.Input[str]]:
        """The password of each login that has one."""
        everyone = loaded.spec.every_role.items()
        return {name: self._by_name[role.password.secret] for name, role in everyone if role.password}


def load_specs(settings: Settings) -> list[Loaded]:
    """The stack's access specs. Ends the run with one report; call it before any resource is made."""
    found: list[Loaded] = []
    problems: list[Problem] = []
    for path in settings.access:
        try:
            found.append(load(ROOT / path, name=path))
        except SpecError as error:
            problems += error.problems
    problems += [*_twice(found), *_wrong_scripts(found), *_wrong_passwords(settings), *admissions.problems(found)]
    if not problems:
        problems += _unused_passwords(settings, found)
    if problems:
        raise pulumi.RunError(str(SpecError(problems)))
    return found


def _twice(found: Iterable[Loaded]) -> Iterator[Problem]:
    """Two specs must not rule one role or database: each would undo what the other does."""
    first: dict[tuple[str, str], str] = {}
    for loaded in found:
        spec = loaded.spec
        for noun, names in (("roles", spec.every_role), ("databases", spec.databases)):
            for name in names:
                other = first.setdefault((noun, name), loaded.file)
                if other != loaded.file:
                    yield loaded.problem((noun, name), f"is declared in {other} as well; keep one")


def _wrong_scripts(found: Iterable[Loaded]) -> Iterator[Problem]:
    for loaded in found:
        for name, database in loaded.spec.databases.items():
            try:
                scripts.read(_folder(loaded) / place for place in database.sql)
            except ScriptError as error:
                for problem in error.problems:
                    yield Problem(f"databases.{name}.sql", problem.message, _shown(problem.file), problem.line)


def _wrong_passwords(settings: Settings) -> Iterator[Problem]:
    for name, secret in settings.secrets.items():
        for problem in passwords.problems(secret.get_secret_value()):
            yield Problem(f"secrets.{name}", problem, "the stack's configuration")


def _unused_passwords(settings: Settings, found: Iterable[Loaded]) -> Iterator[Problem]:
    """A secret that no spec asks for is a slip of the pen: its login would get a generated password instead."""
    asked = {role.password.secret for loaded in found for role in loaded.spec.every_role.values() if role.password}
    taken = asked | {secret for _, _, secret in settings.named_secrets()}
    for name in sorted(settings.secrets.keys() - taken):
        told = unknown("secret in any access spec", name, asked)
        yield Problem(f"secrets.{name}", told, "the stack's configuration")


def _texts(loaded: Loaded, database: str) -> dict[str, str]:
    folders = (_folder(loaded) / place for place in loaded.spec.databases[database].sql)
    return {_shown(script.file): script.text for script in scripts.read(folders)}


def _folder(loaded: Loaded) -> Path:
    return (ROOT / loaded.file).parent


def _shown(file: str) -> str:
    """Relative to the project: a state must not depend on where the checkout lies."""
    path: Any = Path(file)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else file


def _name(loaded: Loaded) -> str:
    """sql/faevision/access.yaml is called faevision, sql/faevision/more.yaml is called more."""
    path = Path(loaded.file)
    return path.parent.name if path.stem == "access" and path.parent.name else path.stem
