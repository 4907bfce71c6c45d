"""The platform's parts. See docs/architecture.md."""

from __future__ import annotations

import os

# pydantic asks every installed package whether it is a plugin, 13 ms of each start; nothing here has one.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
