"""How long to wait before a program that died is started again."""

from __future__ import annotations

from collections.abc import Sequence

WINDOW = 60.0
CAP = 30.0


def delay(deaths: Sequence[float], now: float, first: float, *, window: float = WINDOW, cap: float = CAP) -> float:
    """Seconds to wait: `first` after a death that came alone, doubled for each one more within `window`, at most `cap`.

    `deaths` are the times of all deaths so far, the one just seen included.
    """
    recent = sum(1 for at in deaths if now - at < window)
    return float(min(max(cap, first), first * 2 ** min(max(0, recent - 1), 30)))
