"""pgBackRest as the servers' account: what is in a repository, and what is put into it. Decides nothing about files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.embedded.failure import EmbeddedError
from components.embedded.files import server_account
from components.embedded.supervised import ENVIRONMENT, become
from components.render.backup_sites import PROGRAM
from components.render.pgbackrest import command

LOOK_LIMIT = 60.0
ORDER_LIMIT = 300.0
PREFER = (2, 54)  # from here on it takes the primary where there is no replica, if told so
VERSION = re.compile(r"(\d+)\.(\d+)")
PROGRESS = re.compile(r"\((?:match from prior backup, )?[^()]*?, (\d+)(?:\.\d+)?%\)")
FAULT = re.compile(r"ERROR: \[(\d+)\]: (.*)")
LOCKED, MISMATCH = 50, 28
NO_STANZA, NO_BACKUP = 1, 2  # codes of a stanza's status
LOCK_LIMIT, LOCK_PAUSE = 30.0, 1.0
PROGRESS_PAUSE = 3.0  # short enough to see that it lives
Version = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Backup:
    """One backup in the repository. Times are seconds since 1970; sizes bytes, before and after compression."""

    label: str
    type: str
    start: int
    stop: int
    size: int
    stored: int
    wal: tuple[str, str]
    faulty: bool

    def plain(self) -> dict[str, Any]:
        return {**self.__dict__, "wal": list(self.wal)}


@dataclass(frozen=True, kw_only=True)
class Contents:
    """A stanza of the repository. `fault` says why it has no use as it is; `wal` is its oldest and newest segment."""

    backups: tuple[Backup, ...] = ()
    wal: tuple[str, str] | None = None
    fault: str = ""


def version() -> Version | None:
    """The installed pgBackRest's; None when there is none."""
    if not Path(PROGRAM).is_file():
        return None
    said = subprocess.run([PROGRAM, "version"], capture_output=True, text=True, timeout=10, check=False).stdout
    found = VERSION.search(said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def from_replica(version: Version | None, *, replicas: bool) -> str:
    """The option by which a backup reads a replica's files where there is a replica, and else the primary's."""
    if version is not None and version >= PREFER:
        return "--backup-standby=prefer"
    return "--backup-standby" if replicas else "--no-backup-standby"


@dataclass(frozen=True, kw_only=True)
class Repository:
    """One stanza, by the files that say where it is."""

    stanza: str
    config: str
    secrets: str

    @staticmethod
    def of(spec: Mapping[str, Any]) -> Repository:
        return Repository(stanza=spec["stanza"], config=spec["config"], secrets=spec["secrets"])

    def contents(self) -> Contents:
        """What is there; raises EmbeddedError when it cannot be read."""
        return read(self._run("info", "--output=json", limit=LOOK_LIMIT), self.stanza)

    def create(self) -> None:
        """The stanza; one that is there and fits this cluster stays as it is."""
        self._run("stanza-create")

    def check(self) -> None:
        """Has the primary archive a segment and waits until it is in the repository."""
        self._run("check")

    def backup(self, kind: str, option: str, tell: Callable[[int], None] = lambda _: None) -> None:
        """Takes one to its end; `tell` hears the percentages. What an interrupted one has stored is used again.

        Its only limit is pgBackRest's own: half an hour without a word between its processes.
        """
        words = [f"--type={kind}", option, "--log-level-console=detail", "backup"]
        code, lines = self._backup(words, tell)
        deadline = time.monotonic() + LOCK_LIMIT
        while code and fault(lines)[0] == LOCKED and time.monotonic() < deadline:
            time.sleep(LOCK_PAUSE)  # what a killed one leaves ends by itself, once it hears of it
            code, lines = self._backup(words, tell)
        if code:
            raise self._failed("backup", lines)

    def _backup(self, words: Sequence[str], tell: Callable[[int], None]) -> tuple[int, list[str]]:
        """The exit code and all that was said."""
        with self._start(words) as process:
            try:
                lines = list(_heard(process, tell))
            except BaseException:
                process.terminate()  # it ends the backup on the server; a second run goes on from what is stored
                raise
        return process.returncode, lines

    def _start(self, words: Sequence[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command(*words),
            cwd="/",
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def _run(self, *words: str, limit: float = ORDER_LIMIT) -> str:
        try:
            done = subprocess.run(
                self._command(*words, "--log-level-console=off", "--log-level-stderr=error"),
                cwd="/",
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise EmbeddedError(f"waited {limit:g} s for pgbackrest {words[0]} of {self.stanza}") from None
        if done.returncode != 0:
            raise self._failed(words[0], done.stderr.splitlines())
        return done.stdout

    def _command(self, *words: str) -> list[str]:
        account = server_account()
        if os.geteuid() == 0 and account.uid == 0:
            raise EmbeddedError("pgbackrest never runs as root here")
        return [*become(account), *command(self.stanza, self.config, self.secrets, *words)]

    def _failed(self, what: str, lines: Sequence[str]) -> EmbeddedError:
        code, said = fault(lines)
        if code == LOCKED:
            return EmbeddedError(f"another backup of {self.stanza} is running; wait for its end")
        if code == MISMATCH:
            said += "; the repository holds another cluster of this name: name another backup.repository.path"
        return EmbeddedError(f"pgbackrest {what} of {self.stanza} failed: {said}")


def fault(lines: Sequence[str]) -> tuple[int, str]:
    """The code and the sentence of pgBackRest's error, with what it adds below."""
    for number, line in enumerate(lines):
        if found := FAULT.search(line):
            more = (text.strip() for text in lines[number + 1 : number + 4] if text.startswith(" "))
            return int(found[1]), " ".join([found[2], *more])
    return 0, (lines[-1].strip() if lines else "it said nothing")


def _heard(process: subprocess.Popen[str], tell: Callable[[int], None]) -> Iterator[str]:
    told = time.monotonic()
    for line in process.stdout or ():
        yield line
        if (found := PROGRESS.search(line)) and time.monotonic() > told + PROGRESS_PAUSE:
            told = time.monotonic()
            tell(int(found[1]))


def read(info: str, stanza: str) -> Contents:
    """What `pgbackrest info --output=json` says of a stanza."""
    found = next((one for one in json.loads(info or "[]") if one["name"] == stanza), None)
    if found is None or found["status"]["code"] == NO_STANZA:
        return Contents(fault="the repository has nothing of this cluster")
    status = found["status"]
    # That there is no valid backup yet `backups` says as well.
    wrong = "" if status["code"] in (0, NO_BACKUP) else str(status["message"])
    archives = [one for one in found.get("archive", ()) if one.get("min")]
    wal = (archives[-1]["min"], archives[-1]["max"]) if archives else None
    return Contents(backups=tuple(map(_backup, found.get("backup", ()))), wal=wal, fault=wrong)


def _backup(found: Mapping[str, Any]) -> Backup:
    stored = found["info"]["repository"]
    return Backup(
        label=found["label"],
        type=found["type"],
        start=found["timestamp"]["start"],
        stop=found["timestamp"]["stop"],
        size=found["info"]["size"],
        stored=stored.get("size", stored.get("delta", 0)),
        wal=(found["archive"]["start"], found["archive"]["stop"]),
        faulty=bool(found.get("error")),
    )
