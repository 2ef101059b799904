"""Each published number beside ours, with its interval."""

from __future__ import annotations

__all__ = ["Beside", "Verdict", "judged"]

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from recourse_arena.reporting.reproduction.published import Published
from recourse_arena.reporting.results.estimate import Estimate
from recourse_arena.statistics.bootstrap import Resamples

SHARES = ("accepted", "accepted, of answered", "impossible")
"""Measures that are true or false of a person."""


class Verdict(StrEnum):
    """Whether our interval holds a published number."""

    HELD = "held"
    MISSED = "missed"
    OPEN = "not measured"


@dataclass(frozen=True)
class Beside:
    """One published number and ours.

    Arguments:
        published: The published one.
        ours: Ours, over people and seeds; none where it is not measured.
        others: Ours in other readings, by measure.
        seeds: How many seeds it rests on.
    """

    published: Published
    ours: Estimate | None = None
    others: Mapping[str, Estimate] | None = None
    seeds: int = 0

    @property
    def verdict(self) -> Verdict:
        """Whether the interval holds the published number, as far as that is printed."""
        return Verdict.OPEN if self.ours is None else judged(self.published, self.ours)

    @property
    def held_otherwise(self) -> tuple[str, ...]:
        """Other readings whose intervals hold it, where the first one's does not."""
        if self.verdict is not Verdict.MISSED:
            return ()
        found = (self.others or {}).items()
        return tuple(name for name, one in found if judged(self.published, one) is Verdict.HELD)

    @classmethod
    def of(cls, published: Published, rows: pd.DataFrame) -> Beside:
        """Return a number beside that of people.

        Arguments:
            published: The published one.
            rows: `seed, person` and a column a measure, nan for whoever does not count.
        """
        ours = estimate(rows, published.ours)
        others = {name: one for name in published.others if (one := estimate(rows, name)) is not None}
        return cls(published, ours, others, int(rows["seed"].nunique()) if ours else 0)


def judged(published: Published, ours: Estimate) -> Verdict:
    """Return whether an interval, widened by half of the last printed digit, holds a published number."""
    spare = published.rounding + 1e-9
    return Verdict.HELD if ours.low - spare <= published.number <= ours.high + spare else Verdict.MISSED


def estimate(rows: pd.DataFrame, measure: str) -> Estimate | None:
    """Return the mean of a measure over people and seeds, with its 95 % interval; none where nobody counts.

    Shares of people have Wilson's interval, other means the bootstrap-t; what seeds differ by beyond their people
    widens both.
    """
    if measure not in rows:
        return None
    values = rows[measure].to_numpy(dtype=float)
    if not np.isfinite(values).any():
        return None
    means = Resamples.draw(rows["seed"].to_numpy(dtype=np.int64)).means(values[:, None])
    of_shares = measure in SHARES
    low, high = (means.share_intervals() if of_shares else means.intervals())[0]
    if not math.isfinite(low):
        return None
    return Estimate(float(means.value[0]), float(low), float(high), int(means.people[0]))
