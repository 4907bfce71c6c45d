"""The embedded platform as it lies on disk: its folder, and cluster.json, which says where everything listens."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.embedded.files import server_account
from components.embedded.place import place
from components.settings.model import NAMESPACE
from tools.driver.project import Project

DEFAULT_DIRECTORY = ".local"
ROUTES = ("writer", "reader", "pooled", "pooled_reader")


@dataclass(frozen=True)
class Identity:
    """A client certificate and the CA to check the server with."""

    certificate: Path
    key: Path
    ca: Path


@dataclass(frozen=True)
class Member:
    name: str
    host: str
    port: int
    rest_port: int
    status_file: Path


@dataclass(frozen=True)
class Node:
    """An etcd node."""

    name: str
    port: int
    status_file: Path


@dataclass(frozen=True)
class Gateway:
    host: str
    ports: dict[str, int]
    status_file: Path


@dataclass(frozen=True)
class Cluster:
    """What cluster.json says. Holds no password."""

    scope: str
    members: tuple[Member, ...]
    nodes: tuple[Node, ...]
    gateway: Gateway
    user: str
    admin: Identity
    rest: Identity
    etcd: Identity
    backup: dict[str, str] | None = None  # how pgBackRest is called; None: nothing is backed up


def platform(project: Project) -> str:
    """The stack's platform, read leniently: a broken stack file must not stop anybody from looking or removing."""
    try:
        config = yaml.safe_load(project.stack_file.read_text(encoding="utf-8"))["config"]
        return str(config.get(f"{NAMESPACE}:platform", "embedded"))
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError):
        return "embedded"


def directory(project: Project) -> Path:
    """The folder of everything that runs, read leniently: removing it must work with a stack file that is broken."""
    try:
        config = yaml.safe_load(project.stack_file.read_text(encoding="utf-8"))["config"]
        given = config.get(f"{NAMESPACE}:embedded", {}).get("directory", DEFAULT_DIRECTORY)
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError):
        given = DEFAULT_DIRECTORY
    return project.root / (given if isinstance(given, str) else DEFAULT_DIRECTORY)


def folders(project: Project) -> list[Path]:
    """The folder, and the place that servers can reach which it links to, or would if somebody had not removed it."""
    wanted = directory(project)
    places = [wanted]
    with contextlib.suppress(OSError, KeyError):  # no account for the servers: then nothing was ever started
        places.append(place(str(wanted), project.root, server_account()).real)
    return list(dict.fromkeys(places))


def read(folder: Path) -> Cluster | None:
    """None when there is no cluster, or its file is not whole."""
    try:
        return parse(json.loads((folder / "cluster.json").read_text(encoding="utf-8")), folder)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def parse(plain: dict[str, Any], folder: Path) -> Cluster:
    """Paths may be relative to the folder."""
    ca = folder / plain["ca"]

    def identity(name: str) -> Identity:
        given = plain.get(name) or plain["admin"]
        return Identity(folder / given["certificate"], folder / given["key"], ca)

    gateway = plain["gateway"]
    return Cluster(
        scope=plain["scope"],
        members=tuple(
            Member(name, each["host"], int(each["port"]), int(each["rest_port"]), folder / each["status_file"])
            for name, each in sorted(plain["members"].items())
        ),
        nodes=tuple(
            Node(name, int(each["client_port"]), folder / each["status_file"])
            for name, each in sorted(plain["etcd"]["nodes"].items())
        ),
        gateway=Gateway(
            gateway["host"], {route: int(gateway[route]) for route in ROUTES}, folder / gateway["status_file"]
        ),
        user=plain["admin"]["user"],
        admin=identity("admin"),
        rest=identity("rest_client"),
        etcd=identity("etcd_client"),
        backup=plain.get("backup"),
    )
