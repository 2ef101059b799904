"""How the laws ended for a plugin, as rows for people and as JSON."""

from __future__ import annotations

__all__ = ["Ended", "Finding", "Report"]

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Ended(StrEnum):
    """How a law ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    NOT_RUN = "not run"
    EXPECTED = "failed as expected"
    UNEXPECTED = "passed unexpectedly"

    @property
    def bad(self) -> bool:
        """Whether the plugin does not keep the law, or what was said about it."""
        return self in (Ended.FAILED, Ended.ERROR, Ended.UNEXPECTED)


@dataclass(frozen=True)
class Finding:
    """How one law ended for one offer of a plugin.

    Arguments:
        kind: What was offered: `solver`, `dataset`, ...; `plugin` for the plugin itself.
        name: Name of the offer, with options.
        law: Name of the law.
        text: What the law says.
        ended: How it ended.
        places: Where it ran.
        reason: Why it did not pass.
        traceback: The plugin's own part of it, if it raised something.
    """

    kind: str
    name: str
    law: str
    text: str
    ended: Ended
    places: tuple[str, ...] = ()
    reason: str = ""
    traceback: str = ""


@dataclass(frozen=True)
class Report:
    """How all laws ended for a plugin.

    Arguments:
        plugin: What was checked.
        findings: One for each law and offer.
        seconds_per_person: How long each solver took for a person, in the mean.
    """

    plugin: str
    findings: tuple[Finding, ...]
    seconds_per_person: Mapping[str, float]

    @property
    def ok(self) -> bool:
        """Whether some laws ran, and every one that ran was kept, or broken as expected."""
        return self.ran > 0 and not any(finding.ended.bad for finding in self.findings)

    @property
    def ran(self) -> int:
        """How many laws ran."""
        return sum(finding.ended is not Ended.NOT_RUN for finding in self.findings)

    def json(self) -> str:
        """Return everything as JSON."""
        document: dict[str, Any] = {
            "plugin": self.plugin,
            "ok": self.ok,
            "ran": self.ran,
            "ended": {str(ended): self._count[ended] for ended in Ended},
            "seconds_per_person": dict(self.seconds_per_person),
            "findings": [asdict(finding) for finding in self.findings],
        }
        return json.dumps(document, indent=2)

    def text(self) -> str:
        """Return a row per law, what broke, and a line that sums up."""
        blocks = []
        for kind, name in dict.fromkeys((finding.kind, finding.name) for finding in self.findings):
            rows = [finding for finding in self.findings if (finding.kind, finding.name) == (kind, name)]
            width = max(len(finding.law) for finding in rows)
            blocks.append("\n".join([f"{kind} {name}", *(_row(finding, width) for finding in rows)]))
        return "\n\n".join([*blocks, self._summary()])

    @property
    def _count(self) -> Counter[Ended]:
        return Counter(finding.ended for finding in self.findings)

    def _summary(self) -> str:
        counts = ", ".join(f"{self._count[ended]} {ended}" for ended in Ended if self._count[ended])
        lines = [f"{self.plugin}: {self.ran} of {len(self.findings)} laws ran: {counts or 'none'}"]
        lines += [f"{name}: {_duration(seconds)} a person" for name, seconds in self.seconds_per_person.items()]
        return "\n".join(lines)


def _row(finding: Finding, width: int) -> str:
    lines = [f"  {finding.law:{width}}  {finding.ended}"]
    if finding.ended is Ended.PASSED and len(finding.places) > 1:
        lines[0] += f" in {len(finding.places)} problems"
    if finding.reason and finding.ended is Ended.NOT_RUN:
        lines[0] += f": {finding.reason.splitlines()[0]}"
    elif finding.reason:
        lines.append(_indented(finding.reason, 6))
    if finding.traceback:
        lines.append(_indented(finding.traceback.rstrip(), 6))
    return "\n".join(lines)


def _indented(text: str, columns: int) -> str:
    return "\n".join(" " * columns + line for line in text.splitlines())


def _duration(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"
