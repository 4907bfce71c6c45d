"""The two resources of this layer, declared; `providers` makes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

import pulumi
from pulumi import dynamic

from components import contract
from components.access.coming import Coming
from components.access.spec.load import Loaded
from components.deferred import Deferred

Props = dict[str, Any]
ROLES, DATABASE = "components.access.providers:RolesProvider", "components.access.providers:DatabaseProvider"


def __getattr__(name: str) -> Any:
    """The state of stacks of earlier releases names the providers here."""
    if name in ("RolesProvider", "DatabaseProvider"):
        return getattr(import_module("components.access.providers"), name)
    raise AttributeError(name)


class Roles(dynamic.Resource, module="access", name="Roles"):
    """The roles, memberships, settings and databases of one spec. Deleting it leaves them on the server."""

    drift: pulumi.Output[Sequence[str]]

    def __init__(
        self,
        name: str,
        *,
        loaded: Loaded,
        server: pulumi.Input[contract.Server],
        coming: Coming | None = None,
        passwords: Mapping[str, pulumi.Input[str]],
        key: pulumi.Input[str],
        identity: pulumi.Input[str] | None = None,
        allow: Iterable[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        common = _props(loaded, server, coming, allow, identity)
        props = {**common, "passwords": passwords, "key": key, "drift": None, "sent": None}
        hidden = pulumi.ResourceOptions(additional_secret_outputs=["passwords", "key", "identity"])
        super().__init__(Deferred(ROLES), name, props, pulumi.ResourceOptions.merge(opts, hidden))


class DatabaseAccess(dynamic.Resource, module="access", name="DatabaseAccess"):
    """One database's access. `found` are its scripts' texts by file name. Deleting it leaves all on the server."""

    drift: pulumi.Output[Sequence[str]]

    def __init__(
        self,
        name: str,
        *,
        loaded: Loaded,
        server: pulumi.Input[contract.Server],
        coming: Coming | None = None,
        database: str,
        found: Mapping[str, str],
        identity: pulumi.Input[str] | None = None,
        allow: Iterable[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        texts = json.dumps(found, sort_keys=True)
        common = _props(loaded, server, coming, allow, identity)
        props = {**common, "database": database, "scripts": texts, "drift": None}
        hidden = pulumi.ResourceOptions(additional_secret_outputs=["identity"])
        super().__init__(Deferred(DATABASE), name, props, pulumi.ResourceOptions.merge(opts, hidden))


def _props(
    loaded: Loaded,
    server: pulumi.Input[contract.Server],
    coming: Coming | None,
    allow: Iterable[str],
    identity: pulumi.Input[str] | None,
) -> Props:
    """Pulumi's own values lose integers and empty entries on their way, so what is nested travels as JSON.

    `identity` is the administrator's, as JSON of PEM texts, where it lies in no file: a secret.
    """
    return {
        "spec": json.dumps(loaded.plain, sort_keys=True),
        "file": loaded.file,
        **server_props(server, coming),
        "allow": sorted(allow),
        **({} if identity is None else {"identity": pulumi.Output.secret(identity)}),
    }


def server_props(server: pulumi.Input[contract.Server], coming: Coming | None) -> Props:
    """The server, and what is known of it before it is there."""
    known = {} if coming is None else {"planned": _text(coming.planned), "writer": coming.writer}
    return {"server": pulumi.Output.from_input(server).apply(_text), **known}


def _text(server: contract.Server) -> str:
    return json.dumps(server.to_dict(), sort_keys=True)
