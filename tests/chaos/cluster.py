"""What the chaos suite knows of the cluster it breaks: cluster.json, and what the servers say of themselves."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg


class NotWholeError(Exception):
    """The cluster did not become whole within the limit; the message says what was missing."""


@dataclass(frozen=True)
class Cluster:
    """cluster.json (its keys are in the package's docstring) and the folder it lies in."""

    directory: Path
    plain: Mapping[str, Any]

    @staticmethod
    def read(directory: Path) -> Cluster:
        return Cluster(directory.resolve(), json.loads((directory / "cluster.json").read_text(encoding="utf-8")))

    def path(self, given: str) -> Path:
        return self.directory / given

    def address(self, route: str) -> tuple[str, int]:
        return self.plain["gateway"]["host"], int(self.plain["gateway"][route])

    @property
    def members(self) -> Mapping[str, Any]:
        members: Mapping[str, Any] = self.plain["members"]
        return members

    def status(self, given: str) -> dict[str, Any]:
        """A supervisor's status.json."""
        content: dict[str, Any] = json.loads(self.path(given).read_text(encoding="utf-8"))
        return content

    def admin(self, route: str = "writer", database: str = "postgres") -> psycopg.Connection[Any]:
        """The administrator's own session, by certificate."""
        host, port = self.address(route)
        who = self.plain["admin"]
        return psycopg.connect(
            host=host,
            port=port,
            dbname=database,
            user=who["user"],
            sslmode="verify-full",
            sslrootcert=str(self.path(self.plain["ca"])),
            sslcert=str(self.path(who["certificate"])),
            sslkey=str(self.path(who["key"])),
            connect_timeout=5,
            autocommit=True,
        )

    # Patroni's REST API.

    def rest(self, member: str, method: str, path: str, body: object = None, timeout: float = 5.0) -> tuple[int, str]:
        """One call; raises OSError or HTTPException when the member does not answer."""
        at = self.members[member]
        return self._call(f"https://{at['host']}:{at['rest_port']}", "rest_client", method, path, body, timeout)

    def view(self) -> list[dict[str, Any]]:
        """Patroni's list of members, from the first that answers; [] when none does."""
        for member in self.members:
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                status, text = self.rest(member, "GET", "/cluster", timeout=2.0)
                if status == 200:
                    found: list[dict[str, Any]] = json.loads(text)["members"]
                    return found
        return []

    def leader(self) -> str:
        """The leader's name; raises NotWholeError when there is none."""
        for member in self.view():
            if member["role"] == "leader":
                return str(member["name"])
        raise NotWholeError("no member is the leader")

    def missing(self) -> str:
        """What keeps the cluster from being whole, in words; "" when it is."""
        view = self.view()
        wrong = [f"{m['name']} is {m['role']}/{m['state']}" for m in view if not _is_well(m)]
        absent = sorted(set(self.members) - {m["name"] for m in view})
        down = [name for name in self.plain["etcd"]["nodes"] if self.etcd_status(name) is None]
        wrong += [f"{name} is absent" for name in absent] + [f"{name} does not answer" for name in down]
        if not any(m["role"] == "leader" for m in view):
            wrong.append("no leader")
        return ", ".join(wrong)

    def wait_whole(self, limit: float) -> None:
        """Until a leader, every replica streaming and synchronous, and every etcd node is there, twice in a row."""
        deadline, good = time.monotonic() + limit, 0
        while good < 2:
            missing = self.missing()
            good = 0 if missing else good + 1
            if missing and time.monotonic() > deadline:
                raise NotWholeError(f"not whole within {limit:g} s: {missing}")
            time.sleep(0.4)

    # etcd.

    def etcd_status(self, node: str) -> dict[str, Any] | None:
        """What an etcd node says of itself; None when it does not answer."""
        port = self.plain["etcd"]["nodes"][node]["client_port"]
        try:
            status, text = self._call(
                f"https://localhost:{port}", "etcd_client", "POST", "/v3/maintenance/status", {}, 2.0
            )
        except (OSError, http.client.HTTPException):
            return None
        plain: dict[str, Any] = json.loads(text)
        return plain if status == 200 and plain.get("leader", "0") != "0" else None

    def etcd_leader(self) -> str:
        """The node that leads etcd."""
        for node in self.plain["etcd"]["nodes"]:
            status = self.etcd_status(node)
            if status is not None and status["leader"] == status["header"]["member_id"]:
                return str(node)
        raise NotWholeError("no etcd node is the leader")

    def _call(self, url: str, who: str, method: str, path: str, body: object, timeout: float) -> tuple[int, str]:
        parts = urlsplit(url)
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=timeout, context=self._context(who)
        )
        with contextlib.closing(connection):
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read().decode()

    def _context(self, who: str) -> ssl.SSLContext:
        named = self.plain.get(who, self.plain["admin"])
        context = ssl.create_default_context(cafile=str(self.path(self.plain["ca"])))
        context.load_cert_chain(str(self.path(named["certificate"])), str(self.path(named["key"])))
        return context


def _is_well(member: Mapping[str, Any]) -> bool:
    if member["role"] == "leader":
        return bool(member["state"] == "running")
    return member["state"] == "streaming" and member["role"] in ("quorum_standby", "sync_standby")
