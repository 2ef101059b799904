"""People of a table, where each may go, what that costs, and whether it is enough."""

from __future__ import annotations

__all__ = ["Terrain"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Kind, Problem, Request
from recourse_arena_convex.tables.sums import Sums

_ROWS = 16_384
"""People looked at by the decision model at once."""

MARGIN = 1e-5
"""What the logit of an action has to spare, so that rounding does not undo it."""


@dataclass(frozen=True)
class Terrain:
    """A batch of people; rows of candidates name their person by its number.

    Arguments:
        problem: The problem.
        request: What they ask.
        price: Weighted cost of a change by 1, or to another level, `(people, features)`.
        power: Exponent of changes in the cost.
        lower: Least values of numbers, the factual included, `(people, features)`.
        upper: Greatest values of numbers, `(people, features)`.
        moving: Numbers that can be moved, bool `(people, features)`.
        levels: Columns of categories and binaries.
        sums: The sums of numbers that rules limit.
    """

    problem: Problem
    request: Request
    price: Tensor
    power: int
    lower: Tensor
    upper: Tensor
    moving: Tensor
    levels: tuple[int, ...]
    sums: Sums

    @classmethod
    def of(cls, problem: Problem, request: Request) -> Terrain:
        """Return the terrain of a request."""
        features, factual, box = request.features, request.factual, request.box
        low = torch.where(features.whole, box.lower.ceil(), box.lower)
        high = torch.where(features.whole, box.upper.floor(), box.upper)
        empty = low > high
        low, high = torch.where(empty, factual, low), torch.where(empty, factual, high)
        lower, upper = torch.minimum(low, factual), torch.maximum(high, factual)
        levels = tuple(j for j, f in enumerate(features) if f.kind in (Kind.CATEGORICAL, Kind.BINARY))
        moving = request.actionable & (lower < upper)
        moving[:, list(levels)] = False
        slope = problem.cost.slope.to(problem.training.x.dtype)
        price = torch.where(request.actionable, request.weights * slope, 0.0)
        sums = Sums.of(request, lower, upper, moving)
        return cls(problem, request, price, problem.cost.power, lower, upper, moving, levels, sums)

    def __len__(self) -> int:
        return len(self.request)

    def options(self, column: int) -> list[int]:
        """Return the codes of a category or binary, in alphabetical order of their names."""
        feature = self.request.features.features[column]
        return list(feature.alphabetical) if feature.kind is Kind.CATEGORICAL else [0, 1]

    def allowed(self, column: int, code: int) -> Tensor:
        """Return who may have a level, bool `(people,)`: whoever has it, or can change to it."""
        box = self.request.box
        inside = (box.lower[:, column] <= code) & (code <= box.upper[:, column])
        return (self.request.factual[:, column] == code) | (inside & self.request.actionable[:, column])

    def parts(self, person: Tensor, values: Tensor) -> Tensor:
        """Return the weighted cost of each change, its root not taken, `(rows, features)`."""
        change = (values - self.request.factual[person]).abs()
        change = torch.where(self.request.features.categorical, (change > 0).to(change.dtype), change)
        return self.price[person] * (change if self.power == 1 else change**2)

    def total(self, person: Tensor, values: Tensor) -> Tensor:
        """Return the weighted cost, its root not taken, `(rows,)`."""
        return self.parts(person, values).sum(-1)

    def logit(self, values: Tensor) -> Tensor:
        """Return the logit `(rows,)`."""
        parts = [self.problem.classifier.logit(part) for part in values.split(_ROWS)]
        return torch.cat([values.new_zeros(0), *parts])

    def slopes(self, person: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logit `(rows,)` and its slope along numbers that can be moved, `(rows, features)`."""
        logits, slopes = [values.new_zeros(0)], [values[:0]]
        for part in values.split(_ROWS):
            with torch.enable_grad():
                x = part.detach().requires_grad_()
                logit = self.problem.classifier.logit(x)
                slope = torch.autograd.grad(logit.sum(), x)[0]
            logits.append(logit.detach())
            slopes.append(slope)
        return torch.cat(logits), torch.where(self.moving[person], torch.cat(slopes), 0.0)

    def snap(self, person: Tensor, values: Tensor) -> Tensor:
        """Return the nearest allowed values of numbers, `(rows, features)`; who stays may stay outside the box.

        Numbers of sums that are limited take others along.
        """
        box, whole, factual = self.request.box, self.request.features.whole, self.request.factual[person]
        rounded = torch.where(whole, values.round(), values)
        low, high = box.lower[person], box.upper[person]
        low, high = torch.where(whole, low.ceil(), low), torch.where(whole, high.floor(), high)
        inside = torch.minimum(torch.maximum(rounded, low), high)
        found = torch.where(self.moving[person], torch.where(rounded != factual, inside, factual), values)
        return self.sums.mended(person, found, whole=True)

    def keeps_rules(self, person: Tensor, values: Tensor) -> Tensor:
        """Return which rows break no rule that their person keeps, bool `(rows,)`."""
        if not self.request.features.rules:
            return torch.ones(len(values), dtype=torch.bool)
        return ~self.request.features.broken_rules(self.request.factual[person], values).any(-1)

    def passes(self, person: Tensor, values: Tensor, logit: Tensor | None = None) -> Tensor:
        """Return which rows are accepted with something to spare and keep the rules, bool `(rows,)`."""
        logit = self.logit(values) if logit is None else logit
        return (logit >= MARGIN) & self.keeps_rules(person, values)
