"""The Kubernetes platform: where, how large, who reaches it, and what Kubernetes gives it. In Kubernetes' words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, SecretStr, Strict

from components.settings.fields import Section, setting
from components.settings.quantity import CORES, SIZE, as_cores

LABEL = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"  # RFC 1123, what a namespace or a Service may be called
SUBDOMAIN = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"  # what a Secret, a class or an issuer may be called
LABEL_KEY = r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"
NODE_PORTS = {"ge": 1024, "le": 65535}
Port = Annotated[int, Strict()]
Count = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
DEFAULT_MAJOR = 17


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class StorageSettings(Section):
    """One volume a member, or two, and one for each etcd node. No volume is ever made smaller."""

    storage_class: str | None = setting(
        None, pattern=SUBDOMAIN, cost="new cluster",
        description="StorageClass of all volumes. Default: the cluster's default class. It must exist.",
    )  # fmt: skip
    size: str = setting(
        "10Gi", pattern=SIZE, unit="Kubernetes quantity", cost="nothing restarts",
        description="A member's volume: data, and WAL unless wal_size is set. It can only grow, and only where the "
        "class allows expansion.",
    )  # fmt: skip
    wal_size: str | None = setting(
        None, pattern=SIZE, unit="Kubernetes quantity", cost="nothing restarts",
        description="A second volume of each member, for WAL alone: WAL that cannot be archived then never fills the "
        "data's volume. Whether there is one is fixed when the cluster is made; it can only grow.",
    )  # fmt: skip
    etcd_size: str = setting(
        "2Gi", pattern=SIZE, unit="Kubernetes quantity", cost="nothing restarts",
        description="An etcd node's volume. Patroni keeps kilobytes there; a larger one is often a faster one.",
    )  # fmt: skip


class ResourceSettings(Section):
    """What one member gets. The memory is both its request and its limit; of CPU there is a request and no limit."""

    cpu: Annotated[str, BeforeValidator(as_cores)] = setting(
        "500m", pattern=CORES, unit="cores (1, 0.5) or thousandths (500m)", cost="rolling restart",
        description="CPU that a member is sure to get.",
    )  # fmt: skip
    memory: str = setting(
        "1Gi", pattern=SIZE, unit="Kubernetes quantity", cost="rolling restart",
        description="Memory of a member. shared_buffers becomes a quarter of it, effective_cache_size three quarters, "
        "maintenance_work_mem a sixteenth (at most 1 GB), unless parameters says otherwise.",
    )  # fmt: skip


class GatewaySettings(Section):
    """PgBouncer, HAProxy and the follower, together in each gateway pod."""

    replicas: Count = setting(
        2, ge=1, le=10, unit="pods", cost="restart of the gateway",
        description="Gateway pods. Each has pools of its own, so the server sees as many times default_pool_size.",
    )  # fmt: skip
    cpu: Annotated[str, BeforeValidator(as_cores)] = setting(
        "100m", pattern=CORES, unit="cores (1, 0.5) or thousandths (500m)", cost="restart of the gateway",
        description="CPU that a gateway pod is sure to get.",
    )  # fmt: skip
    memory: str = setting(
        "128Mi", pattern=SIZE, unit="Kubernetes quantity", cost="restart of the gateway",
        description="Memory of a gateway pod, request and limit: about 64 MiB and 20 KiB for each TLS client.",
    )  # fmt: skip


class SpreadSettings(Section):
    """How pods are kept apart."""

    hosts: Literal["required", "preferred"] = setting(
        "required", cost="rolling restart",
        description="Whether two members (or two etcd nodes) may never share a machine. preferred is for a trial on "
        "fewer machines than members; losing one may then cost the quorum.",
    )  # fmt: skip
    zone_key: str = setting(
        "topology.kubernetes.io/zone", pattern=LABEL_KEY, cost="rolling restart",
        description="Node label by which members, etcd nodes and gateways are spread over zones.",
    )  # fmt: skip


class NodePortSettings(Section):
    """Ports at every machine, for exposure NodePort or LoadBalancer. Default: Kubernetes chooses."""

    writer: Port | None = setting(None, cost="nothing restarts", unit="TCP port", description="pg-rw.", **NODE_PORTS)
    reader: Port | None = setting(None, cost="nothing restarts", unit="TCP port", description="pg-ro.", **NODE_PORTS)
    pooled: Port | None = setting(None, cost="nothing restarts", unit="TCP port", description="pg-pool.", **NODE_PORTS)
    pooled_reader: Port | None = setting(
        None, cost="nothing restarts", unit="TCP port", description="pg-pool-ro.", **NODE_PORTS
    )


class ExposureSettings(Section):
    """Who reaches the four Services."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = setting(
        "ClusterIP", cost="nothing restarts",
        description="ClusterIP: pods of the cluster only; the access layer then comes in by kubectl port-forward.",
    )  # fmt: skip
    node_ports: NodePortSettings = setting(
        NodePortSettings(), cost="nothing restarts", description="Fixed ports of the machines."
    )
    host: str | None = setting(
        None, pattern=SUBDOMAIN, cost="reload",
        description="Name by which clients outside the cluster come in; the certificates carry it, and the URLs and "
        "the access layer use it. Default: none, the access layer uses kubectl port-forward.",
    )  # fmt: skip
    annotations: Mapping[str, str] = setting(
        {}, cost="nothing restarts", description="Annotations of the four Services, such as a load balancer's options."
    )
    sources: Texts = setting(
        (), cost="nothing restarts", unit="CIDR",
        description="Addresses outside the cluster that may connect; only with NodePort and LoadBalancer. "
        "Pods come in by the label of the namespaces below.",
    )  # fmt: skip
    namespaces: Texts = setting(
        (), cost="nothing restarts",
        description="Namespaces whose pods may connect to the gateway. Default: pods of every namespace may; they "
        "still need a password and TLS.",
    )  # fmt: skip


class CertificateSettings(Section):
    """Who signs. Leaf certificates live 90 days and are renewed after 60, without a restart."""

    issuer: Literal["own", "cert-manager"] = setting(
        "own", cost="rolling restart",
        description="own: a certificate authority whose key is kept, encrypted, in the stack's state. cert-manager: "
        "Certificates that cert-manager fills, by the Issuer named below.",
    )  # fmt: skip
    issuer_name: str | None = setting(
        None, pattern=SUBDOMAIN, cost="rolling restart", description="The Issuer, for cert-manager. It must be a CA."
    )
    issuer_kind: Literal["Issuer", "ClusterIssuer"] = setting(
        "Issuer", cost="rolling restart", description="Kind of that issuer."
    )
    authority_certificate: str | None = setting(
        None, max_length=20000, cost="rolling restart", unit="PEM",
        description="A CA of your own instead of a new one, such as the one of the cluster that standby_of names.",
    )  # fmt: skip
    authority_key: SecretStr | None = setting(
        None, cost="rolling restart", unit="PEM",
        description="Its key, set with `pulumi config set --secret --path`.",
    )  # fmt: skip


class EtcdSettings(Section):
    """The three etcd nodes that hold the leader's lease."""

    nodes: Count = setting(
        3, ge=1, le=7, unit="pods", cost="new cluster",
        description="etcd nodes: 3, or 5 to bear two losses; 1 for a trial. Always odd. Fixed after creation.",
    )  # fmt: skip


class StandbySettings(Section):
    """The cluster that this one follows. Both must be signed by one CA (certificates.authority_certificate)."""

    host: str = setting(
        ...,
        pattern=SUBDOMAIN,
        cost="reload",
        description="Name of the other cluster's writer, which its certificate carries.",
    )
    port: Port = setting(5432, ge=1, le=65535, unit="TCP port", cost="reload", description="Its port.")


class MonitoringSettings(Section):
    """What the Prometheus operator reads: PodMonitors of every part and the alert rules of k8s/monitoring."""

    enabled: Flag = setting(
        False, cost="nothing restarts",
        description="Whether they are made. The operator's resource definitions must be in the cluster.",
    )  # fmt: skip
    namespace: str = setting(
        "monitoring", pattern=LABEL, cost="nothing restarts",
        description="Namespace of the Prometheus that may read the metrics.",
    )  # fmt: skip
    labels: Mapping[str, str] = setting(
        {}, cost="nothing restarts",
        description="Labels of PodMonitors and rules, by which a Prometheus chooses what it reads (often `release`).",
    )  # fmt: skip


class KubernetesSettings(Section):
    """Patroni, PostgreSQL, etcd and the gateways as pods, from the manifests in `k8s/`."""

    context: str | None = setting(
        None, min_length=1, max_length=253, cost="new cluster",
        description="Context of the kubeconfig. Default: its current context, which the preview names.",
    )  # fmt: skip
    kubeconfig: str | None = setting(
        None, min_length=1, max_length=4096, cost="nothing restarts",
        description="Path of the kubeconfig. Default: $KUBECONFIG, else ~/.kube/config.",
    )  # fmt: skip
    namespace: str | None = setting(
        None, pattern=LABEL, cost="new cluster", description="Namespace of everything. Default: postgres-<name>."
    )
    existing_namespace: bool = setting(
        False, cost="new cluster",
        description="Whether the namespace is there already and is not ours to make or to remove.",
    )  # fmt: skip
    storage: StorageSettings = setting(StorageSettings(), cost="nothing restarts", description="Volumes.")
    resources: ResourceSettings = setting(ResourceSettings(), cost="rolling restart", description="Of a member.")
    image: str | None = setting(
        None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,253}$", cost="rolling restart",
        description="Image of all pods, with a tag or a digest, built from k8s/image. Gateways get it too: each of "
        "their connections ends once, between two transactions, with `server shutting down`. Default: the one of k8s/.",
    )  # fmt: skip
    pull_policy: Literal["IfNotPresent", "Always", "Never"] = setting(
        "IfNotPresent", cost="rolling restart", description="When a machine fetches the image."
    )
    pull_secrets: Texts = setting(
        (), cost="rolling restart", description="Names of Secrets in the namespace with registry passwords."
    )
    spread: SpreadSettings = setting(SpreadSettings(), cost="rolling restart", description="How pods are kept apart.")
    exposure: ExposureSettings = setting(ExposureSettings(), cost="nothing restarts", description="Who reaches it.")
    gateways: GatewaySettings = setting(
        GatewaySettings(), cost="restart of the gateway", description="The pods that clients connect to."
    )
    certificates: CertificateSettings = setting(
        CertificateSettings(), cost="rolling restart", description="Who signs what the parts show each other."
    )
    etcd: EtcdSettings = setting(EtcdSettings(), cost="new cluster", description="The store of the leader's lease.")
    leader_election: Literal["etcd", "kubernetes"] = setting(
        "etcd", cost="new cluster",
        description="Where the leader's lease is kept. kubernetes: in ConfigMaps, by the Kubernetes API, without pods "
        "and volumes of etcd; members then hold a token for them, and while that API is down there is no failover: "
        "the primary goes on only as long as all members answer it. etcd needs no API. Fixed after creation.",
    )  # fmt: skip
    standby_of: StandbySettings | None = setting(
        None, cost="reload", description="Makes this a standby cluster of another one. Without it: promoted."
    )
    monitoring: MonitoringSettings = setting(
        MonitoringSettings(), cost="nothing restarts", description="Metrics and alerts for a Prometheus."
    )
    fenced: Texts = setting(
        (), cost="reload",
        description="Members (pg-0, ...) that shall neither lead nor serve reads nor be waited for by commits.",
    )  # fmt: skip
    hibernate: bool = setting(
        False, cost="members are added or removed",
        description="No members and no gateways run; volumes, etcd, certificates and Services stay. false wakes it.",
    )  # fmt: skip
