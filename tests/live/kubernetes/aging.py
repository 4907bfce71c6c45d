"""Makes a stack's certificates old, as two months would: nothing else in it changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from components.patroni.authority import Pair, issue
from tests.live.kubernetes.stack import Stack

AGE = timedelta(days=61)  # of 90: due since yesterday
AUTHORITY, CERTIFICATES = "kubernetes:Authority", "kubernetes:Certificates"


def age(stack: Stack, folder: Path) -> None:
    """Signs every certificate anew with a date two months back, in Pulumi's state."""
    state = json.loads(stack.pulumi("stack", "export", "--show-secrets"))
    resources = state["deployment"]["resources"]
    authority = _one(resources, AUTHORITY)["outputs"]
    signer = Pair(certificate=_plain(authority["certificate"]).encode(), key=_plain(authority["key"]).encode())
    outputs = _one(resources, CERTIFICATES)["outputs"]
    leaves = json.loads(_plain(outputs["leaves"]))
    pairs = {each["secret"]: _old(signer, each) for each in leaves}
    outputs["pairs"]["plaintext"] = json.dumps(json.dumps(pairs, sort_keys=True))
    file = folder / "state.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(state))
    stack.pulumi("stack", "import", "--file", str(file))
    file.unlink()


def _old(signer: Pair, leaf: dict[str, Any]) -> dict[str, str]:
    made = issue(signer, leaf["name"], datetime.now(UTC) - AGE, leaf["hosts"])
    return {"certificate": made.certificate.decode(), "key": made.key.decode()}


def _one(resources: list[dict[str, Any]], type_: str) -> dict[str, Any]:
    [found] = [each for each in resources if each["type"].endswith(type_)]
    return found


def _plain(value: Any) -> str:
    """A text, taken out of its wrapping as a secret."""
    return str(json.loads(value["plaintext"])) if isinstance(value, dict) else str(value)
