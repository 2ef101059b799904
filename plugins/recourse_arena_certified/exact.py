"""One person's actions through the exact models, and a quick search for a good one."""

from __future__ import annotations

__all__ = ["LOGIT_UNITS", "Action", "Exact"]

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Generator, Tensor

from recourse_arena import Problem, Request
from recourse_arena_certified.world import World

_SAMPLES, _FAR, _NEAR = 4096, 3, 9
"""Actions per round, rounds all over the box, and rounds around the best one."""

LOGIT_UNITS, _DENSITY_UNITS = 32, 4
"""What two computations may disagree about in units of the last place; of the density relative to its size. On Loan
single precision is off by at most 16 and 1.4."""


@dataclass(frozen=True)
class Action:
    """What a person does: `mask` and `values` `(features,)`, for a weighted `cost`."""

    mask: Tensor
    values: Tensor
    cost: float = math.inf


@dataclass(frozen=True)
class Exact:
    """The true test of one person's actions.

    Arguments:
        problem: The problem.
        world: Its equations.
        one: The request of one person.
    """

    problem: Problem
    world: World
    one: Request

    @cached_property
    def rounding(self) -> tuple[float, float]:
        """What rounding may do to the logit and to the log-density."""
        unit = torch.finfo(self.one.factual.dtype).eps
        if not self.one.plausibility:
            return LOGIT_UNITS * unit, 0.0
        density = float(self.world.scm.log_density(self.one.factual)[0])
        return LOGIT_UNITS * unit, _DENSITY_UNITS * unit * (1 + abs(density))

    def cost(self, mask: Tensor, values: Tensor, *, spare: bool = True) -> Tensor:
        """Return the weighted cost of actions `(rows, features)` each; infinite where one does not pass.

        To pass with something to `spare` is to pass whatever rounding does.
        """
        after = self.world.scm.counterfactual(self.one.factual, mask, values)
        logit, density = self.rounding if spare else (0.0, 0.0)
        passed = self.problem.classifier.logit(after) >= logit * mask.any(1)
        if self.one.plausibility:
            least = self.world.scm.log_density(self.one.factual)
            passed &= self.world.scm.log_density(after) >= least + density * mask.any(1)
        return torch.where(passed, self.one.cost(values, mask).double(), torch.inf)

    def action(self, mask: Tensor, values: Tensor, *, spare: bool = True) -> Action:
        """Return the allowed action that is nearest to `mask` and `values` `(features,)`, and its cost if it passes."""
        mask = mask & self.one.actionable[0]
        values = self.one.snap(values.to(self.one.factual.dtype)[None])[0]
        return Action(mask, values, float(self.cost(mask[None], values[None], spare=spare)[0]))

    def search(self, draws: Generator) -> Action:
        """Return the cheapest action of a random search, first all over the box, then around the best one."""
        best = self.action(torch.zeros_like(self.one.actionable[0]), self.one.factual[0])
        for number in range(_FAR + _NEAR if best.cost else 0):
            mask, values = self._far(draws) if number < _FAR else self._near(best, 0.3 * 0.5 ** (number - _FAR), draws)
            values = self.one.snap(values)
            cost = self.cost(mask, values)
            first = int(cost.argmin())
            if cost[first] < best.cost:
                best = Action(mask[first], values[first], float(cost[first]))
        return best

    def _far(self, draws: Generator) -> tuple[Tensor, Tensor]:
        """Draw actions upon random features, of all sizes."""
        factual, lower, upper = self.one.factual, self.one.box.lower, self.one.box.upper
        place, acts, size = (torch.rand(_SAMPLES, n, generator=draws).to(factual) for n in (*2 * factual.shape[1:], 1))
        values = factual + size * (lower + place * (upper - lower) - factual)
        return self.one.actionable & (acts < 0.7), values

    def _near(self, best: Action, size: float, draws: Generator) -> tuple[Tensor, Tensor]:
        """Draw actions like the best one, up to a `size` relative to the box."""
        factual, width = self.one.factual, self.one.box.upper - self.one.box.lower
        step, flip = (torch.randn(_SAMPLES, factual.shape[1], generator=draws).to(factual) for _ in range(2))
        values = torch.where(best.mask, best.values, factual) + size * width * step
        return self.one.actionable & (best.mask ^ (flip.abs() > 1.65)), values
