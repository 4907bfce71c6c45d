"""How a stack is at this moment, on whichever platform."""

from __future__ import annotations

from rich.console import RenderableType

from tools.driver import cluster, pods, settings, status, tables
from tools.driver.project import Project
from tools.driver.rds import report as on_rds
from tools.driver.refusal import Refusal

Report = status.Report | on_rds.Report


def look(project: Project) -> Report:
    """Ask the servers, or whoever runs them. Raises Refusal where nothing is up, or nobody tells."""
    platform = cluster.platform(project)
    if platform == "kubernetes":
        return pods.look(settings.check(project))
    if platform == "rds":
        from tools.driver.rds.questions import look as ask

        return ask(settings.check(project))
    found = cluster.read(cluster.directory(project))
    if found is None:
        raise Refusal("nothing is up here; `make up` brings it up")
    return status.look(found)


def shown(report: Report) -> RenderableType:
    """As tables."""
    if isinstance(report, on_rds.Report):
        from tools.driver.rds.tables import report as table

        return table(report)
    return tables.report(report)
