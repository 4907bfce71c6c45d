"""The Kubernetes platform's graph: which resources there are, how each is treated, and what waits for what."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.runtime import mocks

from components.kubernetes.certificates import AuthorityProvider, CertificatesProvider
from components.kubernetes.cluster import KubernetesCluster
from components.settings.load import load

AUTHORITY, CERTIFICATES = "pulumi-python:dynamic/kubernetes:Authority", "pulumi-python:dynamic/kubernetes:Certificates"
SECRET = mocks.rpc._special_sig_key  # type: ignore[attr-defined]


class Recorder(mocks.Mocks):
    """Remembers what is asked for; signs certificates as the real provider does."""

    def __init__(self) -> None:
        self.resources: dict[str, mocks.MockResourceArgs] = {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.resources[args.name] = args
        providers = {AUTHORITY: AuthorityProvider, CERTIFICATES: CertificatesProvider}
        if args.typ in providers:
            made = providers[args.typ]().create(dict(args.inputs))
            return made.id, dict(made.outs or {})
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> dict[Any, Any]:
        raise AssertionError(f"nothing is looked up, but {args.token} was")

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Inputs by name of the objects of one kind."""
        found = [args for args in self.resources.values() if args.typ.rpartition(":")[2] == kind]
        return {args.inputs["metadata"]["name"]: dict(args.inputs) for args in found}


def declared(**given: Any) -> tuple[Recorder, KubernetesCluster]:
    """The resources of a stack with these settings."""
    recorder = Recorder()
    mocks.set_mocks(recorder)
    settings = load({"platform": "kubernetes", **given}, default_major=17)
    made: list[KubernetesCluster] = []

    @pulumi.runtime.test
    def run() -> Any:
        made.append(KubernetesCluster(settings.name, settings))
        return made[0].ready

    run()
    return recorder, made[0]


def test_every_part_is_there() -> None:
    recorder, _ = declared()
    assert set(recorder.of("StatefulSet")) == {"etcd", "pg"}
    assert set(recorder.of("Deployment")) == {"gateway"}
    assert set(recorder.of("Service")) == {"etcd", "pg", "pg-rw", "pg-ro", "pg-pool", "pg-pool-ro"}
    assert set(recorder.of("Secret")) == {
        "ca",
        "etcd-tls",
        "pg-tls",
        "gateway-tls",
        "replicator-tls",
        "rewind-tls",
        "pgbouncer-tls",
        "admin-tls",
    }
    assert set(recorder.of("PersistentVolumeClaimPatch")) == {
        f"data-{part}-{number}" for part in ("pg", "etcd") for number in range(3)
    }
    assert not recorder.of("Job") and not recorder.of("Role")  # nobody but us signs, and no pod asks the API
