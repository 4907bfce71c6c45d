"""A login's Secret has a name that Kubernetes takes, and holds what an application needs."""

from __future__ import annotations

import base64

import pytest

from components.kubernetes.login_secrets import data, manifest, names

URLS = {
    "pooled": "postgresql://app_login:p%40ss%2Fw@pg-pool.postgres-main.svc:6432/shop?sslmode=verify-full",
    "direct": "postgresql://app_login:p%40ss%2Fw@pg-rw.postgres-main.svc:5432/shop?sslmode=verify-full",
    "read_only": "postgresql://app_login:p%40ss%2Fw@pg-pool-ro.postgres-main.svc:6432/shop?sslmode=verify-full",
}


@pytest.mark.parametrize(
    "role, database, name",
    [
        pytest.param("app", "shop", "login.app.shop", id="as they are"),
        pytest.param("app_login", "Shop DB", "login.app-login.shop-db", id="letters that Kubernetes refuses"),
        pytest.param("_", "é", "login.x.x", id="nothing left of them"),
    ],
)
def test_a_name_is_one_that_kubernetes_takes(role: str, database: str, name: str) -> None:
    assert names([(role, database)]) == {(role, database): name}


def test_two_logins_never_share_a_secret() -> None:
    found = names([("app_x", "shop"), ("app-x", "shop"), ("other", "shop")])

    assert len(set(found.values())) == 3
    assert found["other", "shop"] == "login.other.shop"
    assert all(len(name) <= 253 for name in names([("r" * 300, "d"), ("R" * 300, "d")]).values())


def test_data_are_the_urls_their_parts_and_the_ca() -> None:
    found = {name: base64.b64decode(value).decode() for name, value in data(URLS, "PEM").items()}

    assert found == {
        **URLS,
        "host": "pg-pool.postgres-main.svc",
        "port": "6432",
        "user": "app_login",
        "password": "p@ss/w",
        "database": "shop",
        "ca.crt": "PEM",
    }


def test_the_manifest_itself_holds_nothing_secret() -> None:
    assert "data" not in manifest("login.app.shop", "app", "shop")
