"""Stands in for Patroni: a lease, its keys, and a real postmaster started the way Patroni does.

Run as `python3 stand_in_patroni.py SCENARIO.json`; needs `supervisor` on PYTHONPATH. With "stubborn" it ignores
SIGTERM, with "careless" it leaves PostgreSQL running, with "exit" it ends at once with that code.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from supervisor import etcd  # type: ignore[import-not-found]
from supervisor.configuration import Etcd  # type: ignore[import-not-found]


def take_keys(scenario: dict[str, Any]) -> None:
    client = etcd.Client(Etcd(**(scenario["etcd"] | {"endpoints": tuple(scenario["etcd"]["endpoints"])})))
    lease = client.call("/v3/lease/grant", {"TTL": 600}, limit=5.0)["ID"]
    for key, value in (("members/pg-1", "{}"), ("leader", "pg-1")):
        body = {"key": etcd.encode(f"/service/main/{key}"), "value": etcd.encode(value), "lease": lease}
        client.call("/v3/kv/put", body, limit=5.0)


def start_postmaster(command: list[str]) -> None:
    """Through a process that ends at once, in a session of its own: the postmaster becomes the subreaper's child."""
    if os.fork() == 0:
        os.setsid()
        subprocess.Popen(command)
        os._exit(0)
    os.wait()


def stop(data_dir: Path) -> None:
    try:
        pid = int((data_dir / "postmaster.pid").read_text().split("\n")[0])
        os.kill(pid, signal.SIGINT)
    except (OSError, ValueError):
        return
    while (data_dir / "postmaster.pid").exists():
        time.sleep(0.02)


def main() -> None:
    scenario = json.loads(Path(sys.argv[1]).read_text())
    if "exit" in scenario:
        sys.exit(scenario["exit"])
    reloaded = Path(scenario["data_dir"]).parent / "reloaded"
    signal.signal(signal.SIGHUP, lambda *_: reloaded.touch())
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    take_keys(scenario)
    start_postmaster(scenario["postgres"])
    while not asked or scenario.get("stubborn"):
        time.sleep(0.05)
    if not scenario.get("careless"):
        stop(Path(scenario["data_dir"]))


if __name__ == "__main__":
    main()
