"""What `make backup` and `make backups` do with a stack on Kubernetes, told by a kubectl that answers from a script."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from components.contract import Route
from components.kubernetes.manifests import identity, read
from components.kubernetes.overlay import overlay
from components.settings.load import load
from components.settings.model import Settings
from tools.driver.backup_jobs import InPods, ended, job, progress, running
from tools.driver.kubectl import Kubectl
from tools.driver.refusal import STOPPED, Refusal

NOW = datetime(2026, 11, 21, 22, 45, 1, tzinfo=UTC)
BUCKET = {"kind": "s3", "bucket": "b1b", "endpoint": "s3.example.org", "region": "r", "key": "k", "key_secret": "k"}
INFO = {
    "name": "main",
    "status": {"code": 0, "message": "ok"},
    "archive": [{"min": "000000010000000000000001", "max": "000000010000000000000009"}],
    "backup": [
        {
            "label": label,
            "type": "full",
            "timestamp": {"start": 1795289080, "stop": 1795289090},
            "info": {"size": 30000000, "repository": {"delta": 4000000}},
            "archive": {"start": "000000010000000000000002", "stop": "000000010000000000000002"},
            "error": False,
        }
        for label in ("20261121-224510F", "20261121-224600F")
    ],
}
LOG = "P01 DETAIL: backup file pg-1.pg:/data/pgdata/base/1/1 (bundle 1/0, 8KB, {}%) checksum 1a\n"
DONE = "P00   INFO: new backup label = 20261121-224510F\n"
LOCKED = "P00  ERROR: [050]: unable to acquire lock on file '/data/pgbackrest/lock/main-backup-1.lock'\n"


def settings(**kubernetes: Any) -> Settings:
    given = {"secrets": {"k": "K"}, "backup": {"repository": BUCKET}, "kubernetes": kubernetes}
    return load({"platform": "kubernetes", **given}, default_major=17)


def cron() -> dict[str, Any]:
    """The CronJob as the cluster has it."""
    found = next(one for one in overlay(read(), settings()) if identity(one) == ("CronJob", "backup-full"))
    found["metadata"]["uid"] = "u-1"
    return found


def pod(name: str, phase: str, **labels: str) -> dict[str, Any]:
    ready = [{"name": "pgbackrest", "ready": phase == "Running"}]
    metadata = {"name": name, "labels": labels, "creationTimestamp": "2026-11-21T22:00:00Z"}
    return {"metadata": metadata, "status": {"phase": phase, "containerStatuses": ready}}


def condition(kind: str, **more: str) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": "True", **more}]}


FAILED = condition("Failed", reason="BackoffLimitExceeded", message="Job has reached the specified backoff limit")


@dataclass
class Cluster:
    """Answers of a cluster in their order; the last one of each stays. An exception is raised."""

    states: list[Any]
    logs: list[Any] = field(default_factory=lambda: [DONE])
    busy: list[dict[str, Any]] = field(default_factory=list)
    own: str = "Running"
    asked: list[tuple[str, ...]] = field(default_factory=list)
    made: dict[str, Any] = field(default_factory=dict)
    now: float = 0.0

    def runs(self, command: list[str], *, input: str, **_: Any) -> subprocess.CompletedProcess[str]:
        words = tuple(one for one in command if not one.startswith("--"))[1:]
        self.asked.append(words)
        answer = self._answer(words, command, input)
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, subprocess.CompletedProcess):
            return answer
        return subprocess.CompletedProcess(command, 0, answer if isinstance(answer, str) else json.dumps(answer), "")

    def _answer(self, words: tuple[str, ...], command: list[str], given: str) -> Any:
        if words[:2] == ("get", "job"):
            state = _next(self.states)
            return {"status": state} if isinstance(state, dict) else state
        if words[:2] == ("get", "pods"):
            selector = next(one.partition("=")[2] for one in command if one.startswith("--selector"))
            found = {"app.kubernetes.io/name=backup": self.busy, "app.kubernetes.io/name=postgresql": members()}
            return {"items": found.get(selector, [pod("backup-now-x-abcde", self.own)])}
        if words[0] == "create":
            self.made = json.loads(given)
            return "created"
        answers = {"get": cron, "logs": lambda: _next(self.logs), "exec": lambda: [INFO], "delete": lambda: "deleted"}
        return answers[words[0]]()

    def pods(self, **kubernetes: Any) -> InPods:
        def sleep(seconds: float) -> None:
            self.now += seconds

        kubectl = Kubectl(Route(kind="port-forward", namespace="postgres-main"), self.runs)
        return InPods(settings(**kubernetes), kubectl, lambda: self.now, sleep)


def members() -> list[dict[str, Any]]:
    return [pod("pg-0", "Pending"), pod("pg-1", "Running")]


def _next(answers: list[Any]) -> Any:
    return answers.pop(0) if len(answers) > 1 else answers[0]


def complaining(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], 1, "", text)


def refused(act: Callable[[], object], code: int = 1) -> str:
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code
    return str(caught.value)


def test_a_job_is_the_cron_jobs_own_but_for_its_type_and_its_tries() -> None:
    made = job(cron(), "diff", NOW)
    assert made["metadata"]["name"] == "backup-now-20261121-224501"
    assert made["metadata"]["ownerReferences"][0]["uid"] == "u-1"
    was, now = cron()["spec"]["jobTemplate"]["spec"], made["spec"]
    [container] = now["template"]["spec"]["containers"]
    assert container["command"][1:] == [
        "/etc/postgres-platform/backup/files/backup.sh", "diff", "--log-level-console=detail"
    ]  # fmt: skip
    container["command"] = was["template"]["spec"]["containers"][0]["command"]
    assert now == was | {"backoffLimit": 0}


def test_a_backup_is_followed_to_its_end() -> None:
    cluster, heard = Cluster([{}, {}, {}, condition("Complete")], [LOG.format("12.50"), LOG.format("70"), DONE]), []
    made = cluster.pods().take("full", heard.append)
    assert (made.label, heard) == ("20261121-224510F", [12, 70])
    assert cluster.made["spec"]["template"]["spec"]["containers"][0]["command"][-2] == "full"
    assert cluster.asked[-1][:2] == ("exec", "pg-1")  # pg-0 is not ready


def test_a_second_one_is_told_of_the_first() -> None:
    busy = [pod("backup-diff-29-x", "Succeeded"), pod("backup-full-29-x", "Running", **{"job-name": "backup-full-29"})]
    cluster = Cluster([{}], busy=busy)
    told = refused(lambda: cluster.pods().take("full", lambda _: None))
    assert told.startswith(
        "another backup of main is running: job/backup-full-29 since 2026-11-21T22:00:00Z; `kubectl "
    )
    assert "logs -f job/backup-full-29` shows it" in told
    assert not cluster.made
    assert running(busy[:1]) == ""


@pytest.mark.parametrize(
    "log, part",
    [
        pytest.param(LOCKED, "another backup of main is running; wait for its end", id="who came second"),
        pytest.param("P00  ERROR: [056]: unable to find primary cluster - cannot proceed\n", "unable to find primary",
                     id="no primary"),
        pytest.param("", "BackoffLimitExceeded: Job has reached", id="killed without a word"),
    ],
)  # fmt: skip
def test_a_failure_has_its_reason(log: str, part: str) -> None:
    assert part in refused(lambda: Cluster([FAILED], [log]).pods().take("full", lambda _: None))


def test_who_is_interrupted_hears_that_the_job_goes_on_and_how_to_look() -> None:
    cluster = Cluster([{}, KeyboardInterrupt()])
    told = refused(lambda: cluster.pods().take("full", lambda _: None), STOPPED)
    name = cluster.made["metadata"]["name"]
    assert told.startswith("the backup goes on without us: ")
    assert f"logs -f job/{name}` shows it" in told and f"delete job/{name}` ends it" in told
    assert not [words for words in cluster.asked if words[0] == "delete"]


def test_a_pod_that_never_starts_is_taken_back() -> None:
    cluster = Cluster([{}], own="Pending")
    assert "waited 180 s for the pod" in refused(lambda: cluster.pods().take("full", lambda _: None))
    assert [words[:2] for words in cluster.asked if words[0] == "delete"] == [("delete", "job")]


def test_silence_is_borne_for_a_while_and_a_job_that_is_gone_is_told() -> None:
    silent = complaining("Unable to connect to the server: EOF")
    assert Cluster([{}, silent, condition("Complete")]).pods().take("full", lambda _: None).type == "full"
    cluster = Cluster([{}, silent])
    assert "no answer for 60 s: Unable to connect" in refused(lambda: cluster.pods().take("full", lambda _: None))
    gone = complaining('Error from server (NotFound): jobs.batch "x" not found')
    assert "was deleted before its end" in refused(lambda: Cluster([{}, gone]).pods().take("full", lambda _: None))


@pytest.mark.parametrize(
    "text", ["error: timed out waiting for the condition", 'Error from server (NotFound): pods "x" not found']
)
def test_a_job_whose_pod_was_drained_away_is_told_as_failed(text: str) -> None:
    cluster = Cluster([{}, {}, FAILED], [complaining(text)])
    told = refused(lambda: cluster.pods().take("full", lambda _: None))
    assert told.startswith("pgbackrest backup of main failed: BackoffLimitExceeded: Job has reached")


def test_no_job_outlasts_its_own_deadline() -> None:
    cluster = Cluster([{}], [LOG.format(1)])
    assert "waited 43260 s for job/" in refused(lambda: cluster.pods().take("full", lambda _: None))


def test_a_sleeping_cluster_is_not_asked() -> None:
    cluster = Cluster([{}])
    assert "hibernates" in refused(lambda: cluster.pods(hibernate=True).take("full", lambda _: None))
    assert not cluster.asked


def test_a_repository_that_cannot_be_read_is_told_in_pgbackrests_words(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "ERROR: [101]: TLS error\ncommand terminated with exit code 101\n"
    cluster = Cluster([{}])
    monkeypatch.setattr(
        cluster, "_answer", lambda words, *_: {"items": members()} if words[0] == "get" else complaining(said)
    )
    assert refused(cluster.pods().contents) == "pgbackrest info of main failed: TLS error"
    monkeypatch.setattr(cluster, "_answer", lambda *_: {"items": [pod("pg-0", "Pending")]})
    assert "no member's pod has a ready container pgbackrest" in refused(cluster.pods().contents)


def test_words_of_kubernetes_and_pgbackrest() -> None:
    assert (ended({}), ended(condition("Complete"))) == ("", "Complete")
    assert ended(condition("Suspended")) == ""
    assert progress([LOG.format("9.99"), "P00 INFO: x", LOG.format("100")]) == 100
    assert progress(["P00   INFO: backup start archive = 000000010000000000000005, lsn = 0/5000028"]) is None
