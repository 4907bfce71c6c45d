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

from components.access.admissions import admissions, pooled
from components.access.asked import asked_extensions
from components.access.coming import Coming
from components.access.logins import Login
from components.access.spec import SpecError
from components.access.spec.load import Loaded
from components.access.spec.load import load as load_spec
from components.contract import Server
from components.embedded import installed
from components.render.budget import over_budget
from components.settings.kubernetes import DEFAULT_MAJOR
from components.settings.load import attempt, decoded
from components.settings.model import DEFAULT_ACCESS, Settings
from components.settings.problems import Problem, SettingsError
from components.settings.source import Source

ROOT = Path(__file__).resolve().parent.parent


class Platform(Protocol):
    """A Pulumi component that runs a cluster. `server` is all that the access layer learns of it.

    `coming` is what is known of a server whose names are known only when it is made. `identity` are the administrator's
    certificate, key and CA as PEM, secrets, where they lie in no file.
    """

    server: Server | pulumi.Output[Server]
    coming: Coming | None
    identity: Mapping[str, pulumi.Input[str]] | None

    def publish(self, logins: Iterable[Login]) -> None:
        """Puts each login's URLs where applications of this platform look for them; never in clear into a preview."""


def _embedded(settings: Settings, specs: Iterable[Loaded]) -> Platform:
    specs = list(specs)
    extensions = wanted_extensions(specs, installed.find(settings.known_major))
    admitted = admissions(loaded.spec for loaded in specs)
    component = import_module("components.embedded.cluster").EmbeddedCluster
    return cast(Platform, component(settings.name, settings, extensions, admitted))


def _kubernetes(settings: Settings, specs: Iterable[Loaded]) -> Platform:
    specs = list(specs)
    extensions, admitted = (
        asked_extensions(loaded.spec for loaded in specs),
        admissions(loaded.spec for loaded in specs),
    )
    component = import_module("components.kubernetes.cluster").KubernetesCluster
    return cast(Platform, component(settings.name, settings, extensions, admitted))


def _rds(settings: Settings, specs: Iterable[Loaded]) -> Platform:
    specs = list(specs)
    if problems := list(import_module("components.rds.extensions").absent(specs)):
        raise pulumi.RunError(str(SpecError(problems)))
    if specs:
        import_module("components.rds.trust").check(settings)
    component = import_module("components.rds.cluster").RdsCluster
    made = component(settings.name, settings, asked_extensions(loaded.spec for loaded in specs))
    for name, value in made.exports.items():
        pulumi.export(name, value)
    return cast(Platform, made)


PLATFORMS: Mapping[str, Callable[[Settings, Iterable[Loaded]], Platform]] = {
    "embedded": _embedded,
    "kubernetes": _kubernetes,
    "rds": _rds,
}
LICENCE = "timescaledb.license"
APACHE_ONLY = (
    "found {}, but this server's TimescaleDB is the Apache edition, whose sessions would all fail with it; leave it "
    "out, or install Timescale's own package (docs/decisions/2026-11-21-timescaledb-edition.md)"
)


def provision(settings: Settings, specs: Iterable[Loaded]) -> Any:
    """The component of the stack's platform: a `Platform`, and a resource that others may depend on.

    `specs` say which extensions the server has to be able to give.
    """
    asked = list(specs)
    if told := over_budget(settings, pooled(loaded.spec for loaded in asked)):
        pulumi.log.warn(told)
    return PLATFORMS[settings.platform](settings, asked)


def stack_settings() -> Settings:
    """What the running stack asks for. When something is wrong, ends the run with one report before any resource."""
    given = {**config.get_config_env(), **config.CONFIG.get()}
    try:
        return checked_settings(given, stack_source(pulumi.get_stack()), online=True)
    except SettingsError as wrong:
        raise pulumi.RunError(str(wrong)) from None


def checked_settings(given: Mapping[str, Any], source: Source | None, *, online: bool = False) -> Settings:
    """Settings that a platform of this release can build; else SettingsError with every problem.

    `online` also asks the cluster, where the platform has one, whether it has what the settings name.
    """
    plain = decoded(given)
    platform = plain.get("platform")
    settings, found = attempt(given, source, default_major=default_major(platform))
    problems = [*found]
    if platform in (None, "embedded"):
        problems += _no_server(settings, installed.servers(), source)
    if online and settings.platform == "rds" and settings.rds.online:
        problems += import_module("components.rds.online").problems(settings, source, problems)
    if online and settings.platform == "kubernetes":
        told = import_module("components.kubernetes.readiness").begin(settings, source, problems)
        import_module("components.kubernetes.cluster")  # its modules load while the cluster answers
        problems += told()
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


def default_major(platform: Any) -> int | None:
    """The major version of a stack that names none: that of the image, or the newest one on this machine."""
    return DEFAULT_MAJOR if platform == "kubernetes" else installed.newest_packaged()


def wanted_extensions(specs: Iterable[Loaded], server: installed.Server | None) -> frozenset[str]:
    """The extensions of all specs that the packages of this server have.

    Ends the run with one report when one is missing that is not optional. What is optional and missing must not be
    preloaded, since PostgreSQL would not start.
    """
    asked = list(specs)
    found = asked_extensions(loaded.spec for loaded in asked)
    if server is None:  # the platform itself reports that, with what else is missing
        return found
    absent = found - server.offered()
    problems = [
        loaded.problem(
            ("databases", database, "extensions", name),
            f"PostgreSQL {server.major} on this machine has no {name}: {_cure(name, server.major)}",
        )
        for loaded in asked
        for name, database, optional in _extensions(loaded)
        if name in absent and not optional
    ]
    if problems:
        raise pulumi.RunError(str(SpecError(problems)))
    return found - absent


def _cure(extension: str, major: int) -> str:
    if extension in installed.UNPACKED_EXTENSIONS and major != installed.TO_BE_UNPACKED:
        return f"set major to {installed.TO_BE_UNPACKED}, which make up gets with it, or mark it optional: true"
    return "install its package, use a platform that has it, or mark it optional: true"


def _extensions(loaded: Loaded) -> Iterator[tuple[str, str, bool]]:
    for database, wanted in loaded.spec.databases.items():
        for name, extension in wanted.extensions.items():
            yield name, database, extension is not None and extension.optional


def _no_server(settings: Settings, have: Iterable[installed.Server], source: Source | None) -> list[Problem]:
    """The embedded platform runs what this machine has."""
    if settings.platform != "embedded" or settings.major is None:
        return []
    servers = {server.major: server for server in reversed(list(have))}  # the first of a major is the one that runs
    if settings.major not in servers:
        return [_at(("major",), installed.absent(settings.major, sorted(servers)), source)]
    licence = settings.parameters.get(LICENCE, "apache").strip("'").lower()
    if licence != "apache" and not servers[settings.major].has_community_timescaledb():
        return [_at(("parameters", LICENCE), APACHE_ONLY.format(licence), source)]
    return []


def _at(path: tuple[str, ...], message: str, source: Source | None) -> Problem:
    file, line = (source.file, source.line(path)) if source else (None, None)
    return Problem(".".join(path), message, file, line)
