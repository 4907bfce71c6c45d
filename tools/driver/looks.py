"""How a stack is at this moment, on whichever platform."""

from __future__ import annotations

from rich.console import RenderableType

from tools.driver import cluster, pods, settings, status, tables
from tools.driver.project import Project
from tools.driver.rds import questions as rds
from tools.driver.rds import tables as rds_tables
from tools.driver.rds.report import Report as RdsReport
from tools.driver.refusal import Refusal

Report = status.Report | RdsReport


def look(project: Project) -> Report:
    """Ask the servers, or whoever runs them. Raises Refusal where nothing is up, or nobody tells."""
    platform = cluster.platform(project)
    if platform == "kubernetes":
        return pods.look(settings.check(project))
    if platform == "rds":
        return rds.look(settings.check(project))
    found = cluster.read(cluster.directory(project))
    if found is None:
        raise Refusal("nothing is up here; `make up` brings it up")
    return status.look(found)


def shown(report: Report) -> RenderableType:
    """As tables."""
    return rds_tables.report(report) if isinstance(report, RdsReport) else tables.report(report)
