"""What judges say, and what of it is excepted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """What a judge says against an object."""

    judge: str
    rule: str
    object: str
    text: str

    def __str__(self) -> str:
        return f"{self.judge} {self.rule} on {self.object}: {self.text}"


@dataclass(frozen=True)
class Waived:
    """An exception of k8s/exceptions.yaml; `objects` is "all" or the name of one.

    `says` narrows it to what a judge says, where a rule has more than one thing to say.
    """

    judge: str
    rule: str
    objects: str
    reason: str
    says: str = ""

    def covers(self, finding: Finding) -> bool:
        name = finding.object.rpartition("/")[2]
        rule = (finding.judge, finding.rule) == (self.judge, self.rule)
        return rule and self.objects in ("all", name) and self.says in finding.text


def verdict(findings: Iterable[Finding], waived: Sequence[Waived]) -> list[str]:
    """What is neither right nor excepted, and exceptions that nobody asks for."""
    found = sorted(set(findings))
    unused = [one for one in waived if not any(one.covers(finding) for finding in found)]
    return [str(one) for one in unwaived(found, waived)] + [
        f"k8s/exceptions.yaml: {one.judge} {one.rule} on {one.objects} is asked for no more" for one in unused
    ]


def unwaived(findings: Iterable[Finding], waived: Sequence[Waived]) -> list[Finding]:
    """What is neither right nor excepted."""
    return [one for one in findings if not any(exception.covers(one) for exception in waived)]
