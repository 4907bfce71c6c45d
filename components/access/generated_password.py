"""A password that the stack makes once and keeps, for a login that no secret was given for.

It lies in the stack's state as ciphertext only. A refresh leaves it alone, since there is nothing outside the state to
compare it with; counting `rotate` up makes a new one.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

import pulumi
from pulumi import dynamic

from components.access import passwords

# Changing one of these makes a new password, by a replacement: only then is the new value unknown in the preview, so
# that the plan shows "password of X changes" and not the old one as though it stayed.
_DECIDING = ("length", "rotate")


class GeneratedPasswordProvider(dynamic.ResourceProvider):
    """Makes; never asks anybody."""

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # holds nothing, so needs no encryption

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        made = {**_decided(props), "password": passwords.generate(_decided(props)["length"])}
        return dynamic.CreateResult(id_=uuid.uuid4().hex, outs=made)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        changed = [name for name in _DECIDING if _as_integer(_olds.get(name)) != _as_integer(_news.get(name))]
        return dynamic.DiffResult(changes=bool(changed), replaces=changed, delete_before_replace=False)


class GeneratedPassword(dynamic.Resource, module="access", name="GeneratedPassword"):
    """`password` is a secret output of `length` ASCII letters and digits; `rotate` counts the passwords made so far.

    Changing either replaces the password: sessions that are open stay, new ones need the new one.
    """

    password: pulumi.Output[str]
    rotate: pulumi.Output[int]

    def __init__(
        self,
        name: str,
        *,
        length: int = passwords.GENERATED_CHARACTERS,
        rotate: int = 0,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        if not passwords.SHORTEST <= length <= passwords.LONGEST:
            allowed = f"{passwords.SHORTEST} to {passwords.LONGEST}"
            raise ValueError(f"length of generated password {name} is {length}, must be {allowed}")
        hidden = pulumi.ResourceOptions(additional_secret_outputs=["password"])
        super().__init__(
            GeneratedPasswordProvider(),
            name,
            {"length": length, "rotate": rotate, "password": None},
            pulumi.ResourceOptions.merge(opts, hidden),
        )


def _decided(props: dict[str, Any]) -> dict[str, int]:
    return {name: int(props[name]) for name in _DECIDING}


def _as_integer(value: Any) -> int | None:
    """Numbers come back from a state as floats."""
    return None if value is None else int(value)
