"""Which URLs a spec gives, and that a password survives in them."""

from __future__ import annotations

import dataclasses

from psycopg.conninfo import conninfo_to_dict

from components.access.spec import loads
from components.access.urls import may_connect, urls
from components.contract import Credentials, Endpoint, Server

SPEC = loads(
    """
version: 1
roles:
  owner:
  group:
  heir: { login: true, password: secret:heir, member_of: [group] }
  aloof: { login: true, password: secret:aloof, inherit: false, member_of: [group] }
  direct: { login: true, password: secret:direct }
  nobody: { login: true, password: secret:nobody }
databases:
  shop: { owner: owner, connect: [group, "dir*"] }
  open: { owner: owner, connect: [PUBLIC] }
""",
    "a.yaml",
).spec
PASSWORD = "#Thaw$in2k77! é'\"\\%:@/?&"


def server() -> Server:
    ends = {name: Endpoint(host="localhost", port=port) for port, name in enumerate(("writer", "reader", "pooled"), 1)}
    admin = Credentials(user="postgres")
    return Server(**ends, pooled_reader=Endpoint(host="localhost", port=4), admin=admin, ca="/ca.crt", major=15)


def test_connect_passes_on_through_groups_that_are_inherited() -> None:
    assert [role for role in SPEC.every_role if may_connect(SPEC, role, "shop")] == ["group", "heir", "direct"]
    assert all(may_connect(SPEC, role, "open") for role in SPEC.every_role)


def test_no_url_where_the_password_is_no_way_in() -> None:
    spec = loads(
        """
version: 1
roles:
  owner:
  by_cert: { login: true, password: secret:a, auth: cert }
  to_one: { login: true, password: secret:b, auth: [{ by: scram, databases: [one] }, { by: cert, databases: [two] }] }
  silent: { login: true, password: secret:c }
databases:
  one: { owner: owner, connect: [PUBLIC] }
  two: { owner: owner, connect: [PUBLIC] }
""",
        "a.yaml",
    ).spec
    found = urls(spec, server(), dict.fromkeys(("by_cert", "to_one", "silent"), PASSWORD))
    assert [(one["database"], one["role"]) for one in found] == [
        ("one", "silent"),
        ("one", "to_one"),
        ("two", "silent"),
    ]


def test_a_url_for_each_login_and_database_with_the_password_whole() -> None:
    found = list(urls(SPEC, server(), {"direct": PASSWORD, "nobody": PASSWORD}))
    assert [(one["database"], one["role"]) for one in found] == [
        ("shop", "direct"), ("open", "direct"), ("open", "nobody"),
    ]  # fmt: skip
    assert {conninfo_to_dict(found[0][kind])["sslrootcert"] for kind in ("pooled", "direct", "read_only")} == {
        "/ca.crt"
    }
    ports = [conninfo_to_dict(found[0][kind])["port"] for kind in ("pooled", "direct", "read_only")]
    assert ports == ["3", "1", "4"]
    assert all(conninfo_to_dict(one[kind])["password"] == PASSWORD for one in found for kind in ("pooled", "direct"))


def test_poolers_with_an_authority_of_their_own_are_verified_by_that() -> None:
    [found, *_] = urls(SPEC, dataclasses.replace(server(), pooled_ca="/pooler.crt"), {"direct": PASSWORD})
    files = [conninfo_to_dict(found[kind])["sslrootcert"] for kind in ("pooled", "direct", "read_only")]
    assert files == ["/pooler.crt", "/ca.crt", "/pooler.crt"]
