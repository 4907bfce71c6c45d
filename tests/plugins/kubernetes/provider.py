"""The provider: server-side apply, a dry run of it in previews, waits until objects are ready, reads for drift."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from tests.plugins.kubernetes import objects, waiting
from tests.plugins.kubernetes.cluster import Cluster, Refused, Unreachable
from tests.plugins.kubernetes.objects import Object
from tests.plugins.protocol_types import Call, Checked, Difference, Failed, Found, InitFailed, Made, Provider
from tests.plugins.protocol_values import Path, Props, knows

READY_S = 600.0  # the real provider's limit, too
GONE_S = 600.0
PAUSE_S = 0.5
T = TypeVar("T")
PROVIDER_SCHEMA = "pulumi:providers:kubernetes"


class Kubernetes(Provider):
    """Speaks for one context of one kubeconfig."""

    name, version = "kubernetes", "4.34.2"

    def __init__(self) -> None:
        self._config: Props = {}
        self._found: Cluster | None = None

    def secret_outputs(self, type_: str) -> Iterable[Path]:
        return (("data",), ("stringData",)) if type_.rpartition(":")[2] in ("Secret", "SecretPatch") else ()

    def configure(self, config: Props) -> None:
        self._config = config

    def check(self, call: Call, _olds: Props, news: Props) -> Checked:
        manifest = objects.normal(news)
        meta = manifest.get("metadata")
        if not isinstance(meta, dict) or not meta.get("name"):
            return Checked(manifest, (("metadata.name", "this stand-in makes up no names: give one"),))
        if knows(meta) and "namespace" not in meta and self._namespaced(manifest):
            manifest = {**manifest, "metadata": {**meta, "namespace": self._namespace()}}
        return Checked(manifest)

    def diff(self, _call: Call, _id: str, old_inputs: Props, olds: Props, news: Props) -> Difference:
        """The live part that was asked for, against what is asked for now."""
        mutable = {kind for kind, key in _MUTABLE.items() if self._is_set(*key)}
        before = objects.pruned(olds, old_inputs)
        return objects.difference({**before, "kind": old_inputs.get("kind")}, news, mutable=frozenset(mutable))

    def create(self, call: Call, inputs: Props) -> Made:
        if call.preview:
            return Made("", self._foreseen(call, inputs))
        id_ = objects.identity(inputs)
        there = self._asked(lambda cluster: cluster.get(inputs))
        if objects.is_patch(call.type) and there is None:
            raise Failed(f"there is no {_shown(inputs)} to patch")
        if there is not None and not objects.is_patch(call.type) and not self._is_set(*_UPSERT):
            raise Failed(f"{_shown(inputs)} is there already: import it, or set upsert_existing_objects")
        return Made(id_, self._applied(call, inputs))

    def read(self, call: Call, id_: str, inputs: Props, _olds: Props) -> Found | None:
        place = objects.located(call.type, id_)
        live = self._asked(lambda cluster: cluster.get(place))
        if live is None:
            return None
        outputs = objects.plain(live, objects.manager(call.urn, inputs))
        return Found(id_, objects.pruned(outputs, inputs) if inputs.get("metadata") else outputs, outputs)

    def update(self, call: Call, id_: str, _old_inputs: Props, _olds: Props, news: Props) -> Props:
        return self._foreseen(call, news) if call.preview else self._applied(call, news)

    def delete(self, call: Call, id_: str, old_inputs: Props, _olds: Props) -> None:
        place = objects.located(call.type, id_)
        live = self._asked(lambda cluster: cluster.get(place))
        if live is None:
            return
        if objects.is_patch(call.type):
            owner = objects.manager(call.urn, old_inputs)
            self._asked(lambda cluster: cluster.apply(place, manager=owner, force=True, dry_run=False))
            return
        propagation = (objects.annotation(live, "deletionPropagationPolicy") or "foreground").capitalize()
        uid = live["metadata"]["uid"]
        self._asked(lambda cluster: _gone_is_fine(lambda: cluster.delete(place, propagation=propagation, uid=uid)))
        self._wait_until_gone(call, place, uid)

    # --- applying ---

    def _foreseen(self, call: Call, inputs: Props) -> Props:
        """What the API server says it would become; the inputs where it cannot say yet."""
        if not knows(inputs):
            return inputs
        try:
            return self._apply(call, inputs, dry_run=True)
        except Unreachable as error:
            call.note(f"not tried on the cluster, which does not answer: {error}")
        except Refused as refused:
            # Its namespace, or its kind, is still to be made.
            if refused.status != 404:
                raise Failed(f"{_shown(inputs)}: {refused}") from None
        return inputs

    def _applied(self, call: Call, inputs: Props) -> Props:
        def apply(_cluster: Cluster) -> Props:
            return self._apply(call, inputs, dry_run=False)

        outputs = self._asked(apply, _shown(inputs))
        if objects.annotation(inputs, "skipAwait") == "true" or objects.is_patch(call.type):
            return outputs
        return self._wait_until_ready(call, inputs, outputs)

    def _apply(self, call: Call, inputs: Props, *, dry_run: bool) -> Props:
        owner = objects.manager(call.urn, inputs)
        given = objects.annotation(inputs, "patchForce")
        force = given == "true" if given is not None else self._is_set(*_FORCE)
        live = self._cluster().apply(dict(inputs), manager=owner, force=force, dry_run=dry_run)
        return objects.plain(live, owner)

    # --- waiting ---

    def _wait_until_ready(self, call: Call, inputs: Props, outputs: Props) -> Props:
        limit = call.timeout or float(objects.annotation(inputs, "timeoutSeconds") or READY_S)
        end, told = time.monotonic() + limit, ""
        while True:
            try:
                lacks = waiting.missing(self._cluster(), outputs, objects.annotation(inputs, "waitFor"))
            except waiting.Hopeless as error:
                raise self._unready(inputs, outputs, str(error)) from None
            except (Unreachable, Refused) as error:
                lacks = str(error)
            if lacks is None:
                return outputs
            if lacks != told:
                call.progress(lacks)
                told = lacks
            if call.cancelled.is_set() or time.monotonic() > end:
                why = "stopped on request" if call.cancelled.is_set() else f"not ready after {limit:.0f} s"
                raise self._unready(inputs, outputs, f"{why}: {lacks}")
            time.sleep(PAUSE_S)
            outputs = self._again(call, inputs, outputs)

    def _again(self, call: Call, inputs: Props, outputs: Props) -> Props:
        """The live object; the last known one while the API server does not answer."""
        try:
            live = self._cluster().get(objects.located(call.type, objects.identity(inputs)))
        except (Unreachable, Refused):
            return outputs
        if live is None:
            raise Failed(f"{_shown(inputs)} was deleted while it was waited for")
        return objects.plain(live, outputs["__fieldManager"])

    def _unready(self, inputs: Props, outputs: Props, why: str) -> InitFailed:
        return InitFailed(objects.identity(inputs), outputs, [f"{_shown(inputs)}: {why}"], inputs)

    def _wait_until_gone(self, call: Call, place: Object, uid: str) -> None:
        limit = call.timeout or GONE_S
        end = time.monotonic() + limit
        while True:
            live = self._asked(lambda cluster: cluster.get(place))
            if live is None or live["metadata"]["uid"] != uid:
                return
            call.progress("waiting until it is gone")
            if call.cancelled.is_set() or time.monotonic() > end:
                waits = ", ".join(live["metadata"].get("finalizers") or ("its pods",))
                raise Failed(f"{_shown(place)} is still there after {limit:.0f} s; it waits for {waits}")
            time.sleep(PAUSE_S)

    # --- the cluster ---

    def _cluster(self) -> Cluster:
        if self._found is None:
            self._found = Cluster(self._config.get("kubeconfig"), self._config.get("context"))
        return self._found

    def _asked(self, question: Callable[[Cluster], T], about: str = "") -> T:
        before = f"{about}: " if about else ""
        try:
            return question(self._cluster())
        except Unreachable as error:
            raise Failed(f"{before}the Kubernetes API server does not answer: {error}") from None
        except Refused as refused:
            raise Failed(f"{before}{refused}") from None

    def _namespaced(self, manifest: Object) -> bool:
        try:
            return self._cluster().kind(manifest["apiVersion"], manifest["kind"]).namespaced
        except (Unreachable, Refused):
            return False

    def _namespace(self) -> str:
        return str(self._config.get("namespace") or self._cluster().namespace)

    def _is_set(self, key: str, variable: str) -> bool:
        value: Any = self._config.get(key, os.environ.get(variable))
        return value is True or str(value).lower() in ("true", "1")


_MUTABLE = {
    "ConfigMap": ("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
    "Secret": ("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
}
_UPSERT = ("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS")
_FORCE = ("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE")


def _shown(manifest: Object) -> str:
    return f"{manifest['kind']} {objects.identity(manifest)}"


def _gone_is_fine(action: Callable[[], None]) -> None:
    try:
        action()
    except Refused as refused:
        if refused.status != 404:
            raise
