"""Backups of a stack on Kubernetes: a Job of the CronJobs' template, and pgBackRest's list in a member's pod."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from components.embedded.pgbackrest import LOCKED, PROGRESS, PROGRESS_PAUSE, Backup, Contents, fault, read
from components.kubernetes.arguments import route_of
from components.kubernetes.pods import SELECTOR, reasons
from components.render.backup_pods import NAME
from components.render.backup_sites import pod_member_site
from components.render.pgbackrest import command
from components.settings.model import Settings
from tools.driver.kubectl import Kubectl, SilentError
from tools.driver.refusal import STOPPED, Refusal

TEMPLATE = "backup-full"  # of the CronJobs the one that is always there
FAMILY = "backup"  # the name label of every pod that takes one
JOB_OF = "job-name"  # the label by which Kubernetes marks the pods of a Job
LIST_LIMIT = 90.0  # pgBackRest asks the S3 service for it
START_LIMIT = 180.0  # the image may still have to be fetched
SILENCE_LIMIT = 60.0
SLACK = 60.0  # beyond the Job's own deadline
LABEL = re.compile(r"new backup label = (\S+)")
Manifest = dict[str, Any]
Tell = Callable[[int], None]
Made = TypeVar("Made")


class InPods:
    """One stack's backups. `clock` and `sleep` are time's own, but for tests."""

    def __init__(
        self,
        settings: Settings,
        kubectl: Kubectl | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings, self._kubectl = settings, kubectl or Kubectl(route_of(settings))
        self._clock, self._sleep = clock, sleep

    def contents(self) -> Contents:
        """What is in the repository. Raises Refusal when it cannot be read."""
        site = pod_member_site()
        words = ("--output=json", "--log-level-console=off", "--log-level-stderr=error", "info")
        asked = command(self._settings.name, site.config, site.secrets, *words)
        try:
            answer = self._kubectl.run("exec", self._member(), f"--container={NAME}", "--", *asked, limit=LIST_LIMIT)
        except SilentError as silent:
            code, said = fault(silent.lines)
            raise Refusal(f"pgbackrest info of {self._settings.name} failed: {said if code else silent}") from None
        return read(answer, self._settings.name)

    def _member(self) -> str:
        """A pod whose pgBackRest is there."""
        for pod in self._answered(lambda: self._listed(SELECTOR)):
            known = pod["status"].get("containerStatuses", ())
            if any(one["name"] == NAME and one.get("ready") for one in known):
                return str(pod["metadata"]["name"])
        raise Refusal(f"no member's pod has a ready container {NAME}; see make status, and make preview")

    def take(self, kind: str, tell: Tell) -> Backup:
        """One to its end; `tell` hears the percentages. Raises Refusal, also when it is interrupted: the Job goes on
        then, as it does when the machine where this runs is switched off.
        """
        if self._settings.kubernetes.hibernate:
            raise Refusal("the cluster hibernates: there is nothing to back up from")
        if busy := running(self._answered(lambda: self._listed(f"app.kubernetes.io/name={FAMILY}"))):
            raise Refusal(f"another backup of {self._settings.name} is running: {busy}; {self._look(busy.split()[0])}")
        made = job(self._template(), kind, datetime.now(UTC))
        name = str(made["metadata"]["name"])
        try:
            self._answered(lambda: self._kubectl.run("create", "--filename=-", given=json.dumps(made)))
            said = self._followed(name, float(made["spec"]["activeDeadlineSeconds"]) + SLACK, tell)
        except KeyboardInterrupt:
            raise Refusal(f"the backup goes on without us: {self._look(f'job/{name}')}", STOPPED) from None
        return self._result(said)

    def _template(self) -> Manifest:
        try:
            return self._kubectl.get("cronjob", TEMPLATE)
        except SilentError as silent:
            if silent.absent:
                raise Refusal(f"there is no CronJob {TEMPLATE} yet; `make up` makes it") from None
            raise Refusal(f"kubectl get cronjob {TEMPLATE}: {silent}") from None

    def _followed(self, name: str, limit: float, tell: Tell) -> list[str]:
        """What pgBackRest said, once it has ended well."""
        began = answered = self._clock()
        started, told = False, 0
        while True:
            try:
                status = self._kubectl.get("job", name)["status"]
                if end := ended(status):
                    return self._last_words(name, end)
                started = started or self._started(name, began)
                percent = progress(self._log(name, 20)) if started else None
                answered = self._clock()
            except SilentError as silent:
                self._bear(silent, name, answered)
                percent = None
            if percent is not None and percent != told:
                tell(told := percent)
            if self._clock() - began > limit:
                raise Refusal(f"waited {limit:g} s for job/{name}: {self._look(f'job/{name}')}")
            self._sleep(PROGRESS_PAUSE)

    def _started(self, name: str, began: float) -> bool:
        """Whether its pod runs. One that never will is taken back, so that it does not begin by surprise."""
        pods = self._listed(f"{JOB_OF}={name}")
        if any(pod["status"].get("phase") != "Pending" for pod in pods):
            return True
        if self._clock() - began > START_LIMIT:
            why = ", ".join(reason for pod in pods for reason in reasons(pod["status"])) or "it does not start"
            self._answered(lambda: self._kubectl.run("delete", "job", name, "--ignore-not-found", "--wait=false"))
            raise Refusal(f"waited {START_LIMIT:g} s for the pod of job/{name}: {why}; the job is taken back")
        return False

    def _bear(self, silent: SilentError, name: str, answered: float) -> None:
        """An API server that is silent for a while is no reason to give up; a Job that is gone is."""
        if silent.absent:
            raise Refusal(f"job/{name} was deleted before its end")
        if self._clock() - answered > SILENCE_LIMIT:
            raise Refusal(f"no answer for {SILENCE_LIMIT:g} s: {silent}; {self._look(f'job/{name}')}")

    def _last_words(self, name: str, end: str) -> list[str]:
        """Raises Refusal with them where it has failed."""
        lines = self._log(name, 400)
        if end == "Complete":
            return lines
        code, said = fault(lines)
        if code == LOCKED:
            raise Refusal(f"another backup of {self._settings.name} is running; wait for its end")
        why = said if code else f"{end}; {said}"
        raise Refusal(f"pgbackrest backup of {self._settings.name} failed: {why}; {self._look(f'job/{name}')}")

    def _result(self, said: Sequence[str]) -> Backup:
        """The backup of that label; the newest where the log does not say."""
        label = next((found[1] for line in said if (found := LABEL.search(line))), None)
        backups = self.contents().backups
        if not backups:
            raise Refusal("the job has ended, and the repository is empty; see make backups")
        return next((one for one in backups if one.label == label), backups[-1])

    def _log(self, name: str, lines: int) -> list[str]:
        """Nothing where its pod is gone, as on a drained machine: the Job itself says how it ended."""
        try:
            return self._kubectl.run("logs", f"job/{name}", f"--tail={lines}").splitlines()
        except SilentError:
            return []

    def _listed(self, selector: str) -> list[Manifest]:
        found: list[Manifest] = self._kubectl.get("pods", f"--selector={selector}")["items"]
        return found

    def _answered(self, ask: Callable[[], Made]) -> Made:
        """Raises Refusal in kubectl's words."""
        try:
            return ask()
        except SilentError as silent:
            raise Refusal(f"{self._kubectl.shown}: {silent}") from None

    def _look(self, job: str) -> str:
        shown = self._kubectl.shown
        return f"`{shown} logs -f {job}` shows it, `{shown} delete {job}` ends it"


def job(cron: Mapping[str, Any], kind: str, now: datetime) -> Manifest:
    """A Job of a CronJob's template for one backup of any kind, as `kubectl create job --from` makes it.

    It is tried once: whoever waits for it hears at once why it failed.
    """
    template, meta = cron["spec"]["jobTemplate"], cron["metadata"]
    spec = json.loads(json.dumps(template["spec"])) | {"backoffLimit": 0}
    container = spec["template"]["spec"]["containers"][0]
    container["command"] = [*container["command"][:-1], kind, "--log-level-console=detail"]
    owner = {key: meta[key] for key in ("name", "uid")}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"backup-now-{now:%Y%m%d-%H%M%S}",
            "labels": {**meta.get("labels", {}), **template.get("metadata", {}).get("labels", {})},
            "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
            # The CronJob's history limits clear it away, and it goes with the CronJob.
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "controller": True, **owner}],
        },
        "spec": spec,
    }


def running(pods: Sequence[Mapping[str, Any]]) -> str:
    """The Job that takes a backup now, and since when; "" when none does."""
    for pod in pods:
        if pod["status"].get("phase") in ("Pending", "Running"):
            meta = pod["metadata"]
            return f"job/{meta.get('labels', {}).get(JOB_OF, meta['name'])} since {meta.get('creationTimestamp')}"
    return ""


def ended(status: Mapping[str, Any]) -> str:
    """How a Job ended, `Complete` or in Kubernetes' words why it did not; "" while it goes on."""
    for one in status.get("conditions", ()):
        if one["status"] == "True" and one["type"] == "Complete":
            return "Complete"
        if one["status"] == "True" and one["type"] == "Failed":
            return f"{one.get('reason')}: {one.get('message')}"
    return ""


def progress(lines: Sequence[str]) -> int | None:
    """The last percentage that pgBackRest told."""
    found = [int(one[1]) for line in lines if (one := PROGRESS.search(line))]
    return found[-1] if found else None
