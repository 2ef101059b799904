"""The ground in reach of a point of the boundary, on which odds are what counts."""

from __future__ import annotations

__all__ = ["Within"]

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from recourse_arena import Problem, Request
from recourse_arena_rbr.odds import Odds
from recourse_arena_relaxed import Aim, Ground

_OUTSIDE = 10.0
"""What a unit beyond the reach weighs."""


@dataclass(frozen=True)
class Within(Aim):
    """Ground on which actions are the better the better the odds are, and the worse the farther they are out of reach.

    Arguments:
        plus: By how much farther than the boundary point somebody may be. The criterion is an :class:`Odds`.
    """

    plus: float = 0.0

    @classmethod
    def of_odds(cls, problem: Problem, request: Request, odds: Odds, plus: float, *, straight: bool) -> Within:
        """Return the ground of all that people can act on."""
        ground = Ground.of(problem, request)
        return cls(problem, request, ground.free, ground.held, odds, straight, plus)

    @property
    def boundary(self) -> Tensor:
        """The points of the boundary, `(rows, columns)`."""
        odds: Odds = self.criterion  # type: ignore[assignment]
        return odds.centre * odds.units

    @cached_property
    def _reach(self) -> Tensor:
        with torch.no_grad():
            return self.distance(self.boundary.to(self.held.dtype)) + self.plus

    def worth(self, place: Tensor) -> Tensor:
        """Return the worst-case log odds of refusal, and what lies out of reach, `(rows,)`, of `(rows, columns)`."""
        outside = (self.distance(place) - self._reach).clamp(min=0)
        return self.criterion.loss(self.columns(place)) + _OUTSIDE * outside

    def cost(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return the same of actions, `(rows,)`: what roundings are compared by."""
        values = torch.where(mask, values, self.request.factual)
        after = self.problem.causal_model.counterfactual(self.request.factual, mask, values)
        outside = (self.distance(self.encoding.encode(values)) - self._reach).clamp(min=0)
        return self.criterion.loss(self.encoding.encode(after)) + _OUTSIDE * outside
