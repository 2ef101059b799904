"""How claims are weighed: comparisons with intervals, and where a claim puts them."""

from __future__ import annotations

__all__ = ["Claim", "ClaimVerdict", "Evidence", "Within"]

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from recourse_arena.reporting.results.estimate import Estimate

Source = TypeVar("Source")


class ClaimVerdict(StrEnum):
    """What a run says about a claim."""

    HOLDS = "holds"
    FAILS = "does not hold"
    UNKNOWN = "cannot tell"

    @classmethod
    def of_all(cls, verdicts: Iterable[ClaimVerdict]) -> ClaimVerdict:
        """Return the verdict on all of several parts together.

        Example:
            >>> print(ClaimVerdict.of_all([ClaimVerdict.HOLDS, ClaimVerdict.UNKNOWN]))
            cannot tell
        """
        found = set(verdicts)
        if cls.FAILS in found:
            return cls.FAILS
        return cls.HOLDS if found == {cls.HOLDS} else cls.UNKNOWN


@dataclass(frozen=True)
class Evidence:
    """One comparison: what is compared, the numbers, where the claim puts them, and whether they lie there."""

    what: str
    numbers: str
    claimed: str
    verdict: ClaimVerdict


@dataclass(frozen=True)
class Claim(Generic[Source]):
    """One claim of the paper.

    Arguments:
        sentence: The claim.
        source: The table or section of the paper.
        weigh: Its comparisons, from what a run holds.
    """

    sentence: str
    source: str
    weigh: Callable[[Source], Iterator[Evidence]]


@dataclass(frozen=True)
class Within:
    """Where a claim puts a value or a difference, and how that reads."""

    words: str
    low: float = -math.inf
    high: float = math.inf

    def verdict(self, estimate: Estimate | None) -> ClaimVerdict:
        """Return whether the whole interval lies there, lies wholly elsewhere, or neither.

        Example:
            >>> falls = Within("falls", high=0.0)
            >>> print(falls.verdict(Estimate(-0.2, -0.3, -0.1, 50)), falls.verdict(None), sep=", ")
            holds, cannot tell
        """
        if estimate is None:
            return ClaimVerdict.UNKNOWN
        if self.low < estimate.low and estimate.high < self.high:
            return ClaimVerdict.HOLDS
        outside = estimate.high < self.low or self.high < estimate.low
        return ClaimVerdict.FAILS if outside else ClaimVerdict.UNKNOWN
