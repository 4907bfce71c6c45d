"""A lease in ConfigMaps, given back by HTTP; a stand-in keeps them as the Kubernetes API does, with its versions."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.render.sites import Certificate
from components.supervisor.configuration import Kubernetes
from components.supervisor.kubernetes import KubernetesStore
from components.supervisor.store import StoreError
from tests.live.render.authority import Authority

pytestmark = pytest.mark.live
TOKEN = "not-for-anybody-s-eyes"


class Api(http.server.ThreadingHTTPServer):
    """ConfigMaps by name; `refuses` is the status of everything, `changed_behind` is done before the next PATCH."""

    daemon_threads = True
    refuses = 0

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.rules: list[dict[str, Any]] = []
        self.patches: list[dict[str, Any]] = []
        self.changed_behind = lambda: None
        super().__init__(("127.0.0.1", 0), Handler)

    def put(self, name: str, **annotations: str) -> None:
        version = int(self.kept.get(name, {}).get("metadata", {}).get("resourceVersion", 0)) + 1
        self.kept[name] = {"metadata": {"name": name, "resourceVersion": str(version), "annotations": annotations}}


class Handler(http.server.BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        known = self.path.startswith("/api/v1/namespaces/n/configmaps/") and name in self.server.kept
        self.answer(200 if known else 404, self.server.kept.get(name, {"message": "not found"}))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        asked_for = self.path == "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        self.answer(201 if asked_for else 404, {"status": {"resourceRules": self.server.rules}})

    def do_PATCH(self) -> None:
        self.server.changed_behind()
        self.server.changed_behind = lambda: None
        patch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = self.server.kept[self.path.rpartition("/")[2]]["metadata"]
        if patch["metadata"]["resourceVersion"] != found["resourceVersion"]:
            self.answer(409, {"message": "the object has been modified"})
            return
        self.server.patches.append(patch)
        for key, value in patch["metadata"]["annotations"].items():
            found["annotations"].pop(key) if value is None else found["annotations"].update({key: value})
        self.answer(200, {})

    def answer(self, status: int, plain: dict[str, Any]) -> None:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            status, plain = 401, {"message": "Unauthorized"}
        if self.server.refuses:
            status, plain = self.server.refuses, {"message": 'User "pg" cannot do that'}
        body = json.dumps(plain).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    pki = Certificate(ca=f"{tmp_path}/ca.crt", certificate=f"{tmp_path}/tls.crt", key=f"{tmp_path}/tls.key")
    Authority().issue("localhost", pki)
    made = Api()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.certificate, pki.key)
    made.socket = context.wrap_socket(made.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()


@pytest.fixture
def store(api: Api, tmp_path: Path) -> KubernetesStore:
    (tmp_path / "token").write_text(TOKEN)
    where = {"host": "localhost", "port": str(api.server_address[1]), "namespace": "n"}
    return KubernetesStore(
        Kubernetes(**where, token=f"{tmp_path}/token", ca=f"{tmp_path}/ca.crt"), scope="main", member="pg-0"
    )


def test_a_lease_is_given_back_once(api: Api, store: KubernetesStore) -> None:
    api.put("main-leader", leader="pg-0", optime="123")
    known = store.standing(limit=2.0)
    assert (known.leads, known.paused, known.holds) == (True, False, True)
    store.give_back(known, limit=2.0)
    assert api.kept["main-leader"]["metadata"]["annotations"] == {"optime": "123"}
    assert not store.standing(limit=2.0).holds


def test_what_another_one_has_taken_since_is_left_to_it(api: Api, store: KubernetesStore) -> None:
    api.put("main-leader", leader="pg-0")
    known = store.standing(limit=2.0)
    api.changed_behind = lambda: api.put("main-leader", leader="pg-1")
    store.give_back(known, limit=2.0)
    assert api.kept["main-leader"]["metadata"]["annotations"] == {"leader": "pg-1"}
    assert api.patches == []


def test_what_was_only_renewed_since_is_given_back_all_the_same(api: Api, store: KubernetesStore) -> None:
    api.put("main-leader", leader="pg-0")
    known = store.standing(limit=2.0)
    api.changed_behind = lambda: api.put("main-leader", leader="pg-0", renewTime="later")
    store.give_back(known, limit=2.0)
    assert api.kept["main-leader"]["metadata"]["annotations"] == {"renewTime": "later"}


def test_a_cluster_that_is_not_there_yet_has_no_leader(store: KubernetesStore) -> None:
    assert not store.standing(limit=2.0).leads


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_told_at_once_with_its_reason(api: Api, store: KubernetesStore, status: int) -> None:
    api.refuses = status
    began = time.monotonic()
    with pytest.raises(StoreError) as caught:
        store.standing(limit=10.0)
    assert time.monotonic() - began < 5.0
    assert f"GET of ConfigMap main-leader was refused: status {status}" in str(caught.value)
    assert 'User "pg" cannot do that' in str(caught.value) and "Role `pg`" in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_missing_rights_are_told_and_a_silent_api_is_not(api: Api, store: KubernetesStore) -> None:
    [told] = store.faults(limit=2.0)
    assert "does not let this pod list configmaps, watch configmaps" in told and "patch pods pg-0" in told
    api.rules = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
    assert store.faults(limit=2.0) == []
    api.refuses = 503
    assert store.faults(limit=2.0) == []


def test_an_api_that_is_out_is_asked_until_the_limit(api: Api, store: KubernetesStore) -> None:
    api.refuses = 503
    began = time.monotonic()
    with pytest.raises(StoreError, match="did not answer GET of ConfigMap main-leader in time: status 503"):
        store.standing(limit=0.5)
    assert 0.3 < time.monotonic() - began < 3.0


def test_a_pod_without_a_token_says_so(api: Api, store: KubernetesStore, tmp_path: Path) -> None:
    (tmp_path / "token").unlink()
    with pytest.raises(StoreError, match=r"No such file or directory.*token"):
        store.standing(limit=0.3)
