"""What Debian 13's PostgreSQL is made of, and what makes its programs load from the folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.embedded import installed
from tools.setup import apt, trixie
from tools.setup.progress import SetupError

SCRATCH, FINAL = Path("/s/.new"), Path("/s/final")
LOADER = Path("usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")


def test_it_is_unpacked_without_root_and_without_running_anything_of_the_packages() -> None:
    argv = trixie.command(SCRATCH, "http://mirror.test/debian")
    assert argv[0] == "mmdebstrap"
    assert {"--mode=chrootless", "--variant=extract"} <= set(argv)
    assert argv[-3:] == ["trixie", "/s/.new", "http://mirror.test/debian"]
    [packages] = [word.partition("=")[2].split(",") for word in argv if word.startswith("--include=")]
    assert {"postgresql-17", "postgresql-17-timescaledb", "postgresql-17-pgvector", "patchelf"} <= set(packages)


def test_programs_load_from_where_the_folder_will_lie() -> None:
    [programs, libraries] = trixie.patches(SCRATCH, FINAL, LOADER, ["a/postgres", "a/psql"], ["b/libLLVM.so"])
    here, beside = "/s/.new/usr/lib/x86_64-linux-gnu", "/s/final/usr/lib/x86_64-linux-gnu"
    assert programs[:4] == [f"{here}/ld-linux-x86-64.so.2", "--library-path", here, "/s/.new/usr/bin/patchelf"]
    assert programs[4:9] == [
        *("--set-interpreter", f"{beside}/ld-linux-x86-64.so.2"), "--force-rpath", *("--set-rpath", beside),
    ]  # fmt: skip
    assert programs[9:] == ["/s/.new/a/postgres", "/s/.new/a/psql"]
    assert "--set-interpreter" not in libraries and libraries[-1] == "/s/.new/b/libLLVM.so"


def test_no_library_needs_a_path_of_its_own() -> None:
    assert len(trixie.patches(SCRATCH, FINAL, LOADER, ["postgres"], [])) == 1


def test_the_platform_looks_for_it_where_it_is_put() -> None:
    assert trixie.home().match(installed.UNPACKED)
    assert trixie.home().parent in installed.kept()
    assert trixie.MAJOR == installed.TO_BE_UNPACKED


def test_an_account_of_its_own_uses_its_cache_and_what_root_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "mine"))
    monkeypatch.setattr(trixie, "SHARED", tmp_path / "shared")
    assert trixie.home() == tmp_path / "mine/postgres-platform" / trixie.NAME
    assert installed.kept()[0] == tmp_path / "mine/postgres-platform"
    for folder in (tmp_path / "shared" / trixie.NAME, trixie.home()):
        folder.mkdir(parents=True)
        assert trixie.found() != folder  # not whole yet
        (folder / "complete").write_text(trixie.content())
        assert trixie.found() == folder
    (trixie.home() / "complete").write_text("trixie some other packages\n")
    assert trixie.found() == tmp_path / "shared" / trixie.NAME


def test_who_may_install_nothing_is_told_once_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(trixie, "SHARED", tmp_path)
    monkeypatch.setattr(trixie, "home", lambda: tmp_path / "none")
    monkeypatch.setattr("shutil.which", lambda name, **_: None if name == "mmdebstrap" else f"/usr/bin/{name}")
    monkeypatch.setattr(apt, "_privilege", lambda: None)
    with pytest.raises(SetupError) as told:
        trixie.ensure_trixie()
    assert str(told.value).endswith("needs root: sudo apt-get install -y --no-install-recommends mmdebstrap")
    assert "let root run make trixie" in str(told.value)
    assert list(tmp_path.iterdir()) == []
