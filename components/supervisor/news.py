"""Whence a gateway hears who leads: watched in etcd, or asked of the members where the lease is kept elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .asked import Asked
from .configuration import Gateway
from .log import Log
from .routing import View
from .watchers import Watchers


class News(Protocol):
    """`view` is the newest; `changed`, given at its making, is called after each change of it."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def change(self, settings: Gateway) -> None: ...
    def view(self) -> View: ...
    def status(self) -> Mapping[str, Any]: ...


def news_of(settings: Gateway, log: Log, changed: Callable[[], None]) -> News:
    """With etcd in its configuration a gateway watches that: news come by themselves, at once."""
    if settings.etcd is None:
        return Asked(settings, log, changed)
    return Watchers(settings.etcd, f"{settings.namespace}{settings.scope}/", log, changed)
