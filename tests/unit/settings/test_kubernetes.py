"""What a stack of the Kubernetes platform may ask for, and what it is told when it asks for something else."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.render.parameters import server_parameters
from components.settings.kubernetes_rules import FROZEN_IS_DEAD
from components.settings.load import load
from components.settings.problems import SettingsError
from components.settings.quantity import in_bytes, megabytes, millicores
from components.settings.source import Source


def problems(**config: Any) -> dict[str, str]:
    """Message by path of what is wrong with a Kubernetes stack of these settings."""
    with pytest.raises(SettingsError) as caught:
        load({"platform": "kubernetes"} | config, default_major=17)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_defaults_are_a_whole_cluster() -> None:
    settings = load({"platform": "kubernetes"}, default_major=17)
    assert (settings.members, settings.kubernetes.etcd.nodes, settings.kubernetes.gateways.replicas) == (3, 3, 2)
    assert (settings.patroni.timing, settings.kubernetes.exposure.type) == ("normal", "ClusterIP")


@pytest.mark.parametrize(
    "config, path, part",
    [
        pytest.param({"patroni": {"ttl": 30, "loop_wait": 10, "retry_timeout": 30}}, "patroni.ttl",
                     "10 + 2 * 30 = 70 > 30", id="timing that Patroni would rewrite"),
        pytest.param({"patroni": {"ttl": 20, "loop_wait": 8, "retry_timeout": 6}}, "patroni.ttl",
                     "raise ttl to 25 or more, or lower loop_wait to 3 or less", id="frozen outlives its lease"),
        pytest.param({"replicas": 1}, "replicas", "needs at least 2 replicas (3 members)", id="zero-loss with two"),
        pytest.param({"kubernetes": {"etcd": {"nodes": 4}}}, "kubernetes.etcd.nodes", "set 3 or 5", id="even etcd"),
        pytest.param({"kubernetes": {"resources": {"memory": "512Mi"}}, "parameters": {"shared_buffers": "300MB"}},
                     "parameters.shared_buffers", "(256MB)", id="memory below shared_buffers"),
        pytest.param({"kubernetes": {"resources": {"memory": "100Mi"}}}, "kubernetes.resources.memory",
                     "needs 256Mi or more", id="little memory"),
        pytest.param({"pooler": {"default_pool_size": 40}}, "pooler.default_pool_size",
                     "45 server connections for one pool in each of 2 gateways: 90", id="pools of two gateways"),
        pytest.param({"pooler": {"default_pool_size": 90}}, "pooler.default_pool_size",
                     "the server has 87 for clients", id="one pool too large"),
        pytest.param({"kubernetes": {"image": "postgres:17"}}, "kubernetes.image", "has no Patroni", id="postgres"),
        pytest.param({"kubernetes": {"image": "docker.io/bitnami/postgresql:17.2"}}, "kubernetes.image",
                     "has no Patroni", id="bitnami"),
        pytest.param({"kubernetes": {"image": "reg:5000/own/pg:latest"}}, "kubernetes.image", "never run different",
                     id="latest"),
        pytest.param({"kubernetes": {"image": "reg:5000/own/pg"}}, "kubernetes.image", "with a tag", id="no tag"),
        pytest.param({"kubernetes": {"namespace": "Data_Base"}}, "kubernetes.namespace", "a text that matches",
                     id="namespace"),
        pytest.param({"kubernetes": {"namespace": "n" * 64}}, "kubernetes.namespace", "a text that matches", id="long"),
        pytest.param({"kubernetes": {"storage": {"storage_class": "Fast SSD"}}}, "kubernetes.storage.storage_class",
                     "a text that matches", id="class"),
        pytest.param({"kubernetes": {"storage": {"size": "ten"}}}, "kubernetes.storage.size", "a text that matches",
                     id="no size"),
        pytest.param({"kubernetes": {"storage": {"size": "100Mi"}}}, "kubernetes.storage.size", "1Gi or more",
                     id="small volume"),
        pytest.param({"kubernetes": {"pull_secrets": ["Reg"]}}, "kubernetes.pull_secrets.0", "RFC 1123", id="secret"),
        pytest.param({"kubernetes": {"leader_election": "kubernetes", "etcd": {"nodes": 3}}}, "kubernetes.etcd.nodes",
                     "which runs no etcd", id="nodes of no etcd"),
        pytest.param({"kubernetes": {"leader_election": "kubernetes", "storage": {"etcd_size": "2Gi"}}},
                     "kubernetes.storage.etcd_size", "which runs no etcd", id="volumes of no etcd"),
        pytest.param({"kubernetes": {"fenced": ["pg-3"]}}, "kubernetes.fenced.0", "pg-0, pg-1, pg-2", id="no member"),
        pytest.param({"kubernetes": {"fenced": ["pg-0", "pg-1"]}}, "kubernetes.fenced", "leaves 1 of 3", id="too many"),
        pytest.param({"kubernetes": {"exposure": {"node_ports": {"writer": 30001}}}},
                     "kubernetes.exposure.node_ports.writer", "set type to NodePort", id="port of a ClusterIP"),
        pytest.param({"kubernetes": {"exposure": {"type": "NodePort",
                                                  "node_ports": {"writer": 30001, "reader": 30001},
                                                  "sources": ["10.0.0.0/8"]}}},
                     "kubernetes.exposure.node_ports.writer", "which reader has already", id="twice"),
        pytest.param({"kubernetes": {"exposure": {"type": "NodePort", "host": "db.example.org",
                                                  "sources": ["10.0.0.0/8"]}}},
                     "kubernetes.exposure.node_ports", "lacks writer, reader, pooled, pooled_reader", id="ports move"),
        pytest.param({"kubernetes": {"exposure": {"type": "LoadBalancer"}}}, "kubernetes.exposure.sources",
                     "nobody outside may connect", id="open to nobody"),
        pytest.param({"kubernetes": {"exposure": {"type": "LoadBalancer", "sources": ["all"]}}},
                     "kubernetes.exposure.sources.0", "10.0.0.0/8", id="no network"),
        pytest.param({"kubernetes": {"certificates": {"issuer": "cert-manager"}}},
                     "kubernetes.certificates.issuer_name", "is missing", id="no issuer"),
        pytest.param({"kubernetes": {"certificates": {"authority_certificate": "x"}}},
                     "kubernetes.certificates.authority_key", "is missing", id="half a CA"),
        pytest.param({"kubernetes": {"standby_of": {"host": "db.example.org"}}}, "kubernetes.standby_of",
                     "needs the other cluster's CA", id="standby of a stranger"),
        pytest.param({"kubernetes": {"gateways": {"cpu": 0.001}}}, "kubernetes.gateways.cpu", "10m or more", id="cpu"),
        pytest.param({"kubernetes": {"contxt": "x"}}, "kubernetes.contxt", "did you mean context?", id="nearest"),
    ],
)  # fmt: skip
def test_a_problem_says_what_to_do(config: dict[str, Any], path: str, part: str) -> None:
    found = problems(**config)
    assert list(found) == [path]
    assert part in found[path]


def test_everything_is_said_at_once_with_file_and_line() -> None:
    text = """\
config:
  postgres-platform:platform: kubernetes
  postgres-platform:replicas: 1
  postgres-platform:kubernetes:
    etcd:
      nodes: 2
    image: postgres:17
    resources:
      memory: 512Mi
  postgres-platform:parameters:
    shared_buffers: 1GB
"""
    given = yaml.safe_load(text)["config"]
    with pytest.raises(SettingsError) as caught:
        load(given, Source.parse(text, "Pulumi.dev.yaml"), default_major=17)
    assert [(one.path, one.line) for one in caught.value.problems] == [
        ("replicas", 3),
        ("kubernetes.etcd.nodes", 6),
        ("kubernetes.image", 7),
        ("parameters.shared_buffers", 11),
    ]


def test_a_key_of_a_ca_is_never_shown() -> None:
    message = problems(kubernetes={"certificates": {"authority_certificate": "c", "authority_key": 4711}})
    assert "4711" not in str(message)


def test_rules_of_kubernetes_leave_other_platforms_alone() -> None:
    assert load({"platform": "embedded", "kubernetes": {"etcd": {"nodes": 4}}}, default_major=15)


def test_memory_and_volume_decide_parameters() -> None:
    sized = {"resources": {"memory": "8Gi"}, "storage": {"size": "100Gi"}}
    found = server_parameters(load({"platform": "kubernetes", "kubernetes": sized}, default_major=17))
    names = ("shared_buffers", "effective_cache_size", "maintenance_work_mem", "max_slot_wal_keep_size", "max_wal_size")
    assert [found[name] for name in names] == ["2048MB", "6144MB", "512MB", "30720MB", "10240MB"]
    own = load({"platform": "kubernetes", "parameters": {"shared_buffers": "256MB"}}, default_major=17)
    assert server_parameters(own)["shared_buffers"] == "256MB"


@pytest.mark.parametrize("timing", ["fast", "normal", "wide"])
def test_every_preset_outlives_a_frozen_member(timing: str) -> None:
    patroni = load({"platform": "kubernetes", "patroni": {"timing": timing}}, default_major=17).patroni
    assert patroni.ttl - patroni.loop_wait > FROZEN_IS_DEAD


def test_quantities() -> None:
    assert (in_bytes("1Gi"), in_bytes("500M"), in_bytes("7")) == (2**30, 500 * 10**6, 7)
    assert (in_bytes("1.5Gi"), in_bytes("2e9"), in_bytes("1500m")) == (3 * 2**29, 2 * 10**9, 2)
    assert (millicores("500m"), millicores("1.5"), megabytes(2**30 + 5)) == (500, 1500, "1024MB")
    with pytest.raises(ValueError, match="not a size"):
        in_bytes("1 Gi")
