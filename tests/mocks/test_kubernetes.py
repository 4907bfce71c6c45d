"""The Kubernetes platform's graph: which resources there are, how each is treated, and what waits for what."""

from __future__ import annotations

import base64
import json
from typing import Any

import pulumi
from cryptography import x509
from pulumi.runtime import mocks, rpc

from components.contract import Route
from components.kubernetes.certificates import AuthorityProvider, CertificatesProvider
from components.kubernetes.cluster import KubernetesCluster
from components.settings.load import load

AUTHORITY, CERTIFICATES = "pulumi-python:dynamic/kubernetes:Authority", "pulumi-python:dynamic/kubernetes:Certificates"
CONFIGURATION = "pulumi-python:dynamic/kubernetes:Configuration"


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
        if args.resource_id:  # what somebody else made is read
            text = base64.b64encode(b"filled by another").decode()
            return args.resource_id, {"data": dict.fromkeys(("tls.crt", "tls.key", "ca.crt"), text)}
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> dict[Any, Any]:
        raise AssertionError(f"nothing is looked up, but {args.token} was")

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Inputs by name of the objects of one kind."""
        found = [args for args in self.resources.values() if args.typ.rpartition(":")[2] == kind]
        return {args.inputs["metadata"]["name"]: dict(args.inputs) for args in found if "metadata" in args.inputs}


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
    assert set(volumes(recorder)) == {f"data-{part}-{number}" for part in ("pg", "etcd") for number in range(3)}
    assert not recorder.of("Job") and not recorder.of("Role")  # nobody but us signs, and no pod asks the API


def volumes(recorder: Recorder) -> dict[str, str]:
    """The size of each."""
    found: dict[str, str] = json.loads(recorder.resources["main-volumes"].inputs["spec"])["volumes"]
    return found


def test_five_members_and_five_etcd_nodes_have_a_volume_each() -> None:
    recorder, _ = declared(replicas=4, kubernetes={"etcd": {"nodes": 5}, "storage": {"size": "50Gi"}})
    assert volumes(recorder) == {f"data-pg-{number}": "50Gi" for number in range(5)} | {
        f"data-etcd-{number}": "2Gi" for number in range(5)
    }


def test_a_sleeping_cluster_keeps_everything_but_its_pods() -> None:
    recorder, cluster = declared(kubernetes={"hibernate": True})
    assert recorder.of("StatefulSet")["pg"]["spec"]["replicas"] == 0
    assert recorder.of("StatefulSet")["etcd"]["spec"]["replicas"] == 3
    assert recorder.of("Deployment")["gateway"]["spec"]["replicas"] == 0
    assert cluster.server.resting == "the cluster hibernates"


def test_without_etcd_members_have_rights_before_they_start() -> None:
    recorder, _ = declared(kubernetes={"leader_election": "kubernetes"})
    assert set(recorder.of("StatefulSet")) == {"pg"}
    assert "etcd" not in {name for kind in ("Service", "ConfigMap", "NetworkPolicy") for name in recorder.of(kind)}
    assert "etcd-tls" not in recorder.of("Secret")
    assert set(volumes(recorder)) == {f"data-pg-{number}" for number in range(3)}
    assert recorder.of("RoleBinding")["pg"]["subjects"] == [
        {"kind": "ServiceAccount", "name": "pg", "namespace": "postgres-main"}
    ]
    assert [recorder.of("Role")["pg"]["metadata"]["labels"]["app.kubernetes.io/instance"]] == ["main"]


def test_a_borrowed_namespace_is_not_made() -> None:
    recorder, _ = declared(kubernetes={"namespace": "team", "existing_namespace": True})
    assert not recorder.of("Namespace")
    assert {one["metadata"]["namespace"] for one in recorder.of("Secret").values()} == {"team"}


def test_secrets_hold_what_our_authority_signed() -> None:
    recorder, _ = declared()
    found = recorder.of("Secret")
    authority = x509.load_pem_x509_certificate(base64.b64decode(found["ca"]["data"]["ca.crt"]))
    assert list(found["ca"]["data"]) == ["ca.crt"]  # never its key
    for name, secret in found.items():
        if name != "ca":
            assert rpc.is_rpc_secret(secret["data"])  # neither a preview nor the state shows it in clear
            data = rpc.unwrap_rpc_secret(secret["data"])
            assert set(data) == {"tls.crt", "tls.key"}
            x509.load_pem_x509_certificate(base64.b64decode(data["tls.crt"])).verify_directly_issued_by(authority)


def test_no_key_lies_outside_secrets_and_the_state_of_the_authority() -> None:
    recorder, _ = declared()
    for args in recorder.resources.values():
        text = str(args.inputs)
        if args.typ not in (AUTHORITY, CERTIFICATES, CONFIGURATION):
            assert "PRIVATE KEY" not in text, args.name


def test_the_administrator_reaches_the_services_by_port_forward() -> None:
    _, cluster = declared(name="orders", kubernetes={"context": "lab"})
    server = cluster.server
    assert str(server.writer) == "pg-rw.postgres-orders.svc:5432"
    assert str(server.pooled_reader) == "pg-pool-ro.postgres-orders.svc:6432"
    assert server.route == Route(kind="port-forward", namespace="postgres-orders", context="lab")
    assert server.admin.certificate is None  # it is a secret beside the server


def test_an_exposed_cluster_is_reached_directly() -> None:
    ports = {"writer": 30001, "reader": 30002, "pooled": 30003, "pooled_reader": 30004}
    exposure = {"type": "NodePort", "host": "db.example.org", "node_ports": ports, "sources": ["10.0.0.0/8"]}
    _, cluster = declared(kubernetes={"exposure": exposure})
    assert cluster.server.route is None
    assert str(cluster.server.pooled) == "db.example.org:30003"


def test_the_dynamic_configuration_is_a_resource_of_its_own() -> None:
    recorder, _ = declared(parameters={"work_mem": "8MB"}, kubernetes={"fenced": ["pg-2"]})
    spec = json.loads(recorder.resources["main-configuration"].inputs["spec"])
    assert spec["configuration"]["postgresql"]["parameters"]["work_mem"] == "8MB"
    assert spec["members"]["pg-2"] == {"host": "pg-2.pg.postgres-main.svc"}
    assert spec["fenced"] == ["pg-2"]


def test_with_cert_manager_nobody_here_holds_a_key() -> None:
    given = {"issuer": "cert-manager", "issuer_name": "ca", "issuer_kind": "ClusterIssuer"}
    recorder, _ = declared(kubernetes={"certificates": given})
    assert AUTHORITY not in {args.typ for args in recorder.resources.values()}
    assert len(recorder.of("Certificate")) == 7
    assert not recorder.of("Secret")


BUCKET = {"kind": "s3", "bucket": "b1b", "endpoint": "s3.example.org", "region": "r", "key": "k", "key_secret": "s"}
BACKED_UP = {
    "backup": {"repository": BUCKET, "encryption": "phrase"},
    "secrets": {"k": "KEY-TEXT", "s": "KEYSECRET-TEXT", "phrase": "PHRASE-TEXT"},
}


def test_backups_are_jobs_whose_secrets_nobody_sees() -> None:
    recorder, _ = declared(**BACKED_UP)
    assert set(recorder.of("CronJob")) == {"backup-full", "backup-diff"}  # incr has no time
    assert set(recorder.of("Job")) == {"backup-first"}
    secret = recorder.of("Secret")["pgbackrest"]["data"]
    assert rpc.is_rpc_secret(secret)
    text = base64.b64decode(rpc.unwrap_rpc_secret(secret)["secrets.conf"]).decode()
    assert "repo1-cipher-pass=PHRASE-TEXT\nrepo1-s3-key=KEY-TEXT\nrepo1-s3-key-secret=KEYSECRET-TEXT\n" in text
    for name, args in recorder.resources.items():
        if name != "main-secret-pgbackrest":
            assert not any(one in str(args.inputs) for one in ("PHRASE-TEXT", "KEY-TEXT", "KEYSECRET-TEXT")), name
    sidecar = recorder.of("StatefulSet")["pg"]["spec"]["template"]["spec"]["containers"][-1]
    assert sidecar["name"] == "pgbackrest"


def test_a_sleeping_cluster_is_not_backed_up() -> None:
    recorder, _ = declared(kubernetes={"hibernate": True}, **BACKED_UP)
    assert all(one["spec"]["suspend"] is True for one in recorder.of("CronJob").values())
    assert not recorder.of("Job")


def test_a_cluster_that_is_only_restored_takes_no_backups() -> None:
    restore = {"from": "old", "repository": BUCKET, "encryption": "phrase"}
    recorder, _ = declared(restore=restore, secrets=BACKED_UP["secrets"])
    assert not recorder.of("CronJob") and not recorder.of("Job")
    assert "pgbackrest-restore" in recorder.of("Secret") and "pgbackrest" not in recorder.of("Secret")
    pod = recorder.of("StatefulSet")["pg"]["spec"]["template"]["spec"]
    assert [one["name"] for one in pod["containers"]] == ["postgres", "exporter"]
    [claim] = recorder.of("StatefulSet")["pg"]["spec"]["volumeClaimTemplates"]
    made_from = json.loads(claim["metadata"]["annotations"]["postgres-platform/made-from"])
    assert made_from == {"source": "old", "time": None, "label": None, "lsn": None}
    sources = next(one for one in pod["volumes"] if one["name"] == "backup")["projected"]["sources"]
    assert [next(iter(one)) for one in sources] == ["configMap", "secret"]
