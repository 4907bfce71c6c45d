"""What all resources of the embedded platform share: a spec that travels as text, and failures said in one sentence.

A resource's inputs are one JSON text, because Pulumi's own values lose integers and empty entries on their way. A
provider looks at what is really there in `read` and in `diff` alike, so that a plain preview shows drift too.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TypeVar

from pulumi import dynamic
from pulumi.runtime import rpc

from components.engine import end_call, quiet, tell
from components.patroni.failure import ClusterError

Made = TypeVar("Made")
Spec = dict[str, Any]


_said: set[tuple[str, str]] = set()
_saying = threading.Lock()


def say(lines: Iterable[str], while_: str = "acting") -> None:
    """Shows lines in Pulumi's output: whole, since several resources speak at once, and each only once for what is
    being done, since the engine asks for a difference again after a refresh. What a refresh said is said again with
    the difference: a preview refreshes first, and shows only what comes after.
    """
    with _saying:
        fresh = [line for line in lines if (while_, line) not in _said]
        _said.update((while_, line) for line in fresh)
    tell(fresh)


def guarded(action: Callable[[], Made]) -> Made:
    """Runs `action`; whatever goes wrong ends the call with one sentence instead of a traceback."""
    try:
        return action()
    except ClusterError as failure:
        message = str(failure)
    except Exception as error:
        message = f"unexpected {type(error).__name__}: {error}"
    end_call(message)
    raise ClusterError(message)


class Provider(dynamic.ResourceProvider):
    """create, read, diff, update and delete in terms of four methods that a resource defines. All are idempotent:

    `ensure` makes what is there equal to the spec, whatever an interrupted run left. `drift` says how it differs, one
    sentence each, less what is already as `coming` wants it, since an interrupted run did that. `changes` says what a
    new spec will do. `remove` ends it.
    """

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # holds nothing, so needs no encryption

    def configure(self, _req: dynamic.ConfigureRequest) -> None:
        quiet()

    def ensure(self, spec: Spec, old: Spec | None) -> None:
        raise NotImplementedError

    def drift(self, spec: Spec, coming: Spec) -> list[str]:
        raise NotImplementedError

    def changes(self, old: Spec, new: Spec) -> list[str]:
        raise NotImplementedError

    def remove(self, spec: Spec) -> None:
        raise NotImplementedError

    def parsed(self, props: dict[str, Any]) -> Spec:
        """The spec of a resource, and what travels beside it."""
        return parsed(props)

    def settled(self, props: dict[str, Any], found: list[str]) -> dict[str, Any]:
        """What is kept of a resource; `found` is its drift."""
        return {"spec": props["spec"], "drift": found}

    def identified(self, spec: Spec) -> str:
        """The resource's id."""
        return str(spec["directory"])

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        spec = self.parsed(props)
        guarded(lambda: self.ensure(spec, None))
        return dynamic.CreateResult(id_=self.identified(spec), outs=self.settled(props, []))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        guarded(lambda: self.ensure(self.parsed(_news), self.parsed(_olds)))
        return dynamic.UpdateResult(outs=self.settled(_news, []))

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        spec = self.parsed(props)
        found = guarded(lambda: self.drift(spec, spec))
        say(map(drifted, found), "reading")
        return dynamic.ReadResult(id_=id_, outs=self.settled(props, found))

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        old, new = self.parsed(_olds), self.parsed(_news)
        # Drift is told against what was asked for so far; what was asked anew is told as a change.
        found = guarded(lambda: self.drift(old, new))
        asked = guarded(lambda: self.changes(old, new))
        say([*map(drifted, found), *asked], "comparing")
        return dynamic.DiffResult(changes=bool(found or asked))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        guarded(lambda: self.remove(self.parsed(_props)))


def drifted(line: str) -> str:
    return f"drift: {line}; up repairs it"


def parsed(props: dict[str, Any]) -> Spec:
    spec: Spec = json.loads(props["spec"])
    return spec


def written(spec: Spec) -> dict[str, Any]:
    """The inputs of a resource. `drift` is an output: what was found at the last refresh, empty when all is well."""
    return {"spec": json.dumps(spec, sort_keys=True), "drift": None}


def plain(value: Any) -> str:
    """The text of a value that may be wrapped as a secret; "" for what is not there or not known yet."""
    found = rpc.unwrap_rpc_secret(value)
    return found if isinstance(found, str) and found != rpc.UNKNOWN else ""
