"""Started by the engine through `pulumi-resource-kubernetes`."""

from __future__ import annotations

from tests.plugins.kubernetes.provider import Kubernetes
from tests.plugins.protocol import serve

serve(Kubernetes())
