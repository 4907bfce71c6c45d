"""The lab's image: Debian 13's packages, Patroni from PyPI, the supervisor; the same parts as k8s/image/Dockerfile has.

Two layers: the programs, unpacked once and kept by the digest of their list, and the supervisor, which changes with the
checkout and takes a second.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path

from tools.lab.places import PACKAGES, SUPERVISOR, images, kept
from tools.setup import apt, trixie
from tools.setup.places import PATRONI_REQUIREMENTS
from tools.setup.progress import SetupError, run, say

TAG = "localhost/postgres-platform:17"
MAJOR, ACCOUNT, UID = 17, "postgres", 10001
LIMIT_S = 1800.0
BASE = ("base-files", "bash", "coreutils", "dash", "grep", "libc-bin", "sed", "tzdata", "util-linux")
# Left out: texts, other languages, and the compiler of queries with its 150 MB, which PostgreSQL then goes without.
UNUSED = (
    *(f"/usr/share/{name}/*" for name in ("doc", "man", "locale", "info", "i18n")),
    *("/usr/lib/llvm-*", "/usr/lib/*/libLLVM*", "/usr/lib/*/libz3*", f"/usr/lib/postgresql/{MAJOR}/lib/bitcode/*"),
    *(f"/usr/lib/postgresql/{MAJOR}/lib/llvmjit*", "/usr/bin/etcdutl"),
)
PATH = f"/usr/lib/postgresql/{MAJOR}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LIBRARY = "usr/lib/postgres-platform"


def packages(text: str, major: int) -> list[str]:
    """The names in packages.txt, the optional ones too."""
    lines = [line.strip() for line in text.splitlines()]
    return [line.lstrip("?").replace("@", str(major)) for line in lines if line and not line.startswith("#")]


def ensure_image() -> Path:
    """The image file, where each node of the lab imports it from; made unless it is there. Needs root and Debian."""
    lower = ensure_programs()
    upper = _supervisor_layer()
    target = images() / "postgres-platform.tar"
    stamp = target.with_suffix(".digest")
    wanted = f"{lower.parent.name} {hashlib.sha256(upper).hexdigest()}\n"
    if not (target.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, lower, upper)
        stamp.write_text(wanted, encoding="utf-8")
    return target


def ensure_programs() -> Path:
    """The lower layer as a tar, and its digest beside it."""
    layer = kept() / "programs.tar"
    if layer.is_file():
        return layer
    if os.geteuid() != 0:
        raise SetupError("only root can unpack the image's packages: run `python -m tools.lab image` as root")
    if shutil.which("mmdebstrap") is None:
        apt.install(["mmdebstrap"], "mmdebstrap")
    scratch = kept().with_name(f".{kept().name}")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    root = scratch / "root"
    say("the lab's image is made: about 250 MB of packages, 2 to 5 minutes")
    run("the image's packages", _unpacking(root), limit=LIMIT_S)
    _accounts(root)
    _patroni(root)
    _look(root)
    run("the image's layer", _packing(root, scratch / "programs.tar"), limit=LIMIT_S)
    shutil.rmtree(root)
    shutil.rmtree(kept(), ignore_errors=True)
    scratch.rename(kept())
    return layer


def _unpacking(root: Path) -> list[str]:
    names = [*BASE, *packages(PACKAGES.read_text(encoding="utf-8"), MAJOR)]
    options = ["--mode=root", "--variant=extract", f"--include={','.join(names)}", f"--keyring={trixie.KEYRING}"]
    unused = [f"--dpkgopt=path-exclude={path}" for path in UNUSED]
    recommends = "--aptopt=APT::Install-Recommends false"
    return ["mmdebstrap", *options, *unused, recommends, trixie.SUITE, str(root), trixie.mirror()]


def _accounts(root: Path) -> None:
    """The packages' own scripts did not run; PostgreSQL asks for the name of its account, and peer wants it too."""
    etc = root / "etc"
    (etc / "passwd").write_text(
        f"root:x:0:0::/root:/bin/sh\n{ACCOUNT}:x:{UID}:{UID}::/data:/bin/sh\n", encoding="utf-8"
    )
    (etc / "group").write_text(f"root:x:0:\n{ACCOUNT}:x:{UID}:\n", encoding="utf-8")
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n", encoding="utf-8")
    for folder in ("data", "run/postgres-platform", "etc/postgres-platform/config", "etc/postgres-platform/tls"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    run("the image's libraries", ["chroot", str(root), "/sbin/ldconfig"], limit=60)


def _patroni(root: Path) -> None:
    """Patroni with its pins in a virtual environment, made by the image's own Python and its pip."""
    bundle = Path(os.environ.get("PIP_CERT", "/etc/ssl/certs/ca-certificates.crt"))
    shutil.copyfile(bundle, root / "etc/ssl/certs/ca-certificates.crt")  # its package's own script did not run
    lent = {"tmp/requirements.txt": PATRONI_REQUIREMENTS}
    lent |= {
        f"etc/{name}": Path("/etc") / name for name in ("resolv.conf", "pip.conf") if (Path("/etc") / name).is_file()
    }
    for inside, source in lent.items():
        shutil.copyfile(source, root / inside)
    inside_env = os.environ | {"PIP_CERT": "/etc/ssl/certs/ca-certificates.crt", "PIP_NO_CACHE_DIR": "1"}
    venv = ["python3", "-m", "venv", "--without-pip", "/opt/patroni"]
    run("the image's environment", ["chroot", str(root), *venv], limit=180)
    wheel = next((root / "usr/share/python-wheels").glob("pip-*.whl")).relative_to(root)
    pip = ["/opt/patroni/bin/python3", f"/{wheel}/pip", "install", "--no-deps", "-r", "/tmp/requirements.txt"]  # noqa: S108
    run("the image's Patroni", ["chroot", str(root), *pip], limit=900, env=inside_env)
    for inside in lent:
        (root / inside).unlink()


def _look(root: Path) -> None:
    """Each program starts; a missing library would else show as a pod that never gets ready."""
    for argv in (
        [f"/usr/lib/postgresql/{MAJOR}/bin/postgres", "--version"],
        ["/opt/patroni/bin/python3", "-c", "import patroni, psycopg, dns"],
        ["pgbouncer", "--version"],
        ["haproxy", "-v"],
        ["etcd", "--version"],
        ["pgbackrest", "version"],
        ["openssl", "version"],
    ):
        run(f"a look at {argv[0]}", ["chroot", str(root), *argv], limit=60)


def _packing(root: Path, target: Path) -> list[str]:
    tar = ["tar", "--numeric-owner", "--sort=name", "--one-file-system", "--exclude=./dev/*", "--exclude=./proc/*"]
    return [*tar, "-C", str(root), "-cf", str(target), "."]


def _supervisor_layer() -> bytes:
    """The package `supervisor`, the same bytes for the same sources."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as layer:
        for source in sorted(SUPERVISOR.glob("*.py")):
            info = tarfile.TarInfo(f"{LIBRARY}/supervisor/{source.name}")
            content = source.read_bytes()
            info.size, info.mode = len(content), 0o644
            layer.addfile(info, io.BytesIO(content))
    return out.getvalue()


def _write(target: Path, lower: Path, upper: bytes) -> None:
    """A docker-archive, which every container tool imports."""
    digests = [_digest(lower), hashlib.sha256(upper).hexdigest()]
    config = json.dumps(_config(digests)).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    layers = [f"{digest}/layer.tar" for digest in digests]
    scratch = target.with_suffix(".new")
    with tarfile.open(scratch, "w") as archive:
        _add(archive, name, config)
        archive.add(lower, layers[0])
        _add(archive, layers[1], upper)
        _add(archive, "manifest.json", json.dumps([{"Config": name, "RepoTags": [TAG], "Layers": layers}]).encode())
    scratch.replace(target)


def _config(digests: Sequence[str]) -> dict[str, object]:
    environment = [f"PATH={PATH}", "LANG=C.UTF-8", f"PYTHONPATH=/{LIBRARY}"]
    return {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": environment, "User": f"{UID}:{UID}", "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
        "history": [{"created_by": "tools/lab/image.py"} for _ in digests],
    }


def _digest(file: Path) -> str:
    known = file.with_suffix(".sha256")
    if known.is_file():
        return known.read_text(encoding="utf-8").strip()
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    known.write_text(digest + "\n", encoding="utf-8")
    return digest


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))
