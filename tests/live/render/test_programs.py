"""Each rendered file, read by the program that it is for."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from components.render.etcd import etcd_configuration
from components.render.haproxy import haproxy_cfg
from components.render.patroni import member_configuration
from components.render.sites import sites
from components.settings.load import load
from tests.live.render.servers import BINARIES, Stage, own, running, stage

pytestmark = pytest.mark.live


@pytest.fixture
def prepared() -> Iterator[Stage]:
    with stage() as made:
        yield made


def test_haproxy_takes_its_configuration(prepared: Stage) -> None:
    settings = load({"platform": "embedded", "embedded": {"base_port": 15430}}, default_major=15)
    members = sites(settings, str(prepared.folder)).members
    file = Path(prepared.sites.gateway.haproxy_config)
    file.write_text(haproxy_cfg(prepared.sites.gateway, members))
    done = subprocess.run(["haproxy", "-c", "-f", str(file)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr + done.stdout


@pytest.mark.parametrize("durability", ["zero-loss", "balanced", "asynchronous"])
def test_patroni_takes_its_configuration(prepared: Stage, patroni: Path, durability: str) -> None:
    settings = prepared.settings.model_copy(update={"durability": durability, "replicas": 2})
    plain = member_configuration(settings, prepared.member, frozenset({"pg_cron", "pgaudit"}))
    file = Path(prepared.member.config_file)
    file.write_text(yaml.safe_dump(plain))
    own(prepared.folder)
    prepared.folder.chmod(0o755)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PATRONI_")}
    done = subprocess.run(
        [str(patroni), "--validate-config", "--ignore-listen-port", str(file)],
        capture_output=True, text=True, timeout=60, env=clean,
    )  # fmt: skip
    # Its validator dislikes loopback, where the embedded platform is at home, and wants to reach an etcd, which does
    # not run here; it must dislike nothing else.
    complaints = {line.split(" ")[0] for line in (done.stdout + done.stderr).splitlines()}
    etcd = {f"etcd3.hosts.{index}" for index in range(3)}
    assert complaints == {"restapi.connect_address", "postgresql.connect_address", *etcd}, done.stderr


def test_patronis_validator_would_have_found_a_fault(prepared: Stage, patroni: Path) -> None:
    plain = member_configuration(prepared.settings, prepared.member)
    plain["bootstrap"]["dcs"]["ttl"] = 19
    file = Path(prepared.member.config_file)
    file.write_text(yaml.safe_dump(plain))
    done = subprocess.run([str(patroni), "--validate-config", str(file)], capture_output=True, text=True, timeout=60)
    assert "bootstrap.dcs.ttl" in done.stdout + done.stderr


def test_etcd_serves_those_with_a_certificate_and_nobody_else(prepared: Stage) -> None:
    node = prepared.sites.etcd[0]
    file = Path(node.config_file)
    shutil.copytree(Path(prepared.member.server.ca).parent, Path(node.tls.ca).parent)
    file.write_text(yaml.safe_dump(etcd_configuration(prepared.settings, node, [node])))
    own(prepared.folder)
    trusted = ssl.create_default_context(cafile=prepared.sites.ca)
    with running("etcd", "--config-file", node.config_file, what="etcd", port=node.client_port):
        with pytest.raises((ssl.SSLError, OSError), match=r"(?i)certificate|reset"):
            urllib.request.urlopen(f"https://{node.client}/health", context=trusted, timeout=10)
        client = prepared.sites.gateway.client
        trusted.load_cert_chain(client.certificate, client.key)
        with urllib.request.urlopen(f"https://{node.client}/health", context=trusted, timeout=10) as answer:
            assert json.load(answer)["health"] == "true"
        ask = urllib.request.Request(f"https://{node.client}/v3/kv/range", data=b'{"key": "Lw=="}')
        with urllib.request.urlopen(ask, context=trusted, timeout=10) as answer:  # noqa: S310 - our own node
            assert json.load(answer)["header"]["revision"] == "1"


def test_the_server_itself_agrees_with_the_catalogue() -> None:
    """Every name, context, range and default of the stored catalogue is what this machine's server says."""
    from components.settings.catalogue import FOLDER
    from tools.catalogue import read

    major, parameters = read(BINARIES)
    assert json.loads((FOLDER / f"postgres-{major}.json").read_text()) == parameters
