"""What is known of a server before it is made, for a preview that has nobody to ask yet."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.contract import Server


@dataclass(frozen=True, kw_only=True)
class Coming:
    """`planned` is all but its names; `writer` the host that tells it from any other once it is there."""

    planned: Server
    writer: pulumi.Input[str]
