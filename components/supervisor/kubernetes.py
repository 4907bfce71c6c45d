"""The few calls of the Kubernetes API that a member's supervisor makes where the leader's lease is kept there.

Patroni writes the lease as annotations of the ConfigMap <scope>-leader, and its dynamic configuration as one of
<scope>-config. The token is that of the pod, which k8s/election-kubernetes narrows to just these.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import time
from pathlib import Path
from typing import Any

from .configuration import Kubernetes
from .store import Standing, StoreError, says_pause

_LEADER, _CONFIG = "leader", "config"
_OWN = (_CONFIG, _LEADER, "failover", "sync")
_RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
_PAUSE = 0.1  # between two attempts
_REFUSALS = (401, 403)
_NOT_THERE, _CONFLICT = 404, 409


class _ConflictError(Exception):
    """The object has been changed since it was read."""


def standing(leader: dict[str, Any] | None, config: dict[str, Any] | None, name: str) -> Standing:
    """Reads the standing of member `name` from the two ConfigMaps, None where one is not there."""
    leads = _annotations(leader).get(_LEADER) == name
    version = str((leader or {}).get("metadata", {}).get("resourceVersion", "")) if leads else ""
    return Standing(leads, says_pause(_annotations(config).get(_CONFIG, "")), version=version)


def _annotations(config_map: dict[str, Any] | None) -> dict[str, str]:
    found: dict[str, str] = (config_map or {}).get("metadata", {}).get("annotations") or {}
    return found


def needed(scope: str, member: str) -> list[tuple[str, str, str]]:
    """The rights that Patroni needs: verb, kind, and the one object, "" for any."""
    watched = [(verb, kind, "") for kind in ("configmaps", "pods") for verb in ("list", "watch")]
    own = [(verb, "configmaps", f"{scope}-{what}") for what in _OWN for verb in ("get", "patch")]
    return [*watched, ("create", "configmaps", ""), *own, ("patch", "pods", member)]


def missing(review: dict[str, Any], wanted: list[tuple[str, str, str]]) -> list[str]:
    """Those of them that a SelfSubjectRulesReview does not list, in words; none where it says that it knows not all."""
    status = review.get("status", {})
    rules = status.get("resourceRules") or []
    if status.get("incomplete"):
        return []
    return [" ".join(one).strip() for one in wanted if not any(_grants(rule, *one) for rule in rules)]


def _grants(rule: dict[str, Any], verb: str, kind: str, name: str) -> bool:
    names = rule.get("resourceNames") or []
    return (
        bool({verb, "*"} & set(rule.get("verbs", ())))
        and bool({"", "*"} & set(rule.get("apiGroups", ())))
        and bool({kind, "*"} & set(rule.get("resources", ())))
        and (not names or name in names)
    )


class KubernetesStore:
    """Patroni's ConfigMaps of one scope."""

    name = "the Kubernetes API"

    def __init__(self, settings: Kubernetes, scope: str, member: str) -> None:
        self._settings, self._scope, self._member = settings, scope, member

    def standing(self, *, limit: float) -> Standing:
        deadline = time.monotonic() + limit
        leader, config = (self._call("GET", what, None, deadline) for what in (_LEADER, _CONFIG))
        return standing(leader, config, self._member)

    def give_back(self, known: Standing, *, limit: float) -> None:
        """Takes the leader's name away, if the object is still as it was; whoever changed it since is looked at."""
        deadline = time.monotonic() + limit
        while known.version:
            metadata = {"resourceVersion": known.version, "annotations": {_LEADER: None}}
            with contextlib.suppress(_ConflictError):
                self._call("PATCH", _LEADER, {"metadata": metadata}, deadline)
                return
            known = self.standing(limit=max(_PAUSE, deadline - time.monotonic()))

    def faults(self, *, limit: float) -> list[str]:
        """The rights that this pod lacks; Patroni itself would only say that the API does not respond properly."""
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview"}
        body = review | {"spec": {"namespace": self._settings.namespace}}
        try:
            status, text = self._once("POST", _RULES, body, limit)
            lacking = missing(json.loads(text), needed(self._scope, self._member)) if status < 300 else []
        except (OSError, http.client.HTTPException, ValueError):
            return []  # whoever asks for the standing says so
        told = "the Kubernetes API does not let this pod {}: see the Role `pg` and its binding to the ServiceAccount"
        return [told.format(", ".join(lacking))] if lacking else []

    def _call(self, method: str, what: str, body: dict[str, Any] | None, deadline: float) -> dict[str, Any] | None:
        """The ConfigMap, None when it is not there; asked again until the deadline, but not after a refusal."""
        name = f"{self._scope}-{what}"
        path = f"/api/v1/namespaces/{self._settings.namespace}/configmaps/{name}"
        while True:
            try:
                status, text = self._once(method, path, body, max(_PAUSE, deadline - time.monotonic()))
                if status < 300:
                    answer: dict[str, Any] = json.loads(text)
                    return answer
                said = f"status {status}: {_message(text)}"
            except (OSError, http.client.HTTPException, ValueError) as error:
                status, said = 0, f"{type(error).__name__}: {error}"
            if status == _NOT_THERE:
                return None
            if status == _CONFLICT:
                raise _ConflictError
            if status in _REFUSALS:
                raise StoreError(f"{method} of ConfigMap {name} was refused: {said}; see the Role `pg` of this pod")
            if time.monotonic() + _PAUSE > deadline:
                where = f"{self._settings.host}:{self._settings.port}"
                raise StoreError(f"{where} did not answer {method} of ConfigMap {name} in time: {said}")
            time.sleep(_PAUSE)

    def _once(self, method: str, path: str, body: dict[str, Any] | None, timeout: float) -> tuple[int, str]:
        given = self._settings
        # Both read each time: kubelet renews the token, and a cluster may change its authority.
        context = ssl.create_default_context(cafile=given.ca)
        token = Path(given.token).read_text(encoding="utf-8").strip()
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        connection = http.client.HTTPSConnection(given.host, int(given.port), timeout=timeout, context=context)
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")


def _message(text: str) -> str:
    """What the API server says in words; it never shows the token."""
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.strip()[:200]
