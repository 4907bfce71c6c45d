"""What a resource of this layer was given, read back from its properties."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pulumi.output import Unknown
from pulumi.runtime import rpc

from components import contract
from components.access import apply, edge, passwords, scripts
from components.access.passwords import Verifier
from components.access.spec.load import Loaded, Placed, SpecError, from_plain, load

Props = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]  # what the names of specs' files begin at
T = TypeVar("T")
UNKNOWN_PASSWORD = "of-a-password-that-is-yet-to-be-made"  # noqa: S105  # stands for it in a preview


def loaded(props: Props) -> Loaded:
    """The access spec."""
    return from_plain(json.loads(props["spec"]), props["file"])


def told(props: Props, problem: str) -> str:
    """A plan's problem, with its line where the spec's file still says what was given."""
    found = loaded(props)
    if isinstance(problem, Placed):
        with suppress(SpecError):
            read = load(ROOT / found.file, name=found.file)
            found = read if read.plain == found.plain else found
    return found.told(problem)


def server(props: Props) -> contract.Server:
    """Where it is to hold; what is known of it before, where it is yet to be made."""
    text: str = known(props["server"], props.get("planned") or "")
    return contract.Server.from_dict(json.loads(text))


def settled(olds: Props, news: Props) -> Props:
    """The new properties, in which a server whose names are about to change is the one that is there: a preview asks
    that, as long as the writer stays the same.
    """
    there = known(news["server"], None) is not None
    before = known(olds.get("server"), None)
    if there or not before or olds.get("writer") != known(news.get("writer"), ""):
        return news
    return {**news, "server": before}


def identity(props: Props) -> dict[str, str] | None:
    """None where there is none to bring; {} where a preview does not know it yet, or the server."""
    if known(props["server"], None) is None:
        return {}
    if props.get("identity") is None:
        return None
    found: dict[str, str] = json.loads(known(props["identity"], "{}"))
    return found


def script_texts(props: Props) -> list[scripts.Script]:
    """The schema scripts of one database."""
    texts: dict[str, str] = json.loads(props["scripts"])
    return scripts.parse({file: text.encode() for file, text in texts.items()})


def options(props: Props) -> apply.Options:
    """How it is applied."""
    where = props["file"]
    return apply.Options(
        allow=frozenset(props.get("allow") or ()),
        report=lambda line: edge.say([f"{where}: {line}"]),
        poolers=bool(server(props).poolers),
        digest=props.get("digest"),
        told=partial(told, props),
    )


def verifiers(props: Props, spec: Loaded) -> dict[str, Verifier]:
    """What the server is to keep of each login's password."""
    key = known(props["key"], UNKNOWN_PASSWORD)
    secret: Mapping[str, Any] = known(props["passwords"], {})
    return {
        name: passwords.verifier(
            known(secret.get(name, rpc.UNKNOWN), UNKNOWN_PASSWORD),
            key=key.encode(),
            role=name,
            generation=role.password.number,
        )
        for name, role in spec.spec.every_role.items()
        if role.password
    }


def sent(props: Props) -> dict[str, str]:
    """Digests of the passwords that were sent before, for servers that do not let us read them."""
    found: dict[str, str] = json.loads(props.get("sent") or "{}")
    return found


def known(value: Any, instead: T) -> T:
    """The value, or `instead` where a preview does not know it yet."""
    plain = rpc.unwrap_rpc_secret(value)
    return instead if plain == rpc.UNKNOWN or isinstance(plain, Unknown) else plain
