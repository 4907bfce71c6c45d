"""One etcd node: three of them keep who leads the cluster."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pulumi
from pulumi import dynamic

from components.embedded import part as parts
from components.embedded.decisions import steps
from components.embedded.files import Account, remove_tree, server_account, write
from components.embedded.supervised import Part
from components.embedded.turn import turn
from components.patroni.provider import Provider, Spec, say, written
from components.patroni.waiting import see, until
from components.supervisor.configuration import Etcd
from components.supervisor.etcd import Client, EtcdError

HEALTHY_LIMIT = 60.0
ENDING = ".ending"  # lies in the platform's folder when all of it goes, so that nobody has to be told
LOOK, ORDER = 1.0, 10.0
ANSWER = 2.0  # etcd drops what it is told while it has no leader, and never answers that
WORDS = {"restart": "restart of this node alone, no write is lost"}


def client(spec: Spec, endpoints: list[str] | None = None) -> Client:
    """A client with the certificate of this part; of all nodes, or of the `endpoints` given."""
    known = spec["etcd"]
    which = tuple(known["endpoints"] if endpoints is None else endpoints)
    return Client(Etcd(endpoints=which, ca=known["ca"], cert=known["cert"], key=known["key"]))


def answers(spec: Spec, endpoint: str) -> bool:
    """Whether that node takes part in a majority: the read is agreed by one."""
    try:
        client(spec, [endpoint]).snapshot("/", limit=LOOK)
    except (EtcdError, OSError):
        return False
    return True


def _others(spec: Spec) -> list[str]:
    return [endpoint for endpoint in spec["etcd"]["endpoints"] if endpoint != f"https://{spec['client']}"]


def wait_for_majority(spec: Spec) -> None:
    """Until etcd answers, asked through whichever node is up."""

    def look() -> bool:
        with contextlib.suppress(EtcdError, OSError):
            client(spec).snapshot(spec.get("namespace", "/"), limit=LOOK)
            return True
        return False

    logs = Path(spec["root"]) / "etcd-1/log/supervisor.log"
    until(look, HEALTHY_LIMIT, "a majority of etcd", lambda: see(logs))


class EtcdNodeProvider(Provider):
    def ensure(self, spec: Spec, old: Spec | None) -> None:
        part = Part.of(spec)
        before = parts.seen(spec)
        parts.prepare(spec)
        todo = steps(parts.wanted(spec), before)
        if "restart" in todo:
            with turn(Path(spec["root"]), part.name, None):
                self._move(spec, old)
                part.stop()
                part.start(parts.launched(spec))
                self._wait(spec)
        elif "start" in todo:
            self._start(spec, part)
        elif self._joined(spec).exists():
            self._wait(spec)  # it runs, but does it answer?

    def _start(self, spec: Spec, part: Part) -> None:
        if self._lost_its_data(spec):
            self._join_again(spec, part)
        else:
            part.start(parts.launched(spec))
        # Not healthy yet: that takes a majority, and another node may be started after this one.
        until(lambda: part.child("etcd"), HEALTHY_LIMIT, f"etcd of {part.name} to start", lambda: see(part.log))
        write(self._joined(spec), "", Account.own())

    def _joined(self, spec: Spec) -> Path:
        """Lies beside the node's folder: it says that this node was a member once, even when the folder is gone."""
        return Path(spec["root"]) / f".joined-{spec['name']}"

    def _lost_its_data(self, spec: Spec) -> bool:
        """An etcd that comes back with nothing must not vote as though it had never promised anything."""
        if Path(spec["data"]).exists() or not self._joined(spec).exists():
            return False
        return all(answers(spec, endpoint) for endpoint in _others(spec))

    def _join_again(self, spec: Spec, part: Part) -> None:
        say([f"{part.name}: its data is gone, so it joins the other nodes as a new one"])
        part.stop()  # what runs on in a folder that somebody removed would go on voting
        api = client(spec, _others(spec))
        until(lambda: self._is_expected(api, spec), HEALTHY_LIMIT, f"the other nodes to expect a new {part.name}")
        write(part.home / "etcd.yml", spec["joining"], server_account())
        part.start(parts.launched(spec))
        self._wait(spec)
        write(part.home / "etcd.yml", spec["files"]["etcd.yml"], server_account())

    def _is_expected(self, api: Client, spec: Spec) -> bool:
        """One step at a time, each after a look: an order that got no answer may have been carried out all the same."""
        url = f"https://{spec['peer']}"
        with contextlib.suppress(EtcdError):
            known = self._members(api)
            earlier = [one["ID"] for one in known if one.get("name") == spec["name"]]
            if earlier:
                api.call("/v3/cluster/member/remove", {"ID": earlier[0]}, limit=ANSWER, each=ANSWER)
            elif any(url in one.get("peerURLs", []) for one in known):
                return True  # without a name: it was added and has not started yet
            else:
                api.call("/v3/cluster/member/add", {"peerURLs": [url]}, limit=ANSWER, each=ANSWER)
        return False

    def _move(self, spec: Spec, old: Spec | None) -> None:
        """Another peer port must be known to the other nodes before this one uses it."""
        if old is None or old["peer"] == spec["peer"]:
            return
        both = client(spec, [*old["etcd"]["endpoints"], *spec["etcd"]["endpoints"]])
        for known in self._members(both):
            if known.get("name") == spec["name"]:
                both.call(
                    "/v3/cluster/member/update",
                    {"ID": known["ID"], "peerURLs": [f"https://{spec['peer']}"]},
                    limit=ORDER,
                )

    def _members(self, api: Client) -> list[dict[str, Any]]:
        return list(api.call("/v3/cluster/member/list", {}, limit=ORDER).get("members", []))

    def _wait(self, spec: Spec) -> None:
        part = Part.of(spec)
        what = f"{part.name} to answer as one of a majority"
        until(lambda: answers(spec, f"https://{spec['client']}"), HEALTHY_LIMIT, what, lambda: see(part.log))

    def drift(self, spec: Spec, coming: Spec) -> list[str]:
        found = parts.drift(spec, coming)
        if not found and not any(answers(spec, f"https://{one['client']}") for one in (spec, coming)):
            found = [f"{spec['name']}: runs, but does not answer as one of a majority"]
        return found

    def changes(self, old: Spec, new: Spec) -> list[str]:
        return parts.changes(old, new, WORDS)

    def remove(self, spec: Spec) -> None:
        part = Part.of(spec)
        if (Path(spec["root"]) / ENDING).exists():
            part.kill()  # the last of three would look for a successor in vain, for seconds
        else:
            part.stop()
        remove_tree(Path(spec["directory"]))
        self._joined(spec).unlink(missing_ok=True)


class EtcdNode(dynamic.Resource, module="embedded", name="EtcdNode"):
    """One node; a change of its configuration restarts it alone, and never two at a time."""

    spec: pulumi.Output[str]
    drift: pulumi.Output[Any]

    def __init__(self, name: str, spec: Spec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(EtcdNodeProvider(), name, written(spec), opts)
