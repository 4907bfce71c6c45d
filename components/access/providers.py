"""The providers of this layer's resources: diff is plan, read is inspect, update is apply."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any, ClassVar

from pulumi import dynamic
from pulumi.runtime import rpc

from components.access import admissions, agreed, apply, edge, given, preview, reconnecting, remembered, silence
from components.access.apply import Done
from components.access.failures import AccessError
from components.access.given import Props
from components.access.preview import Preview
from components.access.session import reached

_PLANS = remembered.Remembered()


class Provider(dynamic.ResourceProvider):
    """Plans in check (where there is nothing yet) and in diff; both look at the live server."""

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # holds nothing, so needs no encryption
    # Not what is wanted but what was found: told, never compared.
    outputs: ClassVar[tuple[str, ...]] = ("drift", "sent")

    def configure(self, _req: dynamic.ConfigureRequest) -> None:
        edge.quiet()

    def plan(self, props: Props) -> Preview:
        """What would have to be done."""
        raise NotImplementedError

    def apply(self, props: Props) -> apply.Done:
        """Does it."""
        raise NotImplementedError

    def outputs_of(self, _props: Props) -> Props:
        """What a later run needs to know of this one."""
        return {}

    def where(self, props: Props) -> str:
        """What messages begin with."""
        raise NotImplementedError

    def check(self, _olds: Props, _news: Props) -> dynamic.CheckResult:
        if not _olds and not self.rests(_news):
            edge.guarded(self.where(_news), lambda: self._show(_news))
        return dynamic.CheckResult(_news, [])

    def diff(self, _id: str, _olds: Props, _news: Props) -> dynamic.DiffResult:
        asked = _asked(_olds) != _asked(_news)
        if self.rests(_news):
            return dynamic.DiffResult(changes=asked)
        news = {**given.settled(_olds, _news), "sent": _olds.get("sent")}
        found = edge.guarded(self.where(_news), lambda: self._show(news, only_changes=True))
        return dynamic.DiffResult(changes=found.changes or not found.reachable or asked)

    def create(self, props: Props) -> dynamic.CreateResult:
        sent = self._applied(props, None)
        return dynamic.CreateResult(id_=self.where(props), outs={**props, **sent, "drift": []})

    def update(self, _id: str, _olds: Props, _news: Props) -> dynamic.UpdateResult:
        sent = self._applied(_news, _olds.get("sent"))
        return dynamic.UpdateResult(outs={**_news, **sent, "drift": []})

    def read(self, id_: str, props: Props) -> dynamic.ReadResult:
        if self.rests(props):
            return dynamic.ReadResult(id_=id_, outs=props)
        found = edge.guarded(self.where(props), lambda: self.plan(props))
        _PLANS.keep(self._key(props), found)
        drift = found.statements() if found.reachable else ["the server cannot be reached"]
        edge.say(f"{self.where(props)}: drift: {line}" for line in drift)
        return dynamic.ReadResult(id_=id_, outs={**props, "drift": drift})

    def delete(self, _id: str, _props: Props) -> None:
        # Roles own things and databases hold data: neither goes because a line of the stack went. Where the platform
        # is destroyed, it takes the whole server along; this resource knows nothing of that.
        edge.say([f"{self.where(_props)}: forgotten by the stack; on a server that stays, all of it stays as it is"])

    def _key(self, props: Props) -> str:
        return remembered.key(type(self).__name__, props, rpc.unwrap_rpc_secret)

    def rests(self, props: Props) -> bool:
        """Whether the server is not to be touched for now."""
        why = given.server(props).resting
        if why:
            edge.say([f"{self.where(props)}: left as it is, since {why}"])
        return why is not None

    def _applied(self, props: Props, sent: Any) -> Props:
        """Does it, and returns what a later run needs to know; nothing new of a server that rests."""
        if self.rests(props):
            return {"sent": sent}
        _PLANS.forget()
        done = edge.guarded(self.where(props), lambda: self._agreed({**props, "sent": sent}))
        edge.say(f"{self.where(props)}: {note}" for note in done.pending)
        edge.guarded(self.where(props), lambda: self.reconnect(props))
        return self.outputs_of(props)

    def reconnect(self, props: Props) -> None:
        """Roles are used in all databases of their spec, whose sessions may be stale once they changed."""
        server, loaded = given.server(props), given.loaded(props)
        if not server.poolers:
            return
        names = [props["database"]] if "database" in props else list(loaded.spec.databases)
        with reached(server, given.identity(props)) as target:
            deaf = reconnecting.settle(target, server, names)
        edge.say(f"{self.where(props)}: {line}" for line in reconnecting.warnings(deaf))

    def _agreed(self, props: Props) -> Done:
        """Applies what a saved plan says, where there is one: compared again, and bound to this very plan."""
        found = self.plan(props) if os.environ.get(agreed.PLAN) else None
        bound = found is not None and agreed.compare(self.where(props), found)
        return self.apply({**props, "digest": found.plan.digest} if found and bound else props)

    def _show(self, props: Props, *, only_changes: bool = False) -> Preview:
        found = _PLANS.take(self._key(props)) or self.plan(props)
        if found.changes or not only_changes:
            edge.say(preview.lines(found, given.server(props).pooled_lifetime))
        agreed.remember(self.where(props), found)
        agreed.compare(self.where(props), found)
        if found.problems:
            raise AccessError("\n".join(["", *(f"  {given.told(props, problem)}" for problem in found.problems)]))
        refused = apply.refused_hazards(found.plan, frozenset(props.get("allow") or ()))
        if refused:
            raise AccessError("\n".join(["", *(f"  {line}" for line in refused)]))
        return found


class RolesProvider(Provider):
    """Roles, memberships, settings and databases of one spec."""

    def where(self, props: Props) -> str:
        return f"{props['file']}: roles"

    def plan(self, props: Props) -> Preview:
        loaded, server = given.loaded(props), given.server(props)
        verifiers = given.verifiers(props, loaded)
        with reached(server, given.identity(props)) as target:
            found = preview.cluster(target, loaded.spec, verifiers, major=server.major, sent=given.sent(props))
        if server.capabilities.owns_hba:
            return found
        problems = (*found.plan.problems, *admissions.unenforceable(loaded.spec))
        return dataclasses.replace(found, plan=dataclasses.replace(found.plan, problems=problems))

    def apply(self, props: Props) -> apply.Done:
        loaded = given.loaded(props)
        options = dataclasses.replace(given.options(props), sent=given.sent(props))
        with reached(given.server(props), given.identity(props)) as target:
            return apply.apply_cluster(target, loaded.spec, given.verifiers(props, loaded), options)

    def outputs_of(self, props: Props) -> Props:
        return {"sent": json.dumps(silence.digests(given.verifiers(props, given.loaded(props))), sort_keys=True)}


class DatabaseProvider(Provider):
    """Schemas, extensions, scripts, rights, row policies and jobs of one database."""

    def where(self, props: Props) -> str:
        return f"{props['file']}: database {props['database']}"

    def plan(self, props: Props) -> Preview:
        server, name = given.server(props), str(props["database"])
        poolers = bool(server.poolers)
        with reached(server, given.identity(props)) as target:
            loaded, found = given.loaded(props), given.script_texts(props)
            return preview.database(target, loaded.spec, name, found, major=server.major, poolers=poolers)

    def apply(self, props: Props) -> apply.Done:
        with reached(given.server(props), given.identity(props)) as target:
            return apply.apply_database(
                target,
                given.loaded(props).spec,
                str(props["database"]),
                given.script_texts(props),
                given.options(props),
            )


def _asked(props: Props) -> Props:
    """What was asked for; what is empty may have got lost on its way."""
    return {key: value for key, value in props.items() if value and key not in (*Provider.outputs, "__provider")}
