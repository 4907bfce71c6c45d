"""The secret of a login: URLs as they stand, their parts in AWS's words, whom to trust, and a name that AWS takes."""

from __future__ import annotations

import json

from components.contract import Endpoint, url
from components.rds import login_texts
from components.rds.arguments_server import AMAZON_CA, POOLER_CA, PUBLIC_CA, Hosts, bundle_url, planned, server
from tests.unit.settings.rds.stacks import settings

THORNY = "#Thaw$in2k77! é'\"\\%:@/"
URLS = {
    name: url(Endpoint(host=host, port=6432), user="app", password=THORNY, database="a shop", ca="/ca.pem")
    for name, host in (("pooled", "pool"), ("direct", "main"), ("read_only", "pool"))
}


def test_what_an_application_finds() -> None:
    found = json.loads(login_texts.text(settings(), URLS, "PEM"))
    assert {found[name] for name in login_texts.URLS} == set(URLS.values())
    assert (found["username"], found["password"], found["dbname"]) == ("app", THORNY, "a shop")
    assert (found["host"], found["port"], found["engine"]) == ("pool", 6432, "postgres")
    assert (found["pooled_ca"], found["direct_ca_url"]) == ("PEM", bundle_url(settings()))


def test_without_a_pooler_of_ours_there_is_no_authority_of_ours() -> None:
    assert "pooled_ca" not in json.loads(login_texts.text(settings(), URLS, None))


def test_any_name_of_a_role_becomes_one_that_secrets_manager_takes() -> None:
    found = login_texts.secret(settings(), 'an "odd" röle', "shop", "arn:key")
    assert found["namePrefix"] == "main/login/an__odd__r_le.shop-"
    assert found["tags"]["role"] == 'an "odd" röle'
    assert (found["kmsKeyId"], found["recoveryWindowInDays"]) == ("arn:key", 30)


def test_whom_clients_trust_depends_on_what_stands_in_front() -> None:
    hosts = Hosts(writer="w", reader="r", pooled="p", secret="arn:s")
    found = server(settings(), hosts, "boss")
    assert (found.ca, found.pooled_ca, found.authorities) == (AMAZON_CA, POOLER_CA, bundle_url(settings()))
    assert (found.admin.secret, found.pooled_lifetime) == ("arn:s", 1800)
    proxied = server(settings({"pooler": {"kind": "rds_proxy"}}), hosts, "boss")
    assert (proxied.pooled_ca, proxied.pooled_lifetime) == (PUBLIC_CA, None)
    bare = server(settings({"pooler": {"kind": "none", "image": None}}), hosts, "boss")
    assert (bare.pooled_ca, bare.pooled_lifetime) == (None, None)


def test_a_file_of_ones_own_is_trusted_instead() -> None:
    assert planned(settings({"ca_bundle": "certificates/rds.pem"})).authorities == "certificates/rds.pem"
