"""The resource of what a PgBouncer beside a server needs there, where nobody may read pg_authid."""

from __future__ import annotations

import dataclasses
from typing import Any

import psycopg
import pulumi
from pulumi import dynamic

from components import contract
from components.access import (
    apply,
    edge,
    failures,
    given,
    inspect,
    passwords,
    pooler_objects,
    session,
    silence,
    snapshot,
)
from components.access.apply import Done, Options
from components.access.coming import Coming
from components.access.given import Props
from components.access.model import Cluster, Plan
from components.access.passwords import Verifier
from components.access.preview import Preview
from components.access.providers import Provider
from components.access.resources import server_props
from components.access.session import Connection, Target, reached
from components.render.hba import POOLER

WHERE = "pooler"
REFUSED = "authentication failed"
FIRST_TASK_S = 300.0  # the way in may be a task of the pooler, which was ordered a moment ago


class PoolerLoginProvider(Provider):
    """PgBouncer's own login, and the table and function by which it learns verifiers."""

    def where(self, _props: Props) -> str:
        return WHERE

    def plan(self, props: Props) -> Preview:
        server, password = given.server(props), given.known(props["password"], None)
        with reached(server, given.identity(props)) as target:
            return preview(target, password)

    def apply(self, props: Props) -> Done:
        options, server = Options(digest=props.get("digest"), report=_report), given.server(props)
        limit = FIRST_TASK_S if server.route else session.RETRY_FOR_S
        with reached(server, given.identity(props)) as target:
            password = str(given.known(props["password"], ""))
            return session.retried(lambda: _once(target, password, options), options.report, limit)

    def reconnect(self, _props: Props) -> None:
        """Its own sessions ask a function; there is nothing stale in them."""


class PoolerLogin(dynamic.Resource, module="access", name="PoolerLogin"):
    """`password` is that of PgBouncer's own login. Deleting it leaves all on the server."""

    def __init__(
        self,
        name: str,
        *,
        server: pulumi.Input[contract.Server],
        coming: Coming,
        password: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props: Props = {**server_props(server, coming), "password": pulumi.Output.secret(password), "drift": None}
        hidden = pulumi.ResourceOptions(additional_secret_outputs=["password"])
        super().__init__(PoolerLoginProvider(), name, props, pulumi.ResourceOptions.merge(opts, hidden))


def _report(line: str) -> None:
    edge.say([f"{WHERE}: {line}"])


def preview(target: Target, password: str | None) -> Preview:
    """What would be done; against an empty server where there is none to ask. `password` None: yet to be made."""
    try:
        with target.open() as connection:
            return Preview(what=WHERE, plan=_plan(connection, target, password))
    except psycopg.OperationalError as error:
        if not failures.unreachable(error):
            raise
        plan = pooler_objects.plan(pooler_objects.NOTHING, Cluster(), _verifier(password), fits=False)
        return Preview(what=WHERE, plan=plan, reachable=False, unreached=failures.away(error))


def _once(target: Target, password: str, options: Options) -> Done:
    with session.lock(target) as held:
        plan = _plan(held.connection, target, password)
        apply.agreed(plan, options)
        if not plan.statements:
            return Done()
        with target.open() as connection:
            session.limits(connection)
            told = silence.silence(connection)
            apply.run(connection, plan.statements)
            held.check()
        apply.settled(_plan(held.connection, target, password))
    return Done(statements=plan.statements, notes=told)


def _plan(connection: Connection, target: Target, password: str | None) -> Plan:
    cluster, _, _ = inspect.cluster(connection, roles=[POOLER], databases=[])
    found: dict[str, Any] = snapshot.ask(connection, "pooler")["pooler"]
    fits = POOLER in cluster.roles and password is not None and _lets_in(target, password)
    return pooler_objects.plan(found, cluster, _verifier(password), fits=fits)


def _verifier(password: str | None) -> Verifier:
    """Its salt comes of the password, which is long and random: the same password is the same verifier."""
    chosen = password or given.UNKNOWN_PASSWORD
    return passwords.verifier(chosen, key=chosen.encode(), role=POOLER)


def _lets_in(target: Target, password: str) -> bool:
    """Whether the server takes it: nobody may read what it keeps of it, so it is tried."""
    own = {word: value for word, value in target.words.items() if word not in ("sslcert", "sslkey")}
    try:
        dataclasses.replace(target, words={**own, "user": POOLER, "password": password}).open().close()
    except psycopg.OperationalError as error:
        if REFUSED not in str(error) and "not permitted to log in" not in str(error):
            raise
        return False
    return True
