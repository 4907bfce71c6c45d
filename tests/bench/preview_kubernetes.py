"""`make bench-preview-kubernetes`: the preview of an unchanged dev stack against an empty program of its size.

The stack is brought up on the cluster under test (KUBECONFIG's, else the lab) and removed at the end. The empty program
declares as many objects of the Kubernetes provider (ConfigMaps) and as many dynamic resources, none of which does
anything; both run through the same driver, in turns. Exits 1 when the ratio of the medians is over the limit.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live.kubernetes.lab import NoClusterError, kubernetes
from tests.live.kubernetes.stack import Stack

LIMIT = 1.5
NAME, EMPTY = "bench", "empty"
PROGRAM = """
import pulumi
from pulumi import dynamic

OBJECTS, DYNAMIC = {objects}, {dynamic}


class Nothing(dynamic.ResourceProvider):
    def create(self, props):
        return dynamic.CreateResult("nothing", props)


class Empty(dynamic.Resource):
    pass


options = {{"enableServerSideApply": "true", "enableConfigMapMutable": "true"}}
provider = pulumi.ProviderResource("kubernetes", "cluster", options | {{"kubeconfig": {kubeconfig!r}}})
below = pulumi.ResourceOptions(provider=provider)
space = {{"apiVersion": "v1", "kind": "Namespace", "metadata": {{"name": "postgres-{name}"}}}}
first = pulumi.CustomResource("kubernetes:core/v1:Namespace", "space", space, below)
after = pulumi.ResourceOptions(provider=provider, depends_on=[first])
for number in range(OBJECTS - 1):
    name = f"nothing-{{number}}"
    metadata = {{"name": name, "namespace": "postgres-{name}"}}
    manifest = {{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {{"nothing": name}}}}
    pulumi.CustomResource("kubernetes:core/v1:ConfigMap", name, manifest, after)
for number in range(DYNAMIC):
    Empty(Nothing(), f"dynamic-{{number}}", {{}})
"""


def kinds(stack: Stack) -> tuple[int, int]:
    """How many objects of Kubernetes and how many dynamic resources the stack has."""
    found = [
        json.loads(file.read_text()) for file in (stack.root / ".pulumi/state").rglob(f"stacks/**/{stack.name}.json")
    ]
    types = [one["type"] for one in found[0]["checkpoint"]["latest"]["resources"]]
    return sum(one.startswith("kubernetes:") for one in types), sum("dynamic" in one for one in types)


def empty(folder: Path, objects: int, dynamic: int, kubeconfig: Path) -> Stack:
    """The empty program, not up yet."""
    stack = Stack.make(folder, EMPTY, kubeconfig)
    text = PROGRAM.format(objects=objects, dynamic=dynamic, name=EMPTY, kubeconfig=str(kubeconfig))
    (stack.root / "__main__.py").write_text(text)
    return stack


def seconds(stack: Stack) -> float:
    """One preview, as a whole process; an AssertionError when there is anything to change."""
    began = time.monotonic()
    changed = stack.changes("preview")
    took = time.monotonic() - began
    assert not {kind for kind in changed if kind != "same"}, f"{stack.name} is not unchanged: {changed}"
    return took


@contextmanager
def brought_up(folder: Path, kubeconfig: Path) -> Iterator[Stack]:
    """A dev stack, gone with its volumes afterwards."""
    stack = Stack.make(folder, NAME, kubeconfig)
    try:
        stack.told("up")
        yield stack
    finally:
        stack.run("down")
        stack.platform.kubectl.try_to("delete", "namespace", stack.namespace, "--ignore-not-found", "--wait=false")


def measure(stack: Stack, folder: Path, rounds: int) -> tuple[list[float], list[float], int]:
    """Seconds of our previews and of the empty ones, in turns; and the number of resources."""
    objects, dynamic = kinds(stack)
    nothing = empty(folder, objects, dynamic, stack.kubeconfig)
    try:
        nothing.told("up")
        seconds(stack), seconds(nothing)  # the first ones fill caches
        pairs = [(seconds(stack), seconds(nothing)) for _ in range(rounds)]
    finally:
        nothing.run("down")
    return [ours for ours, _ in pairs], [floor for _, floor in pairs], objects + dynamic


def report(ours: list[float], floor: list[float], count: int) -> bool:
    """Prints the figures; whether they are within the limit."""
    ratio = statistics.median(ours) / statistics.median(floor)
    for name, taken in (("unchanged dev stack", ours), (f"empty program, {count} resources", floor)):
        print(f"{name:34} {min(taken):6.2f} / {statistics.median(taken):6.2f} / {max(taken):6.2f} s (min/median/max)")
    print(f"ratio of the medians {ratio:.2f}; the limit is {LIMIT}")
    return ratio <= LIMIT


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-preview-kubernetes", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    try:
        with tempfile.TemporaryDirectory() as folder, kubernetes() as kubeconfig:
            ours, floor = Path(folder) / "ours", Path(folder) / "floor"
            ours.mkdir()
            floor.mkdir()
            with brought_up(ours, kubeconfig) as stack:
                return 0 if report(*measure(stack, floor, rounds)) else 1
    except NoClusterError as none:
        print(none, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
