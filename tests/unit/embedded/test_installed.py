"""Which servers a machine has, and what a stack is told that asks for another or for an extension that is not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pulumi
import pytest

from components import platforms
from components.access.spec.load import load as load_spec
from components.embedded import installed
from components.embedded.installed import Server
from components.settings.problems import SettingsError
from components.settings.source import Source
from tools.setup.places import ROOT


def server(root: Path, major: int, *extensions: str) -> Server:
    """Made below that root, as Debian's packages lay it out."""
    programs = root / f"usr/lib/postgresql/{major}/bin"
    control = root / f"usr/share/postgresql/{major}/extension"
    for folder in (programs, control):
        folder.mkdir(parents=True)
    (programs / "postgres").touch()
    for name in extensions:
        (control / f"{name}.control").touch()
    return Server(major, programs, control)


def test_what_is_installed_goes_before_what_was_unpacked(tmp_path: Path) -> None:
    machine, unpacked = tmp_path / "machine", tmp_path / "unpacked"
    fifteen, theirs, ours = server(machine, 15), server(unpacked, 17, "vector"), server(machine, 17)
    assert installed.servers([machine, unpacked]) == [fifteen, ours, theirs]
    assert installed.find(17, [machine, unpacked]) == ours
    assert installed.find(17, [unpacked]) == theirs
    assert installed.find(16, [machine, unpacked]) is None
    assert installed.newest_packaged(machine) == 17
    assert installed.newest_packaged(tmp_path / "nothing") is None
    assert (ours.offered(), theirs.offered()) == (frozenset(), {"vector"})


def test_a_folder_counts_when_it_is_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(installed, "kept", lambda: (tmp_path,))
    folder = tmp_path / "postgresql-17-debian-13"
    server(folder, 17)
    assert installed.places() == [installed.ROOT]
    (folder / "complete").touch()
    assert installed.places() == [installed.ROOT, folder]


@pytest.mark.parametrize(
    ("major", "have", "told"),
    [
        (17, [15], "PostgreSQL 17 is not on this machine (it has 15): make up gets it, and so does make trixie"),
        (
            16,
            [15],
            "PostgreSQL 16 is not on this machine (it has 15). Set major to 15 or 17, or give apt a package"
            " postgresql-16 (apt.postgresql.org has it): then make up installs that",
        ),
        (
            18,
            [],
            "PostgreSQL 18 is not on this machine (it has none). Set major to 17, or give apt a package"
            " postgresql-18 (apt.postgresql.org has it): then make up installs that",
        ),
    ],
)
def test_a_major_that_is_not_there(major: int, have: Sequence[int], told: str) -> None:
    assert installed.absent(major, have) == told


@pytest.mark.parametrize("major", [14, 16, 18])
def test_a_stack_that_asks_for_it_is_told_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, major: int) -> None:
    fifteen = server(tmp_path / "machine", 15)
    monkeypatch.setattr(installed, "places", lambda: [tmp_path / "machine"])
    monkeypatch.setattr(installed, "newest_packaged", lambda: fifteen.major)
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text(f"config:\n  postgres-platform:platform: embedded\n  postgres-platform:major: {major}\n")
    given = {"postgres-platform:platform": "embedded", "postgres-platform:major": major}
    with pytest.raises(SettingsError) as wrong:
        platforms.checked_settings(given, Source.read(file))
    [problem] = wrong.value.problems
    assert (problem.path, problem.line) == ("major", 3)
    assert "Set major to 15 or 17" in problem.message
    assert platforms.checked_settings({**given, "postgres-platform:major": 15}, None).major == 15


CORPORATE_INTEL = ROOT / "sql/corporate_intel/access.yaml"
FAEVISION = ROOT / "sql/faevision/access.yaml"


@pytest.mark.parametrize(
    ("major", "cure"), [(15, "set major to 17, which make up gets with it, or mark it optional"), (17, "its package")]
)
def test_a_required_extension_stops_the_preview_with_file_and_line(tmp_path: Path, major: int, cure: str) -> None:
    lacking = server(tmp_path, major, "pg_stat_statements", "vector")
    with pytest.raises(pulumi.RunError) as wrong:
        platforms.wanted_extensions([load_spec(CORPORATE_INTEL)], lacking)
    line = next(n for n, text in enumerate(CORPORATE_INTEL.read_text().splitlines(), 1) if " timescaledb:" in text)
    told = str(wrong.value)
    assert f"access.yaml:{line}: databases.corporate_intel.extensions.timescaledb: PostgreSQL {major} on this" in told
    assert cure in told and "has no vector" not in told


@pytest.mark.parametrize("major", [15, 17])
def test_an_optional_extension_that_is_missing_is_left_out_and_not_preloaded(tmp_path: Path, major: int) -> None:
    specs = [load_spec(FAEVISION)]
    assert {"timescaledb", "postgis"} <= platforms.wanted_extensions(specs, None)
    lacking = server(tmp_path, major, "pg_stat_statements", "pgcrypto", "pg_cron")
    assert platforms.wanted_extensions(specs, lacking) == {"pg_stat_statements", "pgcrypto", "pg_cron"}


@pytest.mark.parametrize(("edition", "wrong"), [("timescale", True), ("'Timescale'", True), ("apache", False)])
def test_a_licence_without_its_library_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, edition: str, wrong: bool
) -> None:
    """Seen on 17: every session's first statement fails, since the library is not there."""
    made = server(tmp_path, 17, "timescaledb")
    monkeypatch.setattr(installed, "places", lambda: [tmp_path])
    given = {"platform": "embedded", "major": 17, "parameters": {"timescaledb.license": edition}}
    if wrong:
        with pytest.raises(SettingsError, match=r"parameters\.timescaledb\.license: .* is the Apache edition"):
            platforms.checked_settings(given, None)
    else:
        platforms.checked_settings(given, None)
    library = made.binaries.parent / "lib/timescaledb-tsl-2.29.3.so"
    library.parent.mkdir()
    library.touch()
    assert platforms.checked_settings(given, None).major == 17
