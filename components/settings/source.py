"""Where in a person's file each setting stands, so that a problem can name its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from components.settings.problems import Problem, SettingsError

Key = tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A YAML file's lines (from 1) by path. In a stack file the paths begin below `config:`, without the namespace."""

    file: str
    lines: dict[Key, int] = field(default_factory=dict)

    def line(self, path: Sequence[str | int]) -> int | None:
        """The line of `path`, or of the nearest part above it that the file has; None when it has none."""
        key = tuple(map(str, path))
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key)

    @classmethod
    def read(cls, file: Path, *, shown: str | None = None) -> Source:
        """Parse `file`; `shown` is its name in messages (default: the last part of its path).

        Raises SettingsError when it is not YAML, with the line.
        """
        return cls.parse(file.read_text(encoding="utf-8"), shown or file.name)

    @classmethod
    def parse(cls, text: str, file: str) -> Source:
        """Like `read`, for text at hand."""
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            reason = getattr(error, "problem", None) or "cannot be read"
            line = mark.line + 1 if mark else None
            raise SettingsError([Problem("", f"is not valid YAML: {reason}", file, line)]) from None
        lines: dict[Key, int] = {}
        _collect(root, (), lines)
        return cls(file, {_inside_stack(key): line for key, line in lines.items()})


def _inside_stack(key: Key) -> Key:
    """`config`, `postgres-platform:patroni`, `ttl` -> `patroni`, `ttl`."""
    if len(key) < 2 or key[0] != "config":
        return key
    return (key[1].partition(":")[2] or key[1], *key[2:])


def _collect(node: yaml.Node | None, path: Key, lines: dict[Key, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            here = (*path, str(name.value))
            lines.setdefault(here, name.start_mark.line + 1)
            _collect(value, here, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            here = (*path, str(index))
            lines.setdefault(here, value.start_mark.line + 1)
            _collect(value, here, lines)
