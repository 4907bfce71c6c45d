"""YAML text -> a tree whose every value knows its line, so that a problem can name it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import yaml

from components.settings.problems import Problem

Path = tuple[str | int, ...]

# Aliases multiply: ten levels of ten are ten thousand million values in a file of ten lines.
MOST_VALUES = 200_000
_AS_WRITTEN = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("float", "timestamp"))
_TEXT = "tag:yaml.org,2002:str"


@dataclass(frozen=True)
class Node:
    """A value and the line (from 1) at which its key, or for a list its item, stands."""

    value: dict[str, Node] | list[Node] | str | int | bool | None
    line: int


class UnreadableError(Exception):
    """The text is no tree; there is nothing further to check."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def parse(text: str, file: str) -> tuple[Node, list[Problem]]:
    """The tree, and what is wrong with its keys. Raises UnreadableError when the text is not YAML at all."""
    try:
        root = _composed(text)
    except yaml.YAMLError as error:
        mark, reason = getattr(error, "problem_mark", None), getattr(error, "problem", None) or "cannot be read"
        raise UnreadableError(
            Problem("", f"is not valid YAML: {reason}", file, mark.line + 1 if mark else None)
        ) from None
    except (ValueError, RecursionError):
        raise UnreadableError(Problem("", "is not valid YAML: a value that YAML cannot hold", file, None)) from None
    reader = _Reader(file)
    try:
        return reader.read(root, (), 1), reader.problems
    except RecursionError:
        raise UnreadableError(
            Problem("", "holds a value that contains itself, or is nested too deeply", file)
        ) from None


def _composed(text: str) -> yaml.Node | None:
    """By libyaml's scanner where PyYAML has it, which takes a third of the time; complaints come from PyYAML's own."""
    if _FastLoader is not None:
        try:
            return cast("yaml.Node | None", yaml.compose(text, Loader=_FastLoader))
        except (yaml.YAMLError, ValueError, RecursionError):
            pass  # is told of below, in the one wording that this module's callers know
    return cast("yaml.Node | None", yaml.compose(text, Loader=yaml.SafeLoader))


def _fast_loader() -> Any:
    """libyaml's scanner under PyYAML's composer: libyaml's own recurses in C, where deep nesting kills the process."""
    if not yaml.__with_libyaml__:
        return None
    scanner: Any = vars(yaml.cyaml)["CParser"]

    class Loader(yaml.composer.Composer, scanner, yaml.resolver.Resolver):  # type: ignore[misc]
        def __init__(self, text: str) -> None:
            scanner.__init__(self, text)
            yaml.composer.Composer.__init__(self)
            yaml.resolver.Resolver.__init__(self)

    return Loader


_FastLoader = _fast_loader()


def plain(node: Node) -> Any:
    """The values without their lines."""
    if isinstance(node.value, dict):
        return {key: plain(below) for key, below in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def lines(node: Node) -> dict[Path, int]:
    """The line of every path."""
    return dict(_lines(node, ()))


def line_at(known: dict[Path, int], path: Path) -> int | None:
    """The line of `path`, or of the nearest part above it that the file has."""
    while path and path not in known:
        path = path[:-1]
    return known.get(path)


def _lines(node: Node, path: Path) -> Iterator[tuple[Path, int]]:
    yield path, node.line
    if isinstance(node.value, dict):
        for key, below in node.value.items():
            yield from _lines(below, (*path, key))
    elif isinstance(node.value, list):
        for index, item in enumerate(node.value):
            yield from _lines(item, (*path, index))


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._values = 0
        self._scalars = yaml.SafeLoader("")

    def read(self, node: yaml.Node | None, path: Path, line: int) -> Node:
        self._values += 1
        if self._values > MOST_VALUES:
            raise UnreadableError(Problem("", f"holds more than {MOST_VALUES} values; split the file", self.file, line))
        if isinstance(node, yaml.MappingNode):
            return Node(self._mapping(node, path), line)
        if isinstance(node, yaml.SequenceNode):
            items = enumerate(node.value)
            return Node([self.read(item, (*path, index), item.start_mark.line + 1) for index, item in items], line)
        return Node(self._scalar(node, path), line)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            name = str(getattr(key, "value", "")) if isinstance(key, yaml.ScalarNode) else None
            if name is None:
                self._problem(path, "a key must be a text", line)
            elif name == "<<" and key.tag.endswith(":merge"):
                self._problem(path, "merge keys (<<) are not taken; write the keys out, or use a profile", line)
            elif name in found:
                self._problem((*path, name), f"is there twice, first in line {found[name].line}; keep one", line)
            else:
                found[name] = self.read(value, (*path, name), line)
        return found

    def _scalar(self, node: yaml.Node | None, path: Path) -> str | int | bool | None:
        if not isinstance(node, yaml.ScalarNode):
            return None
        # Versions look like numbers (1.10) and dates are texts to the server: both stay as they are written.
        if node.tag in _AS_WRITTEN:
            return str(node.value)
        try:
            # Most values are texts, which need no constructor.
            text = node.tag == _TEXT
            value = node.value if text else self._scalars.construct_object(node)  # type: ignore[no-untyped-call]
        except (yaml.YAMLError, ValueError) as error:
            reason = getattr(error, "problem", None) or "cannot be read"
            self._problem(path, f"is a value that YAML cannot hold: {reason}", node.start_mark.line + 1)
            return None
        if isinstance(value, str) and (wrong := _unfit(value)):
            self._problem(path, wrong, node.start_mark.line + 1)
            return None
        return value if value is None or isinstance(value, str | int | bool) else str(node.value)

    def _problem(self, path: Path, message: str, line: int) -> None:
        self.problems.append(Problem(shown(path), message, self.file, line))


def _unfit(text: str) -> str | None:
    """Why PostgreSQL could not take a text."""
    if "\0" in text:
        return "holds a NUL character, which PostgreSQL cannot take"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "is no valid Unicode (it holds half of a surrogate pair)"
    return None


def shown(path: Path) -> str:
    """`databases.shop.sql[0]`; a part that is no plain word is quoted."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            word = part if part.replace("_", "a").replace("-", "a").isalnum() else f'"{part}"'
            text += f".{word}" if text else word
    return text
