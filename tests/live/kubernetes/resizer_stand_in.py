"""Stands in for a CSI driver's resizer, which the lab has none of: says that a volume has what its claim asks for.

The API server, its rule about `allowVolumeExpansion` and the claims are real; what grows no file system is this.
"""

from __future__ import annotations

import json
import threading
from types import TracebackType
from typing import Any

from tests.live.kubernetes.lab import Kubectl

PAUSE_S = 0.3
PROVISIONER = "kubebox.test/hostpath"  # the lab's, which serves every class that names it


def storage_class(name: str) -> dict[str, Any]:
    """A class of the lab's volumes that lets them grow."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": PROVISIONER,
        "volumeBindingMode": "WaitForFirstConsumer",
        "reclaimPolicy": "Delete",
        "allowVolumeExpansion": True,
    }


class Resizer:
    """Looks after the claims of a namespace while the block runs; `held`, it does nothing, as one that is down."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl, self._end, self.held = kubectl, threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="resizer")

    def __enter__(self) -> Resizer:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _why: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join(60.0)

    def _run(self) -> None:
        while not self._end.wait(PAUSE_S):
            if not self.held.is_set():
                for name, volume, size in self._small():
                    self._grow(name, volume, size)

    def _small(self) -> list[tuple[str, str, str]]:
        """Bound claims whose volume is not what they ask for."""
        done = self._kubectl.try_to("get", "pvc", "-o", "json")
        claims = json.loads(done.stdout)["items"] if done.returncode == 0 else []
        return [
            (one["metadata"]["name"], one["spec"]["volumeName"], one["spec"]["resources"]["requests"]["storage"])
            for one in claims
            if one["status"].get("phase") == "Bound"
            and one["status"]["capacity"]["storage"] != one["spec"]["resources"]["requests"]["storage"]
        ]

    def _grow(self, name: str, volume: str, size: str) -> None:
        """First the volume, then what the claim is told of it, as a resizer and kubelet do."""
        capacity = {"capacity": {"storage": size}}
        self._kubectl.try_to("patch", "pv", volume, "--type=merge", "--patch", json.dumps({"spec": capacity}))
        told = {"status": {**capacity, "conditions": []}}
        words = ("patch", "pvc", name, "--subresource=status", "--type=merge", "--patch", json.dumps(told))
        self._kubectl.try_to(*words)
