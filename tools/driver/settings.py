"""Every problem of a stack's file before anything is started, in one report."""

from __future__ import annotations

from typing import Any

import yaml

from components.platforms import checked_settings
from components.settings.model import Settings
from components.settings.problems import SettingsError
from components.settings.source import Source
from tools.driver.project import Project
from tools.driver.refusal import Refusal


def check(project: Project) -> Settings:
    """The stack's settings. Raises Refusal with the whole report."""
    try:
        source = Source.read(project.stack_file)
        content = yaml.safe_load(project.stack_file.read_text(encoding="utf-8"))
        return checked_settings(_plain(content), source)
    except SettingsError as wrong:
        raise Refusal(str(wrong)) from None


def _plain(content: Any) -> dict[str, Any]:
    """The settings as the program will see them; what is encrypted stands as a text that is as good as any."""
    config = content.get("config") if isinstance(content, dict) else None
    return {key: _without_secrets(value) for key, value in config.items()} if isinstance(config, dict) else {}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return "encrypted"
        return {key: _without_secrets(inner) for key, inner in value.items()}
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value
