"""One person's actions in a table through the exact decision model, and a quick search for a good one."""

from __future__ import annotations

__all__ = ["TableSearch"]

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from recourse_arena import Problem, Request
from recourse_arena_certified.exact import LOGIT_UNITS, Action

_SAMPLES, _FAR, _NEAR = 2048, 4, 16
"""Actions per round, rounds all over the box, and rounds around the best one."""


@dataclass(frozen=True)
class TableSearch:
    """The true test of one person's actions.

    Arguments:
        problem: The problem.
        one: The request of one person.
    """

    problem: Problem
    one: Request

    @property
    def rounding(self) -> float:
        """What rounding may do to the logit."""
        return LOGIT_UNITS * torch.finfo(self.one.factual.dtype).eps

    def tried(self, values: Tensor, *, spare: bool = True) -> tuple[Tensor, Tensor, Tensor]:
        """Return the allowed actions next to `values` `(rows, features)`: masks, values and weighted costs `(rows,)`.

        The cost is infinite where an action does not pass. To pass with something to `spare` is to pass whatever
        rounding does.
        """
        factual = self.one.factual
        moved = self.one.actionable & (values != factual)
        values = torch.where(moved, self.one.snap(values), factual)
        mask = values != factual
        passed = self.problem.decisions.accepts(values)
        if spare:
            passed &= self.problem.classifier.logit(values) >= self.rounding * mask.any(1)
        passed &= ~self.one.features.broken_rules(factual, values).any(-1)
        cost = self.one.cost(values, mask).double()
        return mask, values, torch.where(passed, cost, torch.inf)

    def action(self, values: Tensor, *, spare: bool = True) -> Action:
        """Return the allowed action that is nearest to `values` `(features,)`, and its cost if it passes."""
        return self._cheapest(values.to(self.one.factual.dtype)[None], spare=spare)

    def first(self, draws: Generator) -> Action:
        """Return the cheapest action of a random search, first all over the box, then around the best one."""
        best = self._cheapest(self.one.factual)
        for number in range(_FAR + _NEAR if best.cost else 0):
            if number >= _FAR and not best.mask.any():
                break
            values = self.far(draws) if number < _FAR else self._near(best, 0.5 ** (number - _FAR), draws)
            found = self._cheapest(values)
            best = found if found.cost < best.cost else best
        return best

    def _cheapest(self, values: Tensor, *, spare: bool = True) -> Action:
        mask, values, cost = self.tried(values, spare=spare)
        first = int(cost.argmin())
        return Action(mask[first], values[first], float(cost[first]))

    def far(self, draws: Generator) -> Tensor:
        """Draw actions upon few or many features, of all sizes."""
        few, acts = (self._uniform(draws, columns) for columns in (1, len(self.one.features)))
        return torch.where(acts < few, self._anywhere(draws), self.one.factual)

    def _near(self, best: Action, size: float, draws: Generator) -> Tensor:
        """Draw actions like the best one: some features back, numbers a bit elsewhere or anywhere, other levels."""
        factual, features = self.one.factual, len(self.one.features)
        change, what, far = (self._uniform(draws, columns) for columns in (features, features, features))
        start = torch.where(best.mask, best.values, factual[0])
        back = factual + (start - factual) * (far if size > 0.01 else 1 - size * far)
        near = start + size * (2 * far - 1) * (self.one.box.upper - self.one.box.lower)
        numbers = torch.where(what < 0.4, back, near)
        numbers = torch.where(self.one.features.whole, numbers.round(), numbers)
        other = torch.where(self.one.features.categorical, start.expand_as(numbers), numbers)
        other = torch.where(what > 0.8, self._anywhere(draws), torch.where(what < 0.2, factual, other))
        return torch.where(change < 2.5 / max(int(self.one.actionable.sum()), 3), other, start)

    def _anywhere(self, draws: Generator) -> Tensor:
        """Draw values all over the box, of all sizes of change; levels without regard to their codes."""
        features = self.one.features
        size, place = self._uniform(draws, len(features)), self._uniform(draws, len(features))
        factual, lower, upper = self.one.factual, self.one.box.lower, self.one.box.upper
        values = factual + size * (lower + place * (upper - lower) - factual)
        for j in features.categorical.nonzero()[:, 0].tolist():
            codes = values.new_tensor(features.features[j].alphabetical)
            values[:, j] = codes[(place[:, j] * len(codes)).long().clamp(max=len(codes) - 1)]
        return values

    def _uniform(self, draws: Generator, columns: int) -> Tensor:
        return torch.rand(_SAMPLES, columns, generator=draws).to(self.one.factual)
