"""What each make target needs installed, and what it then runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Need(Enum):
    """One step of the set-up."""

    PYTHON = "the project's Python packages"
    TOOLS = "the tools that check and test"
    SERVERS = "the server programs"
    ASKED = "the PostgreSQL that the stack asks for"
    PATRONI = "Patroni"
    PULUMI = "the Pulumi CLI"
    TRIXIE = "PostgreSQL 17 with TimescaleDB and pgvector"
    TIMESCALE = "the same, where it can be had: without it some tests are skipped"
    MAJORS = "PostgreSQL's other majors, for the version matrix"


@dataclass(frozen=True)
class Target:
    """`commands` run one after the other with the project's Python; the last one replaces this process."""

    needs: tuple[Need, ...]
    commands: tuple[tuple[str, ...], ...]


EVERYTHING = (Need.PYTHON, Need.SERVERS, Need.ASKED, Need.PATRONI, Need.PULUMI)
TESTING = (Need.TOOLS, Need.SERVERS, Need.PATRONI, Need.PULUMI)
FAST_CHECKS = (
    ("-m", "ruff", "format", "--check", "--quiet", "."),
    ("-m", "ruff", "check", "--quiet", "."),
    ("-m", "mypy"),
    ("-m", "tools.schema", "--check"),
)


DRIVER = ("-m", "tools.driver")
OF_THE_SERVERS = (Need.SERVERS, Need.ASKED, Need.PATRONI)  # of no use where the servers run elsewhere


def _driver(*needs: Need) -> Target:
    return Target(needs, (DRIVER,))


def needs(target: Target, *, servers_here: bool) -> tuple[Need, ...]:
    """What to install: a stack whose servers run in pods or in a cloud needs none of their programs on this machine."""
    if servers_here or target.commands != (DRIVER,):
        return target.needs
    return tuple(need for need in target.needs if need not in OF_THE_SERVERS)


TARGETS: dict[str, Target] = {
    "up": _driver(*EVERYTHING),
    "preview": _driver(*EVERYTHING),
    "refresh": _driver(*EVERYTHING),
    "urls": _driver(Need.PYTHON, Need.PULUMI),
    "outputs": _driver(Need.PYTHON, Need.PULUMI),
    "pulumi": _driver(Need.PYTHON, Need.PULUMI),
    "env": _driver(Need.PYTHON, Need.PULUMI),
    "psql": _driver(Need.PYTHON, Need.PULUMI),
    "backup": _driver(Need.PYTHON),
    "backups": _driver(Need.PYTHON),
    # These must work when half of everything is broken, so they ask for no more than the packages.
    "status": _driver(Need.PYTHON),
    "down": _driver(Need.PYTHON),
    "reset": _driver(Need.PYTHON),
    "doctor": _driver(Need.PYTHON),
    "check": Target((Need.TOOLS,), (*FAST_CHECKS, ("-m", "pytest", "-q", "tests/unit"))),
    "test": Target(
        (*TESTING, Need.MAJORS, Need.TIMESCALE),
        (*FAST_CHECKS, ("-m", "pytest", "tests", "--durations=20", "--durations-min=10")),
    ),
    "test-kubernetes": Target(TESTING, (("-m", "pytest", "-q", "tests/live/kubernetes", "--long"),)),
    "matrix": Target((Need.TOOLS, Need.SERVERS, Need.MAJORS), (("-m", "tests.live.access"),)),
    "exactness": Target((Need.TOOLS, Need.SERVERS, Need.MAJORS), (("-m", "tests.live.exactness"),)),
    "trixie": Target((Need.TRIXIE,), ()),
    "format": Target((Need.TOOLS,), (("-m", "ruff", "check", "--fix", "--quiet", "."), ("-m", "ruff", "format", "."))),
    "schema": Target((Need.TOOLS,), (("-m", "tools.schema"),)),
    "chaos-quick": Target(EVERYTHING, (("-m", "tests.chaos", "--count", "10"),)),
    "judges": Target((Need.PYTHON,), (("-m", "tools.judges"),)),
    "lab-up": Target((Need.PYTHON,), (("-m", "tools.lab", "up"),)),
    "lab-down": Target((Need.PYTHON,), (("-m", "tools.lab", "down"),)),
    "chaos-kubernetes": Target((Need.TOOLS,), (("-m", "tests.live.kubernetes.chaos", "--count", "10"),)),
    "bench-up": Target(EVERYTHING, (("-m", "tests.bench"),)),
    "bench-preview-kubernetes": Target((Need.TOOLS, Need.PULUMI), (("-m", "tests.bench.preview_kubernetes"),)),
    "bench-preview-rds": Target((Need.TOOLS,), (("-m", "tests.bench.rds_preview"),)),
    "bench-access": Target((Need.TOOLS, Need.SERVERS), (("-m", "tests.bench.access"),)),
}
