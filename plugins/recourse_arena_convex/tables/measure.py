"""How a cost is made of changes, read off the cost itself."""

from __future__ import annotations

__all__ = ["Measure"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import NotApplicable, Problem


@dataclass(frozen=True)
class Measure:
    """A sum of `slope * |change| ** power` over features, and whatever rises with it.

    Arguments:
        slope: Unweighted part of a change of each feature by 1, or to another level, `(features,)`.
        power: 1 or 2.
    """

    slope: Tensor
    power: int

    @classmethod
    def of(cls, problem: Problem) -> Measure:
        """Read the cost of a problem.

        Raises:
            NotApplicable: If it is no such sum.
        """
        cost, categorical = problem.cost, problem.features.categorical
        here = torch.zeros(len(problem.features), dtype=torch.double)
        once, twice, back = (cost.per_feature(here, here + change).double() for change in (1.0, 2.0, -0.5))
        for power in (1, 2):
            far, near = (torch.where(categorical, once, once * size**power) for size in (2.0, 0.5))
            if torch.allclose(far, twice) and torch.allclose(near, back):
                return cls(once.to(problem.training.x.dtype), power)
        raise NotApplicable(
            f"convex needs a cost that is a sum of changes or of their squares on tables; "
            f"{cost.name!r} of dataset {problem.dataset} is none"
        )
