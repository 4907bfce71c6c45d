"""The server on RDS from a stack's outputs, for psql."""

from __future__ import annotations

import pytest

from components.contract import Endpoint
from tests.unit.settings.rds.stacks import settings
from tools.driver.aws import server
from tools.driver.refusal import Refusal

SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:main-admin"
ENDS = {"writer": "w.rds:5432", "reader": "r.rds:5432", "pooled": "pool.elb:6432", "pooled_reader": "pool.elb:6433"}


def test_it_is_the_one_that_the_access_layer_knows() -> None:
    outputs = {"endpoints": ENDS, "administrator_secret": SECRET, "pooler_service": {"cluster": "c", "name": "s"}}
    found = server(settings({"reach": {"by": "ssm"}}), outputs)
    assert (found.writer, found.pooled) == (Endpoint(host="w.rds", port=5432), Endpoint(host="pool.elb", port=6432))
    assert (found.admin.user, found.admin.secret) == ("platform_admin", SECRET)
    assert found.route is not None
    assert (found.route.cluster, found.route.service) == ("c", "s")


def test_inside_the_vpc_without_a_pooler() -> None:
    outputs = {"endpoints": ENDS, "administrator_secret": SECRET, "pooler_service": None}
    assert server(settings(), outputs).route is None


def test_nothing_is_up() -> None:
    with pytest.raises(Refusal, match="nothing is up here"):
        server(settings(), {})
