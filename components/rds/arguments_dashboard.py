"""The CloudWatch dashboard as JSON: one row of widgets for each question, all members of a region in each widget."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from components.rds.arguments_watching import Watched
from components.settings.model import Settings
from components.settings.rds.replicas import identifier

COLUMNS, HEIGHT = 24, 6
# Title -> metrics of AWS/RDS, each with its statistic.
WIDGETS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "CPU (%)": (("CPUUtilization", "Average"),),
    "Load (active sessions)": (("DBLoad", "Average"),),
    "Connections": (("DatabaseConnections", "Maximum"),),
    "Free memory (bytes)": (("FreeableMemory", "Minimum"),),
    "Free storage (bytes)": (("FreeStorageSpace", "Minimum"),),
    "I/O operations each second": (("ReadIOPS", "Average"), ("WriteIOPS", "Average")),
    "Latency (s)": (("ReadLatency", "p90"), ("WriteLatency", "p90")),
    "Replication lag (s)": (("ReplicaLag", "Maximum"),),
    "Oldest transaction ID": (("MaximumUsedTransactionIDs", "Maximum"),),
}
AURORAS = {"ReplicaLag": "AuroraReplicaLag", "FreeStorageSpace": "FreeLocalStorage"}


def dashboard(settings: Settings, members: Sequence[tuple[str, Watched]]) -> str:
    """`members` come with their regions."""
    widgets = [_widget(settings, number, title, members) for number, title in enumerate(WIDGETS)]
    return json.dumps({"widgets": [_headline(settings), *widgets]}, sort_keys=True)


def _headline(settings: Settings) -> dict[str, Any]:
    text = f"# PostgreSQL {settings.known_major}: {identifier(settings)}\nWritten by Pulumi; changes here are lost."
    return {"type": "text", "x": 0, "y": 0, "width": COLUMNS, "height": 2, "properties": {"markdown": text}}


def _widget(settings: Settings, number: int, title: str, members: Sequence[tuple[str, Watched]]) -> dict[str, Any]:
    width = COLUMNS // 3
    names = AURORAS if settings.rds.topology == "aurora" else {}
    rows = [
        ["AWS/RDS", names.get(metric, metric), "DBInstanceIdentifier", one.identifier, {"stat": stat, "region": region}]
        for metric, stat in WIDGETS[title]
        for region, one in members
    ]
    properties = {"title": title, "metrics": rows, "region": settings.rds.region, "period": 60, "view": "timeSeries"}
    return {
        "type": "metric",
        "x": number % 3 * width,
        "y": 2 + number // 3 * HEIGHT,
        "width": width,
        "height": HEIGHT,
        "properties": properties,
    }
