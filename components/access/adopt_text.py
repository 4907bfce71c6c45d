"""A spec as YAML for a person to go on with."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

import yaml

_WIDTH = 120


class _Dumper(yaml.SafeDumper):
    """Writes equal values out each time: references to others are no help to a reader."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def text(plain: dict[str, Any], remarks: Iterable[str], origin: str) -> str:
    """The file: what it is, what could not be said, the spec."""
    lines = [f"# Adopted from {origin}: applied there, it changes nothing."]
    told = list(dict.fromkeys(remarks))
    if told:
        lines.append("# What a spec cannot say, and so does not touch, or what is worth a look:")
        for remark in told:
            plain_text = " ".join(remark.split())
            lines += textwrap.wrap(
                plain_text, _WIDTH, initial_indent="# - ", subsequent_indent="#   ", break_long_words=False
            )
    body = yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=None)
    return "\n".join([*lines, body])
