"""A server that rests is neither read nor changed: the resources keep what they knew."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.access.providers import DatabaseProvider, RolesProvider
from components.contract import Credentials, Endpoint, Server

NOWHERE = Endpoint(host="pg-rw.nowhere.invalid", port=1)


def props(resting: str | None, **more: Any) -> dict[str, Any]:
    server = Server(
        writer=NOWHERE,
        reader=NOWHERE,
        pooled=NOWHERE,
        pooled_reader=NOWHERE,
        admin=Credentials(user="postgres"),
        ca="/ca.crt",
        major=17,
        resting=resting,
    )
    plain = {"spec": "{}", "file": "sql/shop/access.yaml", "server": json.dumps(server.to_dict()), "allow": []}
    return {**plain, "database": "shop", "scripts": "{}", "passwords": {}, "key": "k", **more}


@pytest.mark.parametrize("provider", [RolesProvider(), DatabaseProvider()])
def test_nothing_is_asked_of_a_server_that_rests(provider: Any, capsys: pytest.CaptureFixture[str]) -> None:
    asleep = props("the cluster hibernates", sent="digests", drift=["old"])
    assert provider.diff("id", asleep, asleep).changes is False
    assert provider.diff("id", props(None), asleep).changes is True  # what is kept says that it rests
    assert provider.update("id", props(None, sent="digests"), asleep).outs["sent"] == "digests"
    assert provider.read("id", asleep).outs == asleep
    assert provider.check({}, asleep).failures == []
    assert "left as it is, since the cluster hibernates" in capsys.readouterr().out
