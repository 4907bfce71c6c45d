"""PLATFORMS: name -> what builds it; the one place that knows them all, and the edge where a stack's settings come in.

A platform is imported when a stack asks for it, so that nobody needs the packages of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import pulumi
from pulumi.runtime import config

from components.access.asked import asked_extensions
from components.access.spec import SpecError
from components.access.spec.load import Loaded
from components.access.spec.load import load as load_spec
from components.contract import Server
from components.settings.load import decoded, load
from components.settings.model import DEFAULT_ACCESS, Settings
from components.settings.problems import Problem, SettingsError
from components.settings.source import Source

ROOT = Path(__file__).resolve().parent.parent
POSTGRESQL, POSTGRESQL_SHARE = Path("/usr/lib/postgresql"), Path("/usr/share/postgresql")


class Platform(Protocol):
    """A Pulumi component that runs a cluster. `server` is all that the access layer learns of it."""

    server: Server


def _embedded(settings: Settings, specs: Iterable[Loaded]) -> Platform:
    extensions = wanted_extensions(specs, POSTGRESQL_SHARE / str(settings.known_major) / "extension")
    component = import_module("components.embedded.cluster").EmbeddedCluster
    return cast(Platform, component(settings.name, settings, extensions))


def _rds(settings: Settings, specs: Iterable[Loaded]) -> Platform:
    component = import_module("components.rds.cluster").RdsCluster
    made = component(settings.name, settings, asked_extensions(loaded.spec for loaded in specs))
    for name, value in made.exports.items():
        pulumi.export(name, value)
    return cast(Platform, made)


PLATFORMS: Mapping[str, Callable[[Settings, Iterable[Loaded]], Platform]] = {"embedded": _embedded, "rds": _rds}
LATER = ("kubernetes",)  # known to the settings, built by a later release


def provision(settings: Settings, specs: Iterable[Loaded]) -> Any:
    """The component of the stack's platform: a `Platform`, and a resource that others may depend on.

    `specs` say which extensions the server has to be able to give.
    """
    return PLATFORMS[settings.platform](settings, specs)


def stack_settings() -> Settings:
    """What the running stack asks for. When something is wrong, ends the run with one report before any resource."""
    given = {**config.get_config_env(), **config.CONFIG.get()}
    try:
        return checked_settings(given, stack_source(pulumi.get_stack()))
    except SettingsError as wrong:
        raise pulumi.RunError(str(wrong)) from None


def checked_settings(given: Mapping[str, Any], source: Source | None) -> Settings:
    """Settings that a platform of this release can build; else SettingsError with every problem."""
    plain = decoded(given)
    problems = [*_not_yet(plain.get("platform"), source), *_access_not_yet(plain, source)]
    try:
        settings = load(given, source, default_major=newest_installed())
    except SettingsError as wrong:
        problems += wrong.problems
    if problems:
        raise SettingsError([*problems, *_in_specs(plain.get("access", DEFAULT_ACCESS))])
    return settings


def _in_specs(paths: Any) -> Iterator[Problem]:
    """What is wrong with the specs that broken settings name: a person wants to hear of everything at once."""
    for path in paths if isinstance(paths, list | tuple) else ():
        try:
            load_spec(ROOT / str(path), name=str(path))
        except SpecError as wrong:
            yield from wrong.problems


def stack_source(stack: str) -> Source | None:
    """Lines of the stack's file, for problems; None when the stack is configured elsewhere."""
    file = ROOT / f"Pulumi.{stack}.yaml"
    return Source.read(file) if file.is_file() else None


def newest_installed(below: Path = POSTGRESQL) -> int | None:
    """The newest PostgreSQL major version whose server is installed the Debian way; None when there is none."""
    found = [int(server.parts[-3]) for server in below.glob("*/bin/postgres") if server.parts[-3].isdigit()]
    return max(found, default=None)


def wanted_extensions(specs: Iterable[Loaded], folder: Path) -> frozenset[str]:
    """The extensions of all specs that this machine's packages have, by the control files in `folder`.

    Ends the run with one report when one is missing that is not optional. What is optional and missing must not be
    preloaded, since PostgreSQL would not start.
    """
    asked = list(specs)
    found = asked_extensions(loaded.spec for loaded in asked)
    if not folder.is_dir():  # PostgreSQL was not installed the Debian way; the server itself will say
        return found
    absent = {name for name in found if not (folder / f"{name}.control").is_file()}
    problems = [
        loaded.problem(
            ("databases", database, "extensions", name),
            f"PostgreSQL {folder.parent.name} on this machine has no {name}: install its package, use a platform "
            "that has it, or mark it optional: true",
        )
        for loaded in asked
        for name, database, optional in _extensions(loaded)
        if name in absent and not optional
    ]
    if problems:
        raise pulumi.RunError(str(SpecError(problems)))
    return found - absent


def _extensions(loaded: Loaded) -> Iterator[tuple[str, str, bool]]:
    for database, wanted in loaded.spec.databases.items():
        for name, extension in wanted.extensions.items():
            yield name, database, extension is not None and extension.optional


def _not_yet(platform: Any, source: Source | None) -> list[Problem]:
    if platform not in LATER:
        return []
    message = f"platform {platform} comes with a release of its own; this one has: {', '.join(PLATFORMS)}"
    return [
        Problem("platform", message, source.file if source else None, source.line(("platform",)) if source else None)
    ]


def _access_not_yet(plain: Mapping[str, Any], source: Source | None) -> Iterator[Problem]:
    """On RDS the server's names are known only when it is made; the access layer wants them before."""
    found = plain.get("access", DEFAULT_ACCESS)
    if plain.get("platform") == "rds" and found:
        message = "access specs are not applied on platform rds by this release; set access: []"
        line = source.line(("access",)) if source else None
        yield Problem("access", message, source.file if source else None, line)
