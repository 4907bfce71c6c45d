"""A Secret for each login: URLs that an application takes as they stand, and their parts. Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from components.kubernetes.manifests import Manifest

URLS = ("pooled", "direct", "read_only")
LONGEST = 253


def names(logins: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """`login.<role>.<database>`, in the letters that Kubernetes allows; where two become one, with a digest each."""
    asked = list(logins)
    count = Counter(_allowed(*one) for one in asked)
    return {one: _allowed(*one) if count[_allowed(*one)] == 1 else _told_apart(*one) for one in asked}


def _allowed(role: str, database: str) -> str:
    parts = (re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x" for text in (role, database))
    return ".".join(("login", *parts))[:LONGEST].rstrip("-.")


def _told_apart(role: str, database: str) -> str:
    digest = hashlib.sha256(f"{role}\0{database}".encode()).hexdigest()[:8]
    return f"{_allowed(role, database)[: LONGEST - 9]}-{digest}"


def manifest(name: str, role: str, database: str) -> Manifest:
    """The Secret without its data, which only Pulumi's outputs carry."""
    about = {"postgres-platform/role": role, "postgres-platform/database": database}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "annotations": about},
        "type": "Opaque",
    }


def data(urls: Mapping[str, str], ca: str) -> dict[str, str]:
    """What an application may want: each URL, the parts of the pooled one, and the CA to mount beside them."""
    parts = urlsplit(urls["pooled"])
    texts = {
        **{name: urls[name] for name in URLS},
        "host": parts.hostname or "",
        "port": str(parts.port),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.removeprefix("/")),
        "ca.crt": ca,
    }
    return {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
