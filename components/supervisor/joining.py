"""How an etcd node may start, decided from what is on its volume and what the others say of it.

    its data        the others say                                      what is done
    there           -                                                   started as it is; etcd catches up by itself
    gone            by quorum: a member that has run                    removed, added anew, started as one that joins
    gone            by quorum: not a member (removed, then we died)     added, started as one that joins
    gone            by quorum: a member without a name (added, died)    started as one that joins
    gone            by quorum: a member of a new cluster, never run     started as one of a new cluster
    gone            no quorum, but one knows it as one that has run     waits: a node that forgot its log must not vote
    gone            no quorum, nobody does                              started as one of a new cluster

A node without its log that voted could make a majority forget what it had agreed; hence the wait. What to do when two
of three volumes are lost is in docs/runbooks: etcd is then made anew as a whole, for Patroni writes back what it needs.
"""

from __future__ import annotations

import enum
import http.client
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .configuration import Joining
from .etcd import Client, EtcdError
from .log import Log
from .status import replace

_QUORUM_LIMIT = 2.0
_LOOK_LIMIT = 1.0
_CHANGE_LIMIT = 10.0
_LIST, _REMOVE, _ADD = (f"/v3/cluster/member/{word}" for word in ("list", "remove", "add"))


class Start(enum.Enum):
    """What is to be done; see the table above."""

    AS_IT_IS = "as it is"
    NEW = "as one of a new cluster"
    REPLACE = "instead of its lost self"
    ADD = "added again"
    JOIN = "as one that joins"
    WAIT = "not yet"


@dataclass(frozen=True)
class Known:
    """A member as etcd lists it; `started` once it has run, `name` is empty until an added one has."""

    id: str
    name: str
    started: bool
    peers: tuple[str, ...]


def known(answer: dict[str, Any]) -> list[Known]:
    """The members in etcd's answer."""
    return [
        Known(str(one["ID"]), one.get("name", ""), bool(one.get("clientURLs")), tuple(one.get("peerURLs", ())))
        for one in answer.get("members", ())
    ]


def decide(
    has_data: bool, peer_url: str, agreed: Sequence[Known] | None, views: Sequence[Sequence[Known]]
) -> tuple[Start, Known | None]:
    """`agreed` is what a quorum says (None: there is none), `views` what single nodes know; also the own entry."""
    if has_data:
        return Start.AS_IT_IS, None
    if agreed is None:
        seen = [one for view in views for one in view if peer_url in one.peers and one.started]
        return (Start.WAIT, seen[0]) if seen else (Start.NEW, None)
    mine = next((one for one in agreed if peer_url in one.peers), None)
    if mine is None:
        return Start.ADD, None
    if mine.started:
        return Start.REPLACE, mine
    return (Start.NEW if mine.name else Start.JOIN), mine


class Joiner:
    """Looks, decides, acts; every step may be the last of this life, the next one goes on from there."""

    def __init__(self, joining: Joining, log: Log) -> None:
        self._joining, self._log = joining, log
        self._client = Client(joining.etcd)

    def prepare(self) -> None:
        """Writes etcd's file for this start; raises OSError while it may not start."""
        start, mine = decide(self._has_data(), self._joining.peer_url, *self._asked())
        if start is not Start.AS_IT_IS:
            self._log(f"there is no data; etcd starts {start.value}")
        if start is Start.WAIT:
            raise OSError("the data is gone, others remember this node, and there is no quorum that could replace it")
        try:
            self._act(start, mine)
        except EtcdError as error:
            raise OSError(f"the cluster could not be changed: {error}") from None
        text = Path(self._joining.template).read_text(encoding="utf-8")
        if start in (Start.REPLACE, Start.ADD, Start.JOIN):
            text = text.replace("initial-cluster-state: new", "initial-cluster-state: existing")
        replace(Path(self._joining.written), text)

    def _has_data(self) -> bool:
        folder = Path(self._joining.data_dir) / "member" / "wal"
        return folder.is_dir() and any(folder.iterdir())

    def _asked(self) -> tuple[list[Known] | None, list[list[Known]]]:
        if self._has_data():
            return None, []
        try:
            return known(self._client.call(_LIST, {"linearizable": True}, limit=_QUORUM_LIMIT)), []
        except EtcdError:
            return None, [view for endpoint in self._joining.etcd.endpoints if (view := self._view(endpoint))]

    def _view(self, endpoint: str) -> list[Known]:
        try:
            return known(self._client.ask_one(endpoint, _LIST, {"linearizable": False}, _LOOK_LIMIT))
        except (OSError, http.client.HTTPException, ValueError, EtcdError):
            return []

    def _act(self, start: Start, mine: Known | None) -> None:
        if start is Start.REPLACE and mine is not None:
            self._client.call(_REMOVE, {"ID": mine.id}, limit=_CHANGE_LIMIT, each=5.0)
        if start in (Start.REPLACE, Start.ADD):
            self._client.call(_ADD, {"peerURLs": [self._joining.peer_url]}, limit=_CHANGE_LIMIT, each=5.0)
