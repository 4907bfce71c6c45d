"""What is looked at before anything is touched, as far as it can be told without looking."""

from __future__ import annotations

from pathlib import Path

from components.embedded.preflight import listeners, needed_megabytes, room
from components.settings.load import load

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LINE = "   {n}: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000   101        0 {inode} 1 0\n"


def line(address: str, state: str = "0A", inode: int = 1) -> str:
    return LINE.format(n=0, address=address, state=state, inode=inode)


def test_listeners() -> None:
    table = HEAD + line("0100007F:3C46", inode=11) + line("00000000:1538", inode=12)
    assert listeners(table) == {15430: "11", 5432: "12"}


def test_only_what_listens_at_our_addresses_is_in_the_way() -> None:
    established, elsewhere = line("0100007F:3C46", "01"), line("0200A8C0:3C46")
    assert listeners(HEAD + established + elsewhere) == {}


def test_version_six_that_takes_version_four_too_is_in_the_way() -> None:
    assert listeners(HEAD + line("0" * 32 + ":3C46", inode=13)) == {15430: "13"}


def test_room_says_how_much_is_needed() -> None:
    settings = load({"platform": "embedded"}, default_major=15)
    needed, home = needed_megabytes(settings), Path("/nowhere/.local")
    assert room(settings, home, lambda _: needed * 1024**2) == []
    assert room(settings, home, lambda _: 10 * 1024**2) == [
        f"/ has 10 MB free, and 3 new members need {needed} MB; make room, or set"
        " postgres-platform:embedded: directory to a folder on another disk"
    ]
