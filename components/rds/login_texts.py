"""What an application finds in the secret of its login. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from components.rds.arguments import Arguments, given, tags
from components.rds.arguments_server import bundle_url
from components.settings.model import Settings
from components.settings.rds.replicas import identifier

URLS = ("pooled", "direct", "read_only")


def label(role: str, database: str) -> str:
    """What tells one login from another."""
    return f"{role}.{database}"


def secret(settings: Settings, role: str, database: str, key_arn: Any) -> Arguments:
    """Its name gets an ending of its own, so that a stack can be made anew while an old secret waits for its end."""
    allowed = re.sub(r"[^A-Za-z0-9_.@+=]", "_", label(role, database))
    return given(
        {
            "namePrefix": f"{identifier(settings)}/login/{allowed}-",
            "description": f"Login {role} at database {database} of {identifier(settings)}",
            "kmsKeyId": key_arn,
            "recoveryWindowInDays": settings.rds.credentials.recovery_window,
            "tags": {**tags(settings), "role": role, "database": database},
        }
    )


def text(settings: Settings, urls: Mapping[str, str], pooler_authority: str | None) -> str:
    """URLs as they stand, their parts in the words that AWS's own secrets have, and whom to trust."""
    parts = urlsplit(urls["pooled"])
    known = {
        **{name: urls[name] for name in URLS},
        "engine": "postgres",
        "host": parts.hostname,
        "port": parts.port,
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "dbname": unquote(parts.path.removeprefix("/")),
        "direct_ca_url": bundle_url(settings),
        "pooled_ca": pooler_authority,
    }
    return json.dumps({name: value for name, value in known.items() if value is not None}, sort_keys=True)
