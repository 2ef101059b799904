"""How a cost is made of changes, read off the cost itself."""

from __future__ import annotations

__all__ = ["Measure"]

import math
from dataclasses import dataclass

import numpy as np
import torch

from recourse_arena import NotApplicable, Problem


@dataclass(frozen=True)
class Measure:
    """A sum of `slope * |change| ** power` over features, or the root of it.

    Arguments:
        slope: Unweighted part of a change of each feature by 1, or to another level, `(features,)`.
        power: 1 or 2.
        root: Whether the cost is the root of the sum.
    """

    slope: np.ndarray
    power: int
    root: bool

    @classmethod
    def of(cls, problem: Problem) -> Measure:
        """Read the cost of a problem.

        Raises:
            NotApplicable: If it is no such sum.
        """
        cost, categorical = problem.cost, problem.features.categorical
        here = torch.zeros(len(problem.features), dtype=torch.double)
        once, twice, back = (cost.per_feature(here, here + change).double() for change in (1.0, 2.0, -0.5))

        def follows(power: int) -> bool:
            far, near = (torch.where(categorical, once, once * size**power) for size in (2.0, 0.5))
            return torch.allclose(far, twice) and torch.allclose(near, back)

        powers, total = [power for power in (1, 2) if follows(power)], 4.0 * len(once)
        combined = float(cost.combined(torch.full_like(once, 4.0)))
        if not powers or not any(math.isclose(combined, one, rel_tol=1e-6) for one in (total, math.sqrt(total))):
            raise NotApplicable(
                f"certified needs a cost that is a sum of changes, of their squares, or the root of one; "
                f"{cost.name!r} of dataset {problem.dataset} is none"
            )
        return cls(once.numpy(), powers[0], not math.isclose(combined, total, rel_tol=1e-6))

    def total(self, cost: float) -> float:
        """Return the sum of a cost."""
        return cost**2 if self.root else cost

    def cost(self, total: float) -> float:
        """Return the cost of a sum."""
        return math.sqrt(total) if self.root else total
