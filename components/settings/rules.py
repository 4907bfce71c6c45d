"""What must hold between settings: one function a rule, all of them run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module

from components.settings.backup_rules import backup_faults
from components.settings.finding import Finding
from components.settings.kubernetes_rules import kubernetes_faults
from components.settings.model import DEFAULT_ACCESS, Settings
from components.settings.parameters import CONTROL, parameter_problems, usable_connections
from components.settings.ports import port_problems
from components.settings.timing import timing_problems
from components.settings.units import whole

AWKWARD = re.compile(r"""[\x00-\x1f\x7f"'\\]""")


def timing_rule(settings: Settings) -> Iterator[Finding]:
    """Patroni's own rule over ttl, loop_wait and retry_timeout."""
    for message in timing_problems(settings.patroni.times):
        yield Finding(("patroni", "ttl"), message)


def durability_needs_members(settings: Settings) -> Iterator[Finding]:
    """zero-loss keeps its promise, and goes on after one loss, with three members only."""
    if settings.platform == "rds":
        return  # Its synchronous copy is the Multi-AZ standby: rds/rules/pooling.py.
    if settings.durability == "zero-loss" and settings.replicas < 2:
        yield Finding(
            ("replicas",),
            f"found {settings.replicas}; durability zero-loss needs at least 2 replicas (3 members), because a commit"
            " waits for a replica and must not stop when one is lost; set replicas to 2 or more, or durability to"
            " balanced",
        )
    if settings.durability == "balanced" and settings.replicas < 1:
        yield Finding(
            ("replicas",),
            "found 0; durability balanced needs at least 1 replica; set replicas to 1 or more, or durability to"
            " asynchronous",
        )


def ports_are_free_of_collisions(settings: Settings) -> Iterator[Finding]:
    """No two parts of the embedded platform at one port."""
    if settings.platform == "embedded":
        for path, message in port_problems(settings.embedded):
            yield Finding(tuple(path.split(".")), message)


def directory_is_a_plain_path(settings: Settings) -> Iterator[Finding]:
    """Nobody expands a ~, and a quote or a line end would mean something in the files that the path goes into."""
    if settings.embedded.directory.startswith("~") or AWKWARD.search(settings.embedded.directory):
        yield Finding(
            ("embedded", "directory"),
            f"found {settings.embedded.directory!r}; allowed is a path without ~ at its start, without quotes,"
            " backslashes and control characters",
        )


def parameters_are_the_servers(settings: Settings) -> Iterator[Finding]:
    """Known names, values in range, nothing that the platform owns."""
    if settings.platform == "rds":
        return  # RDS's parameter groups are another set of names: rds/rules/parameters.py.
    zero_loss = settings.durability == "zero-loss"
    for name, message in parameter_problems(settings.parameters, major=settings.major, zero_loss=zero_loss):
        yield Finding(("parameters", name), message)


def senders_for_all_members(settings: Settings) -> Iterator[Finding]:
    """Each replica holds a WAL sender and a slot; a new one copies over two more senders."""
    if settings.platform == "rds":
        return  # RDS sees to its own replicas.
    names = {name.lower(): name for name in settings.parameters}
    for name, needed in (("max_wal_senders", settings.replicas + 2), ("max_replication_slots", settings.replicas + 1)):
        found = _whole(settings.parameters[names[name]]) if name in names else None
        if found is not None and found < needed:
            yield Finding(
                ("parameters", names[name]),
                f"found {found}; {settings.replicas} replicas need at least {needed}; raise it or lower replicas",
            )


def pools_fit_the_server(settings: Settings) -> Iterator[Finding]:
    """One pool with its reserve must find room in max_connections, else PgBouncer queues for connections in vain."""
    try:
        room = usable_connections(settings.parameters)
    except ValueError:
        return  # The parameter itself is reported.
    wanted = settings.pooler.default_pool_size + settings.pooler.reserve_pool_size
    if settings.platform != "rds" and wanted > room:
        yield Finding(
            ("pooler", "default_pool_size"),
            f"found {settings.pooler.default_pool_size}, with reserve_pool_size {wanted} server connections for one"
            f" pool; the server has {room} for clients (max_connections less what is reserved); lower it to"
            f" {max(1, room - settings.pooler.reserve_pool_size)} or less, or raise parameters.max_connections",
        )
    if settings.pooler.min_pool_size > settings.pooler.default_pool_size:
        yield Finding(
            ("pooler", "min_pool_size"),
            f"found {settings.pooler.min_pool_size}; allowed is 0 to default_pool_size"
            f" ({settings.pooler.default_pool_size})",
        )


def specs_are_named_once(settings: Settings) -> Iterator[Finding]:
    """Paths of YAML files, none of them twice."""
    for index, path in enumerate(settings.access):
        here = ("access", str(index))
        if not path.endswith((".yaml", ".yml")):
            yield Finding(here, f"found {path!r}; allowed is the path of a .yaml file, such as {DEFAULT_ACCESS[0]}")
        elif path in settings.access[:index]:
            yield Finding(here, f"found {path!r} for the second time; name each access spec once")


def secrets_are_usable(settings: Settings) -> Iterator[Finding]:
    """An empty password would be none, and a control character does not survive environment files."""
    for name, secret in settings.secrets.items():
        if not secret.get_secret_value():
            yield Finding(("secrets", name), "is empty; set a password, or remove it and one is generated")
        elif CONTROL.search(secret.get_secret_value()):
            yield Finding(("secrets", name), "holds a control character (a line end perhaps); set it without")


def kubernetes_takes_it(settings: Settings) -> Iterator[Finding]:
    """All that Kubernetes would refuse, or that would not work there."""
    for path, message in kubernetes_faults(settings):
        yield Finding(path, message)


def _whole(text: str) -> int | None:
    try:
        return whole(text)
    except ValueError:
        return None


RULES = (
    timing_rule,
    durability_needs_members,
    ports_are_free_of_collisions,
    directory_is_a_plain_path,
    parameters_are_the_servers,
    senders_for_all_members,
    pools_fit_the_server,
    specs_are_named_once,
    secrets_are_usable,
    kubernetes_takes_it,
    backup_faults,
)


def findings(settings: Settings) -> list[Finding]:
    """Every fault between settings that are each valid on their own."""
    found = [finding for rule in RULES for finding in rule(settings)]
    if settings.platform == "rds":
        # Imported when asked for: nobody else needs its data.
        found += import_module("components.settings.rds.rules").findings(settings)
    return found
