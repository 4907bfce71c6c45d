"""Settings of backups and restores: what is refused, and that all of it is said at once."""

from __future__ import annotations

from typing import Any

import pytest

from components.settings.cron import cron_fault
from components.settings.load import load
from components.settings.problems import SettingsError

FOLDER = {"repository": {"kind": "posix", "path": "/srv/backups/shop"}}
S3 = {
    "kind": "s3",
    "path": "/shop",
    "bucket": "backups",
    "endpoint": "s3.example.org",
    "region": "eu-central-1",
    "key": "key",
    "key_secret": "key-secret",
}
SECRETS = {"key": "KEY", "key-secret": "KEYSECRET"}


def problems(**config: Any) -> dict[str, str]:
    with pytest.raises(SettingsError) as wrong:
        load({"platform": "embedded", **config}, default_major=15)
    return {problem.path: problem.message for problem in wrong.value.problems}


def test_everything_that_is_wrong_is_said_at_once() -> None:
    backup = {
        "repository": {"kind": "s3", "path": "shop", "endpoint": "https://s3.example.org", "key": "key"},
        "encryption": "phrase",
        "schedule": {"full": "", "diff": "61 1 * * *"},
        "compression": {"type": "gz", "level": 12},
        "processes": 0,
    }
    found = problems(backup=backup)
    assert {path.removeprefix("backup.") for path in found} == {
        "repository.path",
        "repository.bucket",
        "repository.endpoint",
        "repository.region",
        "repository.key",
        "repository.key_secret",
        "encryption",
        "schedule.full",
        "schedule.diff",
        "compression.level",
        "processes",
    }
    assert found["backup.encryption"] == (
        "names the secret phrase, which is not set: pulumi config set --secret --path"
        " 'postgres-platform:secrets.phrase' (it asks for the value)"
    )
    assert found["backup.compression.level"] == "found 12; allowed is 1 to 9 for gz"


@pytest.mark.parametrize(
    "config, path, message",
    [
        pytest.param(
            {"backup": {"repository": {"kind": "posix", "path": "/srv"}}},
            "backup.repository.path",
            "found '/srv'; allowed is an absolute path of two folders or more, such as /var/lib/postgres-backups/main",
            id="too high up",
        ),
        pytest.param(
            {"embedded": {"directory": "/srv/pg"}, "backup": {"repository": {"kind": "posix", "path": "/srv/pg/b"}}},
            "backup.repository.path",
            "lies in embedded.directory (/srv/pg), which make down removes with all backups; choose another",
            id="in the cluster's folder",
        ),
        pytest.param(
            {"backup": {"repository": {"kind": "posix", "path": "/srv/b", "bucket": "backups"}}},
            "backup.repository.bucket",
            "is only read for kind s3; remove it, or set kind to s3",
            id="not of this kind",
        ),
        pytest.param(
            {"platform": "kubernetes", "backup": FOLDER},
            "backup.repository.kind",
            "found posix; pods share no folder, so allowed is s3 (any service with its interface)",
            id="a folder for pods",
        ),
        pytest.param(
            {"platform": "rds", "backup": FOLDER},
            "backup",
            "is not for platform rds, which keeps backups of its own; use rds.backup",
            id="rds",
        ),
        pytest.param(
            {"restore": {"from": "shop"}},
            "restore.repository",
            "is missing, and there is no backup.repository either; name one",
            id="restored from nowhere",
        ),
        pytest.param(
            {"backup": FOLDER, "restore": {"from": "shop", "time": "2026-11-21 10:00:00"}},
            "restore.time",
            "found '2026-11-21 10:00:00'; allowed is an ISO time with its zone, such as 2026-11-21 10:00:00+00:00",
            id="a time without its zone",
        ),
        pytest.param(
            {"backup": FOLDER, "restore": {"from": "shop", "time": "2026-11-21 10:00:00+00:00", "lsn": "0/1"}},
            "restore.lsn",
            "is one target too many beside time; keep one",
            id="two targets",
        ),
        pytest.param(
            {"backup": FOLDER, "restore": {"from": "main"}},
            "restore.from",
            "found 'main', this cluster's own name, in the repository that it archives to: the old cluster and the new"
            " one would write one archive. Give the new cluster another name, or, if the old one is gone for good, set"
            " restore.in_place: true",
            id="in place without a word",
        ),
        pytest.param(
            {"backup": FOLDER, "parameters": {"archive_timeout": "5min"}},
            "parameters.archive_timeout",
            "cannot be set: the platform's backups set it; remove it",
            id="archive_timeout in two places",
        ),
    ],
)
def test_a_fault_says_what_to_do(config: dict[str, Any], path: str, message: str) -> None:
    assert problems(**config)[path] == message


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"backup": FOLDER}, id="a folder"),
        pytest.param({"backup": {"repository": S3}, "secrets": SECRETS}, id="s3"),
        pytest.param({"backup": FOLDER, "restore": {"from": "main", "in_place": True}}, id="in place, and meant"),
        pytest.param({"backup": FOLDER, "restore": {"from": "shop", "time": "2026-11-21T10:00:00Z"}}, id="a time"),
        pytest.param({"restore": {"from": "main", "repository": FOLDER["repository"]}}, id="restored, not backed up"),
        pytest.param({"backup": {}, "restore": {}}, id="as Pulumi says nothing"),
    ],
)
def test_what_may_be(config: dict[str, Any]) -> None:
    load({"platform": "embedded", **config}, default_major=15)


@pytest.mark.parametrize("text", ["0 1 * * 0", "*/15 2-4,22 1 JAN-MAR mon-fri", "@daily", "0 1 * * 7"])
def test_times_as_cron_writes_them(text: str) -> None:
    assert cron_fault(text) is None


@pytest.mark.parametrize(
    "text, fault",
    [
        ("0 1 * *", "found 4 fields; allowed are five"),
        ("0 24 * * *", "'24' is no hour; allowed are *, 0 to 23"),
        ("0 1 * * 5-1", "'5-1' is no weekday"),
        ("0 1 * * */0", "'*/0' is no weekday"),
        ("0 1 * FEBRUARY *", "'FEBRUARY' is no month"),
        ("@reboot", "found 1 fields"),
    ],
)
def test_times_that_nobody_would_understand(text: str, fault: str) -> None:
    assert (cron_fault(text) or "").startswith(fault)
