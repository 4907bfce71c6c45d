"""Asks AWS whether it offers what the settings ask for: the versions and classes of today, where the data may be old.

Only where `rds.online` says so. One question for each class and region, before the first resource; the database need
not be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from components.rds.arguments import region, replica_region
from components.reach import aws
from components.settings.catalogue import rds as offers
from components.settings.finding import Finding
from components.settings.load import located
from components.settings.model import Settings
from components.settings.problems import Problem
from components.settings.rds.replicas import replicas
from components.settings.source import Source

Client = Callable[[str], Any]  # region -> boto3's client of RDS
Path = tuple[str, ...]


def problems(
    settings: Settings, source: Source | None, known: Iterable[Problem] = (), client: Client | None = None
) -> list[Problem]:
    """What AWS does not offer; nothing where the settings do not even name a region rightly."""
    if any(problem.path == "rds.region" for problem in known):
        return []
    return [located(finding, source) for finding in findings(settings, client or _client)]


def findings(settings: Settings, client: Client) -> Iterator[Finding]:
    """One for each class that its region does not offer with the version."""
    answers: dict[tuple[str, str], frozenset[str]] = {}
    for path, name, where in _asked(settings):
        if (name, where) not in answers:
            try:
                answers[name, where] = _offered(settings, client(where), name)
            except Exception as error:
                # boto3 has no common base of what it raises; the text is AWS's own.
                said = " ".join(str(error).split())
                yield Finding(
                    ("rds", "online"),
                    f"AWS could not be asked what it offers in {where}: {said}; log in to AWS (it takes"
                    " rds:DescribeOrderableDBInstanceOptions), or set rds.online to false",
                )
                return
        yield from _judged(settings, path, name, where, answers[name, where])


def _asked(settings: Settings) -> Iterator[tuple[Path, str, str]]:
    """(path, class, region) of the primary and of each replica that has its own."""
    home, rds = region(settings), settings.rds
    yield ("rds", "instance_class"), rds.instance_class, home
    for index, one in enumerate(replicas(settings)):
        if one.instance_class or replica_region(settings, one) != home:
            path = ("rds", "replicas", str(index), "instance_class")
            yield path, one.instance_class or rds.instance_class, replica_region(settings, one)


def _offered(settings: Settings, rds: Any, name: str) -> frozenset[str]:
    """Versions with which the class can be ordered there now."""
    pages = rds.get_paginator("describe_orderable_db_instance_options").paginate(
        Engine=offers.engine(settings.rds.topology), DBInstanceClass=name
    )
    clusters = settings.rds.topology == "cluster"
    return frozenset(
        str(one["EngineVersion"])
        for page in pages
        for one in page["OrderableDBInstanceOptions"]
        if one["DBInstanceClass"] == name and (not clusters or one.get("SupportsClusters"))
    )


def _judged(settings: Settings, path: Path, name: str, where: str, versions: frozenset[str]) -> Iterator[Finding]:
    wanted = settings.rds.engine_version or str(settings.known_major)
    if any(one == wanted or one.startswith(f"{wanted}.") for one in versions):
        return
    if not versions:
        topology = settings.rds.topology
        yield Finding(path, f"found {name}, which AWS does not offer in {where} for topology {topology}; take another")
        return
    major = str(settings.known_major)
    same = sorted((one for one in versions if one.partition(".")[0] == major), key=_number)
    others = ", ".join(same or sorted({one.partition(".")[0] for one in versions}, key=int))
    yield Finding(path, f"found {name}, which AWS offers in {where} not with PostgreSQL {wanted}, but with {others}")


def _number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.replace("-", ".").split(".") if part.isdigit())


def _client(where: str) -> Any:
    return aws.client("rds", where)
