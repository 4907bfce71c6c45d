"""Patroni's REST interface, as the administrator: looks that never fail, and orders that say why they failed."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any

from components.patroni.decisions import LEADERS
from components.patroni.failure import ClusterError

LOOK_LIMIT = 2.0
ORDER_LIMIT = 120.0

Member = Mapping[str, Any]
UNREACHABLE = (OSError, http.client.HTTPException, ValueError)


class Patroni:
    """`members` maps names to {"host", "port", "rest_port"}; `admin` to {"certificate", "key", "ca"}.

    `earlier` are addresses that members listened at before: while ports change, some still do.
    """

    def __init__(
        self, members: Mapping[str, Member], admin: Mapping[str, str], earlier: Mapping[str, Member] | None = None
    ) -> None:
        self.members, self._admin, self._earlier = members, admin, earlier or {}
        self.trouble = ""  # why the last look failed

    @staticmethod
    def of(spec: Mapping[str, Any], old: Mapping[str, Any] | None = None) -> Patroni:
        return Patroni(spec["members"], spec["admin"], old["members"] if old else None)

    def call(
        self, member: str, method: str, path: str, body: object = None, timeout: float = LOOK_LIMIT
    ) -> tuple[int, str]:
        """One call; raises OSError, HTTPException or ValueError when the member does not answer."""
        now, before = self.members[member], self._earlier.get(member)
        if before is not None and before["rest_port"] != now["rest_port"]:
            with contextlib.suppress(ConnectionRefusedError):
                return self._call(before, method, path, body, timeout)
        return self._call(now, method, path, body, timeout)

    def _call(self, at: Member, method: str, path: str, body: object, timeout: float) -> tuple[int, str]:
        with contextlib.closing(self._connection(at, timeout)) as connection:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")

    def _connection(self, at: Member, timeout: float) -> http.client.HTTPConnection:
        context = ssl.create_default_context(cafile=self._admin["ca"])
        context.load_cert_chain(self._admin["certificate"], self._admin["key"])
        return http.client.HTTPSConnection(at["host"], at["rest_port"], timeout=timeout, context=context)

    def look(self, member: str, path: str) -> dict[str, Any] | None:
        """What a member answers, whatever the status; None when it does not."""
        try:
            answer = json.loads(self.call(member, "GET", path)[1])
        except UNREACHABLE:
            return None
        return answer if isinstance(answer, dict) else None

    def ask(self, path: str) -> dict[str, Any] | None:
        """The answer of the first member that has one (status 200)."""
        for member in self.members:
            try:
                status, text = self.call(member, "GET", path)
                if status == 200:
                    answer = json.loads(text)
                    return answer if isinstance(answer, dict) else None
            except UNREACHABLE as error:
                self.trouble = f"{member}: {error}"
        return None

    def view(self) -> list[dict[str, Any]]:
        """The members as Patroni sees them; [] when nobody answers."""
        return list((self.ask("/cluster") or {}).get("members", []))

    def leader(self) -> str | None:
        """The leader's name, while it also runs as a primary."""
        for member in self.view():
            if member["state"] in LEADERS.get(member["role"], ()):
                return str(member["name"])
        return None

    def configuration(self) -> dict[str, Any] | None:
        """The dynamic configuration; None when nobody answers."""
        return self.ask("/config")

    def order(self, member: str, method: str, path: str, body: object, what: str, timeout: float = ORDER_LIMIT) -> str:
        """A call that changes something; a ClusterError names what was wanted, by whom, and what the answer was."""
        try:
            status, text = self.call(member, method, path, body, timeout)
        except UNREACHABLE as error:
            raise ClusterError(f"{what}: Patroni of {member} did not answer ({error}); run up again") from None
        if status not in (200, 202):
            raise ClusterError(f"{what}: Patroni of {member} refused it with status {status}: {text.strip()[:300]}")
        return text
