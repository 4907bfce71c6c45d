"""Breaks a cluster of `kubectl apply -k k8s/` under writers in a pod, eight ways; prints a table of write outages.

    .venv/bin/python -m tests.live.kubernetes.chaos [--count 10]

The cluster is what KUBECONFIG names, else the lab. A platform in the namespace is taken as it is; without one, k8s/ is
applied, and removed at the end.
Exit code 1 if an acknowledged row is lost, or a median by the pooled port is over its limit.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from tests.chaos.conclusion import conclude
from tests.chaos.report import Audit, Outages
from tests.live.kubernetes.client import ROUTES, Client, now
from tests.live.kubernetes.faults import FAULTS, NEED_LAB, PREPARATIONS
from tests.live.kubernetes.lab import Kubectl, Lab, NoClusterError, NotInTimeError, kubernetes
from tests.live.kubernetes.platform import Platform, applied

# Seconds, medians by the pooled port, on a machine with other work. `cut-off` is the ttl and what comes after it;
# `node-lost` too, and until Kubernetes has noticed it a new connection may go to the gateway that was there.
LIMITS: Mapping[str, float] = {
    "pod-deleted": 6.0,
    "postgres-kill": 4.0,
    "patroni-frozen": 15.0,
    "node-drained": 8.0,
    "etcd-lost": 3.0,
    "no-api-killed": 10.0,
    "cut-off": 45.0,
    "node-lost": 60.0,
}
WHOLE, FLOWING = 300.0, 120.0


def event(platform: Platform, lab: Lab | None, client: Client, fault: str) -> dict[str, tuple[float, int]]:
    """Does one fault; returns each route's outage and errors once the cluster is whole again."""
    platform.wait_whole(WHOLE)
    if fault in PREPARATIONS:
        PREPARATIONS[fault](platform)
    client.wait_flowing(now(), FLOWING)
    began = now()
    heal = FAULTS[fault](platform, lab)
    try:
        if fault == "no-api-killed":
            time.sleep(30.0)  # nothing can be asked meanwhile; writes must be back long before
        else:
            client.wait_flowing(now() + 1.0, FLOWING)
        healed = now()
    finally:
        if heal is not None:
            heal()
    platform.wait_whole(WHOLE)
    client.wait_flowing(now(), FLOWING)
    return {route: (client.outage(route, began), client.errors(route, began)) for route in ROUTES} if healed else {}


def run(
    platform: Platform, lab: Lab | None, faults: Sequence[str], count: int, tell: Callable[[str], None]
) -> tuple[Outages, Audit]:
    """`count` events of each fault under one client; returns the outages and the audit."""
    outages, client = Outages(), Client(platform)
    platform.wait_whole(WHOLE)
    try:
        client.start(next(iter(platform.name_server_nodes()), None))  # the machine that no fault empties
        for fault in faults:
            for number in range(count):
                seconds = event(platform, lab, client, fault)
                for route, (value, errors) in seconds.items():
                    outages.add(fault, route, value, errors)
                tell(f"{fault} {number + 1}/{count}: " + ", ".join(f"{r} {v:.2f} s" for r, (v, _) in seconds.items()))
        return outages, client.stop()
    finally:
        client.remove()


@contextlib.contextmanager
def platform_in(kubectl: Kubectl) -> Iterator[Platform]:
    """The platform in that namespace; without one, one of our own."""
    if kubectl.try_to("get", "statefulset", "pg").returncode == 0:
        yield Platform(kubectl)
        return
    with applied(kubectl) as made:
        yield made


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.live.kubernetes.chaos", description="Breaks a cluster and measures.")
    parser.add_argument("--namespace", default="postgres-main")
    parser.add_argument("--count", type=int, default=3, help="events of each fault (default 3)")
    parser.add_argument("--faults", nargs="+", choices=sorted(FAULTS), default=list(FAULTS))
    given = parser.parse_args(arguments)
    try:
        with kubernetes() as kubeconfig, platform_in(Kubectl(kubeconfig, given.namespace)) as platform:
            lab = Lab.of(kubeconfig)
            faults = [fault for fault in given.faults if lab is not None or fault not in NEED_LAB]
            outages, audit = run(platform, lab, faults, given.count, lambda line: print(line, flush=True))
    except (NoClusterError, NotInTimeError, AssertionError) as error:
        print(f"the run ended early: {error}", file=sys.stderr)
        return 1
    return conclude(outages, audit, list(ROUTES), LIMITS, given.count)


if __name__ == "__main__":
    sys.exit(main())
