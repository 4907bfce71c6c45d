"""The Kubernetes API over HTTPS: what a kubeconfig names, requests, and which kinds there are."""

from __future__ import annotations

import base64
import http.client
import json
import os
import ssl
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import yaml

ANSWER_S = 30.0
CUT_OFF = (ConnectionError, ssl.SSLError, http.client.HTTPException)
Object = dict[str, Any]


class Unreachable(Exception):  # noqa: N818  # reads as a sentence
    """No answer: which context, which address, why."""


class Refused(Exception):  # noqa: N818
    """The API server's own words, with its HTTP status and reason."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        self.status, self.reason = status, reason
        super().__init__(message)


@dataclass(frozen=True)
class Kind:
    """A kind as the API server serves it."""

    path: str  # /apis/apps/v1
    plural: str
    namespaced: bool


class Cluster:
    """One context of a kubeconfig. A connection a thread; a request is tried twice, as an idle one may be dead."""

    def __init__(self, kubeconfig: str | None, context: str | None) -> None:
        content = _read(kubeconfig)
        self.context = context or str(content.get("current-context") or "")
        chosen = _named(content, "contexts", "context", self.context)
        cluster = _named(content, "clusters", "cluster", chosen.get("cluster"))
        user = _named(content, "users", "user", chosen.get("user"))
        self.namespace = str(chosen.get("namespace") or "default")
        self.address = str(cluster.get("server") or "")
        self._headers = {"Authorization": f"Bearer {user['token']}"} if user.get("token") else {}
        self._trust = _trust(cluster, user)
        self._kinds: dict[tuple[str, str], Kind] = {}
        self._local = threading.local()

    def kind(self, api_version: str, kind: str) -> Kind:
        """How a kind is served. Raises Refused when the cluster has none such."""
        if (api_version, kind) not in self._kinds:
            path = f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
            for each in self.request("GET", path)["resources"]:
                if "/" not in each["name"]:
                    self._kinds[api_version, each["kind"]] = Kind(path, each["name"], each["namespaced"])
        try:
            return self._kinds[api_version, kind]
        except KeyError:
            raise Refused(404, "NotFound", f"the cluster has no kind {kind} in {api_version}") from None

    def path(self, manifest: Object) -> str:
        """Where an object lies. Its name and, for a namespaced kind, its namespace must be set."""
        kind = self.kind(manifest["apiVersion"], manifest["kind"])
        meta = manifest["metadata"]
        inside = f"/namespaces/{quote(meta['namespace'])}" if kind.namespaced else ""
        return f"{kind.path}{inside}/{kind.plural}/{quote(meta['name'])}"

    def get(self, manifest: Object) -> Object | None:
        """The live object; None when it is not there."""
        try:
            return self.request("GET", self.path(manifest))
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def listed(self, api_version: str, kind: str, namespace: str, **query: str) -> list[Object]:
        served = self.kind(api_version, kind)
        inside = f"/namespaces/{quote(namespace)}" if served.namespaced else ""
        found = self.request("GET", f"{served.path}{inside}/{served.plural}", query=query)
        items: list[Object] = found["items"]
        return items

    def apply(self, manifest: Object, *, manager: str, force: bool, dry_run: bool) -> Object:
        """Server-side apply; returns the live object, or what it would become."""
        query = {"fieldManager": manager, "fieldValidation": "Strict", "force": str(force).lower()}
        if dry_run:
            query["dryRun"] = "All"
        return self.request("PATCH", self.path(manifest), manifest, query, "application/apply-patch+yaml")

    def delete(self, manifest: Object, *, propagation: str, uid: str | None) -> None:
        options: Object = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        if uid:
            options["preconditions"] = {"uid": uid}
        self.request("DELETE", self.path(manifest), options)

    def request(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        """One request. Raises Unreachable or Refused."""
        target = path + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        headers = {**self._headers, "Accept": "application/json", "Content-Type": content_type}
        for attempt in (1, 2):
            try:
                connection = self._connection()
                connection.request(method, target, data, headers)
                answer = connection.getresponse()
                text = answer.read()
                break
            except (OSError, http.client.HTTPException) as error:
                self._local.connection = None
                if attempt == 2 or not isinstance(error, CUT_OFF):
                    raise Unreachable(f"context {self.context!r} at {self.address}: {error}") from None
        return _content(answer.status, text)

    def _connection(self) -> http.client.HTTPConnection:
        found: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if found is None:
            parts = urlsplit(self.address)
            if parts.scheme == "https":
                found = http.client.HTTPSConnection(parts.netloc, timeout=ANSWER_S, context=self._trust)
            else:
                found = http.client.HTTPConnection(parts.netloc, timeout=ANSWER_S)
            self._local.connection = found
        return found


def _content(status: int, text: bytes) -> Object:
    try:
        content = json.loads(text) if text else {}
    except ValueError:
        content = {"message": text.decode(errors="replace")[:500]}
    if status >= 400:
        raise Refused(status, str(content.get("reason", "")), str(content.get("message", f"HTTP {status}")))
    found: Object = content
    return found


def _read(kubeconfig: str | None) -> Object:
    """A kubeconfig's content: given as text, or as a path; else KUBECONFIG or the file in the home folder."""
    given = kubeconfig or os.environ.get("KUBECONFIG", "").partition(os.pathsep)[0] or "~/.kube/config"
    if "\n" not in given and not given.lstrip().startswith("{"):
        file = Path(given).expanduser()
        if not file.is_file():
            raise Unreachable(f"there is no kubeconfig at {file}")
        given = file.read_text(encoding="utf-8")
    content: Object = yaml.safe_load(given) or {}
    return content


def _named(content: Object, section: str, noun: str, name: Any) -> Object:
    for each in content.get(section) or ():
        if each.get("name") == name:
            found: Object = each.get(noun) or {}
            return found
    raise Unreachable(f"the kubeconfig has no {noun} {name!r}")


def _trust(cluster: Object, user: Object) -> ssl.SSLContext:
    """Verifies the API server; the client certificate touches the disk only for as long as it takes to load it."""
    authority = _pem(cluster, "certificate-authority")
    trust = ssl.create_default_context(cadata=authority.decode() if authority else None)
    certificate, key = _pem(user, "client-certificate"), _pem(user, "client-key")
    if certificate and key:
        with tempfile.NamedTemporaryFile() as file:
            file.write(certificate + b"\n" + key)
            file.flush()
            trust.load_cert_chain(file.name)
    return trust


def _pem(section: Object, name: str) -> bytes | None:
    if f"{name}-data" in section:
        return base64.b64decode(section[f"{name}-data"])
    return Path(section[name]).read_bytes() if name in section else None
