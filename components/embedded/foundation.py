"""The folder that everything lies in, and the certificate authority."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
from pulumi import dynamic

from components.embedded.certificates import authority_drift, ensure_authority
from components.embedded.failure import EmbeddedError
from components.embedded.files import Account, digest, folder, json_of, remove_tree, text_of, write
from components.embedded.preflight import MARK
from components.embedded.supervised import Part
from components.patroni.provider import Provider, Spec, say, written

OPEN_FOLDER, OPEN_FILE = 0o711, 0o644
READABLE_FOLDER = 0o755
SINGLE_FILES = ("ca.crt", "cluster.json", MARK)
MOVED = "embedded.directory cannot be changed while the cluster exists: run make down first, or set it back to {}"


def package(source: Path) -> dict[str, str]:
    """The modules of the supervisor package."""
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(source.glob("*.py"))}


def package_digest(source: Path) -> str:
    return digest(*(text for item in package(source).items() for text in item))


class FoundationProvider(Provider):
    def ensure(self, spec: Spec, _old: Spec | None) -> None:
        own, home, wanted = Account.own(), Path(spec["directory"]), Path(spec["wanted"])
        for above in reversed([step for step in home.parents if not step.exists()]):
            above.mkdir(mode=READABLE_FOLDER, exist_ok=True)
            above.chmod(READABLE_FOLDER)  # a strict umask would shut the servers' account out
        folder(home, own, OPEN_FOLDER)
        if json_of(home / MARK) != spec["platform"]:
            write(home / MARK, json.dumps(spec["platform"]) + "\n", own, OPEN_FILE)
        if wanted != home and not wanted.is_symlink():
            wanted.parent.mkdir(parents=True, exist_ok=True)
            wanted.symlink_to(home, target_is_directory=True)
        self._copy_runtime(spec, own)
        (home / ".ending").unlink(missing_ok=True)

    def _copy_runtime(self, spec: Spec, own: Account) -> None:
        """Each version in a folder of its own: what runs keeps the modules that it was started with."""
        runtime = Path(spec["runtime"])
        for part in (runtime.parent, runtime, runtime / "supervisor"):
            folder(part, own, READABLE_FOLDER)
        for name, text in package(Path(spec["source"])).items():
            if text_of(runtime / "supervisor" / name) != text:
                write(runtime / "supervisor" / name, text, own, OPEN_FILE)
        for other in runtime.parent.iterdir():
            if other != runtime and not _used(other, Path(spec["directory"])):
                remove_tree(other)

    def drift(self, spec: Spec, _coming: Spec) -> list[str]:
        home, wanted, runtime = Path(spec["directory"]), Path(spec["wanted"]), Path(spec["runtime"])
        if not home.is_dir():
            return [f"{home} is gone"]
        found = [] if json_of(home / MARK) == spec["platform"] else [f"{home / MARK} is missing or altered"]
        if wanted != home and (not wanted.is_symlink() or wanted.resolve() != home):
            found.append(f"{wanted} does not link to {home}")
        if package_digest(runtime / "supervisor") != runtime.name:
            found.append(f"{runtime} is missing or altered")
        return found

    def changes(self, old: Spec, new: Spec) -> list[str]:
        if old["directory"] != new["directory"]:
            raise EmbeddedError(MOVED.format(old["wanted"]))
        return [] if old["runtime"] == new["runtime"] else ["supervisors: a new version of their code"]

    def remove(self, spec: Spec) -> None:
        """Only what is ours; a file that somebody put here is kept, and then the folder too."""
        home, wanted = Path(spec["directory"]), Path(spec["wanted"])
        if home.is_dir():
            parts = [one for one in home.iterdir() if one.is_dir() and one.name.startswith(("etcd-", "pg-", "gateway"))]
            for part in sorted(parts, key=lambda one: one.name, reverse=True):  # members before the etcd nodes
                _orphan(part).stop()
                remove_tree(part)
            remove_tree(home / "pki")
            remove_tree(home / "runtime")
            remove_tree(home / "backup")
            for name in (*SINGLE_FILES, *(one.name for one in home.glob(".*") if one.is_file())):
                (home / name).unlink(missing_ok=True)
            if left := sorted(one.name for one in home.iterdir()):
                say([f"{home} is kept: it holds {', '.join(left)}, which the platform did not make"])
                return
            home.rmdir()
        if wanted.is_symlink():
            wanted.unlink()


def _used(runtime: Path, home: Path) -> bool:
    """Whether a supervisor was configured or started with that version."""
    return any(
        runtime.name in (text_of(Path(f"/proc/{part.status().get('pid', 0)}/environ")) or "")
        for part in (_orphan(one) for one in home.iterdir() if one.is_dir())
    )


def _orphan(home: Path) -> Part:
    """A part of which only the folder is known."""
    return Part(name=home.name, role="", home=home, python="", runtime="", stop_limit=60.0)


class AuthorityProvider(Provider):
    def ensure(self, spec: Spec, _old: Spec | None) -> None:
        ensure_authority(Path(spec["root"]), spec["name"])

    def drift(self, spec: Spec, _coming: Spec) -> list[str]:
        return authority_drift(Path(spec["root"]), spec["name"])

    def changes(self, _old: Spec, _new: Spec) -> list[str]:
        return []

    def remove(self, spec: Spec) -> None:
        root = Path(spec["root"])
        remove_tree(root / "pki")
        (root / "ca.crt").unlink(missing_ok=True)


class Foundation(dynamic.Resource, module="embedded", name="Foundation"):
    """The folder, its link, and the copy of the supervisors that the servers' account can read."""

    spec: pulumi.Output[str]
    drift: pulumi.Output[Any]

    def __init__(self, name: str, spec: Spec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(FoundationProvider(), name, written(spec), opts)


class CertificateAuthority(dynamic.Resource, module="embedded", name="CertificateAuthority"):
    """The CA (10 years) and the administrator's certificate (90 days, renewed after 60)."""

    spec: pulumi.Output[str]
    drift: pulumi.Output[Any]

    def __init__(self, name: str, spec: Spec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(AuthorityProvider(), name, written(spec), opts)
