"""What `make backups` shows."""

from __future__ import annotations

from rich.console import Console

from components.embedded.pgbackrest import Backup, Contents
from tools.driver.backups import plain, table
from tools.driver.screen import WIDE

LABEL = "20261121-202454F_20261121-202505D"
WAL = ("000000010000000000000005", "000000010000000000000006")
DIFF = Backup(
    label=LABEL, type="diff", start=1795289087, stop=1795289090, size=21900000, stored=150700, wal=WAL, faulty=False
)


def shown(contents: Contents) -> str:
    console = Console(width=WIDE)
    with console.capture() as captured:
        console.print(table(contents))
    return captured.get()


def test_labels_and_wal_stand_whole() -> None:
    text = shown(Contents(backups=(DIFF,), wal=WAL))
    for wanted in (LABEL, " to ".join(WAL), "20.9 MB", "147 KB", "3 s", "a restore can go back to"):
        assert wanted in text


def test_a_fault_is_told() -> None:
    assert "the repository has nothing" in shown(Contents(fault="the repository has nothing of this cluster"))
    assert "there is no backup yet" in shown(Contents())
    assert plain(Contents(backups=(DIFF,)))["backups"][0]["wal"] == list(WAL)
