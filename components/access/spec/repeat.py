"""`for_each`: a key or list item that holds `${name}` is written once and stands for one of each value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from components.access.spec.tree import Node, Path, shown
from components.settings.problems import Problem

_HOLE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")

Bound = Mapping[str, str]


class Repeater:
    """Expands one file. `problems` grows while `expand` runs."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._lists: dict[str, list[str]] = {}

    def expand(self, root: Node) -> Node:
        """The tree without `for_each` and without holes."""
        if not isinstance(root.value, dict):
            return root
        whole = dict(root.value)
        given = whole.pop("for_each", None)
        self._lists = self._read(given) if given else {}
        return self._node(Node(whole, root.line), {}, ())

    def _read(self, given: Node) -> dict[str, list[str]]:
        if not isinstance(given.value, dict):
            self._problem(("for_each",), "must map names to lists of texts", given.line)
            return {}
        lists = {}
        for name, node in given.value.items():
            if not _NAME.fullmatch(name):
                self._problem(("for_each", name), "is no name: use small letters, digits and _", node.line)
            items = node.value if isinstance(node.value, list) else []
            texts = [item.value for item in items if isinstance(item.value, str)]
            if not texts or len(texts) != len(items) or len(set(texts)) != len(texts):
                self._problem(("for_each", name), "must be a list of different texts, at least one", node.line)
            lists[name] = texts
        return lists

    def _node(self, node: Node, bound: Bound, path: Path) -> Node:
        if isinstance(node.value, dict):
            return Node(self._mapping(node.value, bound, path), node.line)
        if isinstance(node.value, list):
            return Node(list(self._items(node.value, bound, path)), node.line)
        if isinstance(node.value, str):
            return Node(self._filled(node.value, bound, path, node.line), node.line)
        return node

    def _mapping(self, entries: Mapping[str, Node], bound: Bound, path: Path) -> dict[str, Node]:
        made: dict[str, Node] = {}
        for key, below in entries.items():
            for binding in self._bindings(key, bound, path, below.line):
                name = self._filled(key, binding, path, below.line)
                if name in made:
                    first = made[name].line
                    self._problem((*path, name), f"is there twice, first from line {first}; keep one", below.line)
                made[name] = self._node(below, binding, (*path, name))
        return made

    def _items(self, items: list[Node], bound: Bound, path: Path) -> Iterator[Node]:
        for index, item in enumerate(items):
            text = item.value if isinstance(item.value, str) else ""
            for binding in self._bindings(text, bound, (*path, index), item.line):
                yield self._node(item, binding, (*path, index))

    def _bindings(self, text: str, bound: Bound, path: Path, line: int) -> list[Bound]:
        """One binding for each value of each hole in `text` that nothing above has bound."""
        bindings: list[Bound] = [bound]
        for name in dict.fromkeys(_HOLE.findall(text)):
            if name not in self._lists:
                known = ", ".join(self._lists) or "nothing"
                self._problem(path, f"${{{name}}} is not in for_each; that has {known}", line)
                bindings = [{**one, name: name} for one in bindings]
            elif name not in bound:
                bindings = [{**one, name: value} for one in bindings for value in self._lists[name]]
        return bindings

    def _filled(self, text: str, bound: Bound, path: Path, line: int) -> str:
        for name in _HOLE.findall(text):
            if name not in bound:
                known = f"put ${{{name}}} into the key or list item that is to be repeated"
                self._problem(path, f"{text!r} stands where nothing is repeated; {known}", line)
        return _HOLE.sub(lambda hole: bound.get(hole[1], hole[1]), text)

    def _problem(self, path: Path, message: str, line: int) -> None:
        self.problems.append(Problem(shown(path), message, self.file, line))
