"""Where pgBackRest reads what to do: files for everybody who calls it, and secrets in files of their own.

It comes before the members, which archive from their first moment. Where a new cluster is to be restored, it first
makes sure that there is something to restore.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pulumi
from pulumi import dynamic

from components.embedded.failure import EmbeddedError
from components.embedded.files import folder, json_of, remove_tree, server_account, text_of, write
from components.embedded.pgbackrest import Contents, Repository
from components.patroni.provider import Provider, Spec, plain, say, written
from components.render.restored import target
from components.settings.nearest import nearest

RECORD = "made-from.json"
SECRET_FILES = "secret"  # noqa: S105  the input's name


class BackupFilesProvider(Provider):
    """`secret` travels beside the spec: file -> text, relative to the folder."""

    def parsed(self, props: dict[str, Any]) -> Spec:
        spec: Spec = json.loads(props["spec"])
        return spec | {SECRET_FILES: json.loads(plain(props.get(SECRET_FILES)) or "{}")}

    def settled(self, props: dict[str, Any], found: list[str]) -> dict[str, Any]:
        return {**props, "drift": found}

    def ensure(self, spec: Spec, _old: Spec | None) -> None:
        account, home = server_account(), Path(spec["directory"])
        for place in (home, *(home / below for below in spec["folders"])):
            folder(place, account)
        for name, text in _texts(spec).items():
            if text_of(home / name) != text:
                write(home / name, text, account)
        for repository in spec["repositories"]:
            _repository_folder(Path(repository))
        if not has_data(home.parent):
            self._decide(spec, home)

    def _decide(self, spec: Spec, home: Path) -> None:
        """What this new cluster is made from. Remembered, so that the same line in the stack later changes nothing."""
        wanted = spec["restore"]
        if wanted:
            source = Repository.of(spec["source"])
            if why := nothing_for(wanted, source.contents()):
                raise EmbeddedError(f"restore from {source.stanza}: {why}")
            say([f"the new cluster is restored from {source.stanza}, {target(wanted)}"])
        write(home / RECORD, json.dumps({"restore": wanted}), server_account())

    def drift(self, spec: Spec, coming: Spec) -> list[str]:
        home, later = Path(spec["directory"]), _texts(coming)
        found = {name: text_of(home / name) for name in _texts(spec)}
        return [
            f"backups: {name} is {'missing' if found[name] is None else 'not what the last up wrote'}"
            for name, text in _texts(spec).items()
            if found[name] not in (text, later.get(name))
        ]

    def changes(self, old: Spec, new: Spec) -> list[str]:
        if _texts(old) == _texts(new) and old["repositories"] == new["repositories"]:
            return []
        return ["backups: pgBackRest's files are rewritten; it reads them whenever it is called"]

    def remove(self, spec: Spec) -> None:
        """The files, never a repository."""
        remove_tree(Path(spec["directory"]))


def _texts(spec: Spec) -> dict[str, str]:
    return {**spec["files"], **spec[SECRET_FILES]}


def has_data(root: Path) -> bool:
    """Whether a cluster lives below this folder."""
    return any(root.glob("pg-*/data/PG_VERSION"))


def made_from(root: Path) -> Any:
    """What the cluster below this folder was restored from; None when it was made empty."""
    return json_of(root / "backup" / RECORD).get("restore")


def _repository_folder(path: Path) -> None:
    """On this machine; nobody but the servers' account may look into it."""
    if not path.exists():
        above = [step for step in path.parents if not step.exists()]
        for step in reversed(above):
            step.mkdir(mode=0o755, exist_ok=True)
            step.chmod(0o755)  # a strict umask would shut the servers' account out
        folder(path, server_account(), 0o750)


def nothing_for(restore: Spec, contents: Contents) -> str:
    """Why this target cannot be had; "" when it can."""
    if contents.fault or not contents.backups:
        return contents.fault or "there is no backup in the repository"
    labels = [one.label for one in contents.backups]
    if restore["label"] and restore["label"] not in labels:
        like = nearest(restore["label"], labels)
        meant = f"; did you mean {like}?" if like else ""
        return f"there is no backup {restore['label']}{meant} There are {', '.join(labels)}"
    first = min(one.stop for one in contents.backups)
    if restore["time"] and datetime.fromisoformat(restore["time"]).timestamp() < first:
        return (
            f"{restore['time']} lies before the end of the first backup, {datetime.fromtimestamp(first).astimezone()}"
        )
    return ""


class BackupFiles(dynamic.Resource, module="embedded", name="BackupFiles"):
    """pgBackRest's files; a change restarts nothing. `secret` maps files to texts that nobody else may read."""

    spec: pulumi.Output[str]
    drift: pulumi.Output[Any]

    def __init__(
        self, name: str, spec: Spec, secret: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        hidden = pulumi.ResourceOptions(additional_secret_outputs=[SECRET_FILES])
        props = {**written(spec), SECRET_FILES: pulumi.Output.secret(secret)}
        super().__init__(BackupFilesProvider(), name, props, pulumi.ResourceOptions.merge(opts, hidden))
