"""Reads a supervisor's JSON file into frozen types; every problem of it is reported at once."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from pathlib import Path
from typing import Any


class ConfigurationError(Exception):
    """What is wrong with the file; `problems` are whole sentences without a secret."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Access:
    """A CA to verify a server with, and the certificate and key to show it. All are paths."""

    ca: str
    cert: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Etcd(Access):
    """The etcd cluster; `endpoints` are https URLs."""

    endpoints: tuple[str, ...]


_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


@dataclass(frozen=True, kw_only=True)
class Kubernetes:
    """The Kubernetes API where it keeps the leader's lease, and what a pod shows it; `token` and `ca` are paths."""

    host: str
    port: str
    namespace: str
    token: str = f"{_ACCOUNT}/token"
    ca: str = f"{_ACCOUNT}/ca.crt"


@dataclass(frozen=True, kw_only=True)
class Common:
    """What the three roles share; times are seconds, sizes bytes."""

    name: str
    directory: str
    log_file: str
    status_file: str
    log_bytes: int = 10 * 1024 * 1024
    environment: Mapping[str, str] = field(default_factory=dict)
    watched_folders: tuple[str, ...] = ()
    restart_delay_seconds: float = 1.0
    stop_limit_seconds: float = 20.0


@dataclass(frozen=True, kw_only=True)
class Member(Common):
    """Patroni and its PostgreSQL."""

    scope: str
    command: tuple[str, ...]
    data_dir: str
    etcd: Etcd | None = None
    kubernetes: Kubernetes | None = None
    namespace: str = "/service/"
    stop_limit_seconds: float = 60.0
    rest: Access | None = None
    rest_port: int = 8008
    sockets: str = ""
    binaries: str = ""
    frozen_seconds: float = 0.0
    health_port: int = 0
    owns_volume: bool = False


@dataclass(frozen=True, kw_only=True)
class Joining:
    """How an etcd whose volume may have been lost comes back; see joining.py."""

    template: str
    written: str
    data_dir: str
    peer_url: str
    etcd: Etcd


@dataclass(frozen=True, kw_only=True)
class Node(Common):
    """One etcd."""

    command: tuple[str, ...]
    joining: Joining | None = None


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a member's PostgreSQL and REST API listen."""

    host: str
    port: int
    rest_port: int


@dataclass(frozen=True, kw_only=True)
class Pooler:
    """One PgBouncer; `target` is "leader" or a fixed "host:port"; `finish` lets it end its transactions on a stop."""

    name: str
    command: tuple[str, ...]
    databases_file: str
    target: str
    databases: Mapping[str, str] = field(default_factory=lambda: {"*": ""})
    finish: bool = False


@dataclass(frozen=True, kw_only=True)
class Balancer:
    """HAProxy in master-worker mode (-W), and the two backends whose servers are named after the members."""

    command: tuple[str, ...]
    socket: str
    writer_backend: str = "writer"
    reader_backend: str = "reader"


@dataclass(frozen=True, kw_only=True)
class Gateway(Common):
    """PgBouncer, HAProxy, and the follower of the leader; without `etcd` it asks the members themselves."""

    scope: str
    etcd: Etcd | None = None
    members: Mapping[str, Address]
    rest: Access
    pgbouncer: tuple[Pooler, ...]
    haproxy: Balancer | None = None
    namespace: str = "/service/"
    restart_delay_seconds: float = 0.5
    pause_limit_seconds: float = 10.0
    resolve_seconds: float = 0.0


ROLES: dict[str, type[Common]] = {"member": Member, "node": Node, "gateway": Gateway}

_TEXT: dict[str, Any] = {"str": str, "int": int, "float": (int, float), "bool": bool}
_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_NESTED: dict[str, Any] = {
    "Etcd": Etcd,
    "Etcd | None": Etcd,
    "Kubernetes | None": Kubernetes,
    "Access": Access,
    "Access | None": Access,
    "Joining | None": Joining,
    "Balancer | None": Balancer,
    "tuple[Pooler, ...]": [Pooler],
    "Mapping[str, Address]": {"": Address},
}


def load(role: str, path: Path) -> Any:
    """The configuration of `role` in the JSON file at `path`; raises ConfigurationError."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError([f"{path}: cannot be read as JSON: {error}"]) from None
    return parse(role, plain, str(path))


def parse(role: str, plain: Any, where: str = "configuration") -> Any:
    """The configuration of `role` given as plain values; raises ConfigurationError with every problem found."""
    problems: list[str] = []
    made = _build(ROLES[role], _filled(plain, where, problems), where, problems)
    if problems:
        raise ConfigurationError(problems)
    return made


def _filled(plain: Any, where: str, problems: list[str]) -> Any:
    """The same with `${NAME}` in each text replaced by that variable of our environment."""
    if isinstance(plain, dict):
        return {key: _filled(value, f"{where}.{key}", problems) for key, value in plain.items()}
    if isinstance(plain, list):
        return [_filled(value, f"{where}[{index}]", problems) for index, value in enumerate(plain)]
    if not isinstance(plain, str):
        return plain
    unset = sorted(set(_VARIABLE.findall(plain)) - os.environ.keys())
    problems += [f"{where}: the environment has no {name}" for name in unset]
    return _VARIABLE.sub(lambda found: os.environ.get(found[1], ""), plain)


def _build(kind: type[Any], plain: Any, where: str, problems: list[str]) -> Any:
    if not isinstance(plain, dict):
        problems.append(f"{where}: must be an object, found {type(plain).__name__}")
        return None
    fields = kind.__dataclass_fields__
    problems += [
        f"{where}.{key}: unknown key; known are {', '.join(sorted(fields))}" for key in plain if key not in fields
    ]
    required = {name for name, known in fields.items() if _is_required(known)}
    problems += [f"{where}.{key}: missing" for key in sorted(required - plain.keys())]
    known = {key: value for key, value in plain.items() if key in fields}
    # In the order of the fields, so that two runs report alike.
    values = {
        key: _value(str(fields[key].type), known[key], f"{where}.{key}", problems) for key in fields if key in known
    }
    if kind is Pooler:
        problems += _target_problems(values.get("target"), where)
    if kind is Member and (plain.get("etcd") is None) == (plain.get("kubernetes") is None):
        problems.append(f"{where}: must have either `etcd` or `kubernetes`, which keeps the leader's lease")
    return None if problems else kind(**values)


def _target_problems(target: Any, where: str) -> list[str]:
    if not isinstance(target, str) or target == "leader":
        return []
    host, _, port = target.rpartition(":")
    return [] if host and port.isdigit() else [f'{where}.target: must be "leader" or "host:port", found {target!r}']


def _is_required(known: Any) -> bool:
    return known.default is MISSING and known.default_factory is MISSING


def _value(kind: str, value: Any, where: str, problems: list[str]) -> Any:
    nested = _NESTED.get(kind)
    if isinstance(nested, list):
        return _sequence(value, where, problems, lambda item, at: _build(nested[0], item, at, problems))
    if isinstance(nested, dict):
        return _mapping(value, where, problems, lambda item, at: _build(nested[""], item, at, problems))
    if nested is not None:
        return None if value is None and kind.endswith("| None") else _build(nested, value, where, problems)
    if kind == "tuple[str, ...]":
        return _sequence(value, where, problems, lambda item, at: _scalar("str", item, at, problems))
    if kind == "Mapping[str, str]":
        return _mapping(value, where, problems, lambda item, at: _scalar("str", item, at, problems))
    return _scalar(kind, value, where, problems)


def _scalar(kind: str, value: Any, where: str, problems: list[str]) -> Any:
    if isinstance(value, bool) != (kind == "bool") or not isinstance(value, _TEXT[kind]):
        # The value is not shown: an environment may hold something that must not reach a log.
        problems.append(f"{where}: must be {kind}, found {type(value).__name__}")
    elif kind != "str" and value < 0:
        problems.append(f"{where}: must not be negative, found {value}")
    return value


def _sequence(value: Any, where: str, problems: list[str], item: Any) -> Any:
    if not isinstance(value, list) or not value:
        problems.append(f"{where}: must be a list of at least one")
        return ()
    return tuple(item(one, f"{where}[{index}]") for index, one in enumerate(value))


def _mapping(value: Any, where: str, problems: list[str], item: Any) -> Any:
    if not isinstance(value, dict):
        problems.append(f"{where}: must be an object")
        return {}
    return {key: item(one, f"{where}.{key}") for key, one in value.items()}
