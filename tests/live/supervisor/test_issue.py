"""The certificates that a Job makes, with real openssl; the Secrets are kept by a stand-in for the API."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from components.supervisor import issue
from components.supervisor.issue import Secret, leaves

NAMESPACE = "postgres-main"


class SecretsInMemory(issue.Api):
    """What the API would keep; `puts` are the names that were written."""

    def __init__(self) -> None:
        self.kept: dict[str, Secret] = {}
        self.puts: list[str] = []

    def get(self, name: str) -> Secret | None:
        return self.kept.get(name)

    def put(self, name: str, kind: str, content: Secret, there: bool) -> None:
        assert there == (name in self.kept)
        self.kept[name] = content
        self.puts.append(name)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SecretsInMemory:
    api = SecretsInMemory()
    issue.issue(api, tmp_path_factory.mktemp("first"), NAMESPACE)
    return api


def copy(made: SecretsInMemory) -> SecretsInMemory:
    fresh = SecretsInMemory()
    fresh.kept = dict(made.kept)
    return fresh


def again(api: SecretsInMemory, folder: Path) -> list[str]:
    """What a second run writes."""
    issue.issue(api, folder, NAMESPACE)
    return api.puts


def openssl(folder: Path, content: Secret, *words: str) -> str:
    for name in ("tls.crt", "ca.crt"):
        (folder / name).write_text(content[name], encoding="utf-8")
    return subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_every_secret_of_the_manifests_is_made(made: SecretsInMemory) -> None:
    assert made.kept.keys() == {"ca-key", "ca", *leaves(NAMESPACE)}
    assert made.kept["ca"].keys() == {"ca.crt"}, "the key of the authority is in no Secret that a pod mounts"


def test_a_second_run_writes_nothing(made: SecretsInMemory, tmp_path: Path) -> None:
    assert again(copy(made), tmp_path) == []


@pytest.mark.parametrize(
    "host", ["pg-4.pg", "pg-rw.postgres-main.svc", "pg-0.pg.postgres-main.svc.cluster.local", "localhost"]
)
def test_a_server_is_trusted_by_each_of_its_names(made: SecretsInMemory, tmp_path: Path, host: str) -> None:
    words = ("verify", "-x509_strict", "-CAfile", "ca.crt", "-verify_hostname", host, "tls.crt")
    assert "OK" in openssl(tmp_path, made.kept["pg-tls"], *words)


def test_a_login_carries_its_name(made: SecretsInMemory, tmp_path: Path) -> None:
    assert (
        openssl(tmp_path, made.kept["admin-tls"], "x509", "-in", "tls.crt", "-noout", "-subject")
        .strip()
        .endswith("= postgres")
    )


def test_what_is_missing_or_foreign_is_made_anew(made: SecretsInMemory, tmp_path: Path) -> None:
    api, other = copy(made), SecretsInMemory()
    (tmp_path / "other").mkdir()
    issue.issue(other, tmp_path / "other", NAMESPACE)
    del api.kept["pgbouncer-tls"]
    api.kept["etcd-tls"] = other.kept["etcd-tls"]
    assert again(api, tmp_path) == ["etcd-tls", "pgbouncer-tls"]


def test_what_is_due_is_renewed(made: SecretsInMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issue, "RENEWED_AT_DAYS", issue.DAYS + 1)  # as if a certificate had a third of its life left
    assert set(again(copy(made), tmp_path)) == set(leaves(NAMESPACE))


def test_a_run_that_died_after_the_authority_is_finished(made: SecretsInMemory, tmp_path: Path) -> None:
    api = SecretsInMemory()
    api.kept = {"ca-key": made.kept["ca-key"]}
    assert again(api, tmp_path) == ["ca", *leaves(NAMESPACE)]
    assert api.kept["ca"] == made.kept["ca"]
