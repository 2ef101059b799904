"""One feature of an action taken through its feasible values, and what the judge says of them."""

from __future__ import annotations

__all__ = ["Sweep", "run_around", "works"]

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena.advice.analysis.case import Case

_ROWS = 8192
"""Actions that are looked at together: bounds the memory."""


@dataclass(frozen=True)
class Sweep:
    """One feature of an action, and the values it may take in the person's box.

    Arguments:
        column: The feature.
        whole: Whether it takes whole numbers.
        low: Its least feasible value, whole where it must be.
        high: Its greatest one.
        mask: What else is acted upon, the feature included, bool `(features,)`.
        values: What that is set to, `(features,)`.
    """

    column: int
    whole: bool
    low: float
    high: float
    mask: Tensor
    values: Tensor

    @classmethod
    def of(cls, case: Case, column: int, mask: Tensor, values: Tensor) -> Sweep:
        """Return the sweep of one feature where the action `mask`, `values` `(features,)` says the rest."""
        box, whole = case.request.box, bool(case.request.features.whole[column])
        low, high = box.lower[0, column], box.upper[0, column]
        if whole:
            low, high = low.ceil(), high.floor()
        acted = mask.clone()
        acted[column] = True
        return cls(column, whole, float(low), float(high), acted, values)

    @property
    def count(self) -> int:
        """How many whole values there are; 0 for one that is not whole, unless it is fixed."""
        if self.whole:
            return max(0, int(self.high) - int(self.low) + 1)
        return int(self.low == self.high)

    def inside(self, values: Tensor) -> Tensor:
        """Return which values are feasible, bool like `values`; no slack."""
        return (values >= self.low) & (values <= self.high)

    def all(self) -> Tensor:
        """Return all whole values, `(count,)`."""
        return torch.arange(self.count, dtype=torch.double).add(self.low).to(self.values.dtype)

    def grid(self, points: int) -> Tensor:
        """Return so many values, evenly spaced from end to end; whole and without duplicates where they must be."""
        even = torch.linspace(self.low, self.high, points, dtype=torch.double)
        return (even.round().unique() if self.whole else even).to(self.values.dtype)


def works(case: Case, sweeps: Sequence[Sweep], points: Sequence[Tensor]) -> list[Tensor]:
    """Return which values of each sweep lead to a positive decision and break nothing, bool `(its points,)`.

    All sweeps are looked at together, so many actions at a time that the memory is bounded.

    Arguments:
        case: The person before the judge.
        sweeps: The sweeps.
        points: The values of each, `(its points,)`.
    """
    counts = [len(values) for values in points]
    if not sum(counts):
        return [torch.zeros(0, dtype=torch.bool) for _ in points]
    owner = torch.arange(len(sweeps)).repeat_interleave(torch.tensor(counts))
    everything = torch.cat(list(points)).to(case.factual.dtype)
    columns = torch.tensor([sweep.column for sweep in sweeps])
    masks, bases = torch.stack([s.mask for s in sweeps]), torch.stack([s.values for s in sweeps])
    found = []
    for which, values in zip(owner.split(_ROWS), everything.split(_ROWS), strict=True):
        rows = bases[which]
        rows[torch.arange(len(rows)), columns[which]] = values
        found.append(case.works(masks[which], rows))
    return list(torch.cat(found).split(counts))


def run_around(good: Tensor, place: int) -> tuple[int, int]:
    """Return first and last place of the unbroken run of `good` `(points,)` that holds `place`, which is good itself.

    Example:
        >>> run_around(torch.tensor([True, False, True, True, False]), 3)
        (2, 3)
    """
    bad = (~good).nonzero()[:, 0]
    before, after = bad[bad < place], bad[bad > place]
    return int(before[-1]) + 1 if len(before) else 0, int(after[0]) - 1 if len(after) else len(good) - 1
