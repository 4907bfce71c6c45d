"""What was found, in lines for a person."""

from __future__ import annotations

from collections.abc import Sequence

from components.upgrade.look import Fault, Seen

MOST = 50  # lines of one kind; the rest is counted


def report(seen: Seen, old: int, new: int) -> list[str]:
    """What stops the upgrade first, then what has to be known; one line when nothing was found."""
    if seen.running >= new:
        return [f"PostgreSQL {seen.running} runs already; nothing to look for"]
    if seen.running != old:
        head = [f"PostgreSQL {seen.running} runs, not {old}; it was asked what stands between {old} and {new}"]
    else:
        head = []
    if not seen.faults:
        return [*head, f"nothing in {counted(seen.databases, 'database')} stops an upgrade from {old} to {new}"]
    return [
        *head,
        *_lines("stops the upgrade", seen.stopping),
        *_lines("to be known of", seen.told),
    ]


def refusal(seen: Seen, old: int, new: int) -> str:
    """One report that ends a preview, and says that nothing was begun."""
    count = counted(len(seen.stopping), "object")
    return "\n  ".join(
        [
            f"{count} would stop the upgrade from {old} to {new}; nothing was begun:",
            *_shown([str(one) for one in seen.stopping]),
        ]
    )


def counted(number: int, noun: str) -> str:
    """`1 database`, `3 databases`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _lines(title: str, faults: Sequence[Fault]) -> list[str]:
    return _shown([f"{title}: {one}" for one in faults])


def _shown(lines: list[str]) -> list[str]:
    more = len(lines) - MOST
    return lines if more <= 0 else [*lines[:MOST], f"and {more} more"]
