"""A dynamic provider by its name. The program that only declares a resource does not load what makes it: the engine
runs providers in a process of their own.
"""

from __future__ import annotations

import gc
from functools import lru_cache
from importlib import import_module
from threading import Lock
from typing import Any, ClassVar, cast

from pulumi import dynamic

Props = dict[str, Any]


class Deferred(dynamic.ResourceProvider):
    """Stands in a stack's state for the provider `module:Class`, which takes no arguments, and passes all calls on."""

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # holds nothing, so needs no encryption
    early: str | None = None  # of the class: what a stack's state holds may be from before there was any

    def __init__(self, place: str, early: str | None = None) -> None:
        """`early`: `module:function`, which a reading calls with the properties before it loads the provider."""
        self.place, self.early = place, early

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        _REQUESTS[self.place] = req  # handed on with the first call: loading waits for that

    def check(self, _olds: Props, news: Props) -> dynamic.CheckResult:
        return _provider(self.place).check(_olds, news)

    def diff(self, _id: str, _olds: Props, _news: Props) -> dynamic.DiffResult:
        return _provider(self.place).diff(_id, _olds, _news)

    def create(self, props: Props) -> dynamic.CreateResult:
        return _provider(self.place).create(props)

    def read(self, id_: str, props: Props) -> dynamic.ReadResult:
        if self.early:
            _named(self.early)(props)
        return _provider(self.place).read(id_, props)

    def update(self, _id: str, _olds: Props, _news: Props) -> dynamic.UpdateResult:
        return _provider(self.place).update(_id, _olds, _news)

    def delete(self, _id: str, _props: Props) -> None:
        _provider(self.place).delete(_id, _props)


_REQUESTS: dict[str, dynamic.ConfigureRequest] = {}
_LOADING = Lock()


@lru_cache
def _provider(place: str) -> dynamic.ResourceProvider:
    made = cast(dynamic.ResourceProvider, _named(place)())
    if place in _REQUESTS:
        made.configure(_REQUESTS[place])
    return made


def _named(place: str) -> Any:
    """One at a time: Python breaks imports off (_DeadlockError) whose packages two threads load from both ends.

    Without collecting garbage: modules stay, and looking through them again and again took an eighth of the time.
    """
    module, _, name = place.partition(":")
    with _LOADING:
        gc.disable()
        try:
            return getattr(import_module(module), name)
        finally:
            gc.enable()
