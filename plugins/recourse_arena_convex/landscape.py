"""What actions lead to: cost, logit and log-density ratio over the space of actions, with their gradients."""

from __future__ import annotations

__all__ = ["Landscape", "Slopes"]

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from recourse_arena.problem.problem import Problem
from recourse_arena.problem.request import Request

_PLAIN = 1.0
"""Stands for the log-density ratio where plausibility is not asked for: satisfied everywhere."""


class Slopes(NamedTuple):
    """First-order model of the margins: value `(rows, 2)` and gradient `(rows, 2, actionable)`."""

    margins: Tensor
    gradient: Tensor


@dataclass(frozen=True)
class Landscape:
    """Searches side by side: each row is one person with one set of features to act upon.

    A point is a tensor `y` `(rows, actionable)`, with a column per globally actionable feature: its change from
    the factual in the unit that makes the weighted cost `y**2`. Margins are `(rows, 2)`: the logit, and the
    log-density of the counterfactual relative to the factual; both are at least 0 where the action is feasible.

    Arguments:
        problem: The problem.
        request: What the person of each row asks, `(rows, ...)`.
        person: Index of the person of each row, `(rows,)`.
        acted: Features acted upon, bool `(rows, features)`.
        baseline: Log-density of the factual, `(rows,)`.
        unit: Data units per unit of `y`, `(rows, actionable)`.
        lower: Smallest `y`, `(rows, actionable)`; equal to `upper` where nothing can be chosen.
        upper: Largest `y`.
    """

    problem: Problem
    request: Request
    person: Tensor
    acted: Tensor
    baseline: Tensor
    unit: Tensor
    lower: Tensor
    upper: Tensor

    @classmethod
    def of(cls, problem: Problem, request: Request, person: Tensor, acted: Tensor) -> Landscape:
        """Return the landscape of the people `person` of `request`, acting upon `acted`."""
        rows = request[person]
        columns = rows.features.actionable
        unit = 1 / (rows.weights * rows.unit_cost.curvature).sqrt()[:, columns]
        factual, free = rows.factual[:, columns], acted[:, columns]
        lower = torch.where(free, (rows.box.lower[:, columns] - factual) / unit, 0.0)
        upper = torch.where(free, (rows.box.upper[:, columns] - factual) / unit, 0.0)
        baseline = problem.flow.log_density(rows.factual) if request.plausibility else lower.new_zeros(len(rows))
        return cls(problem, rows, person, acted, baseline, unit, lower, upper)

    def __len__(self) -> int:
        return len(self.person)

    def __getitem__(self, rows: Tensor) -> Landscape:
        """Return some of the rows: indices or a bool tensor `(rows,)`."""
        return replace(
            self,
            request=self.request[rows],
            **{name: getattr(self, name)[rows] for name in ("person", "acted", "baseline", "unit", "lower", "upper")},
        )

    def clamp(self, y: Tensor) -> Tensor:
        """Return the nearest points inside the bounds."""
        return torch.minimum(torch.maximum(y, self.lower), self.upper)

    def values(self, y: Tensor) -> Tensor:
        """Return the values `(rows, features)` that points `y` stand for."""
        values = self.request.factual.clone()
        columns = self.request.features.actionable
        values[:, columns] = values[:, columns] + y.to(values.dtype) * self.unit
        return values

    def point(self, values: Tensor) -> Tensor:
        """Return the points `y` that stand for `values` `(rows, features)` of the acted-upon features."""
        columns = self.request.features.actionable
        y = (values - self.request.factual)[:, columns] / self.unit
        return torch.where(self.acted[:, columns], y, 0.0)

    def margins(self, y: Tensor) -> Tensor:
        """Return the margins `(rows, 2)` at points `y`."""
        return self.margins_of(self.values(y))

    def margins_of(self, values: Tensor) -> Tensor:
        """Return the margins `(rows, 2)` of setting acted-upon features to `values` `(rows, features)`."""
        after = self.problem.causal_model.counterfactual(self.request.factual, self.acted, values)
        logit = self.problem.classifier.logit(after)
        if not self.request.plausibility:
            return torch.stack([logit, torch.full_like(logit, _PLAIN)], 1)
        smallest = torch.finfo(logit.dtype).min / 2  # an impossible factual asks for nothing
        return torch.stack([logit, self.problem.flow.log_density(after) - self.baseline.clamp(min=smallest)], 1)

    @torch.enable_grad()
    def slopes(self, y: Tensor) -> Slopes:
        """Return margins and their gradients at points `y`; a gradient that is not a number counts as 0."""
        y = y.detach().requires_grad_()
        margins = self.margins(y)
        gradient = torch.zeros(len(y), 2, y.shape[1])
        for which in range(2 if self.request.plausibility else 1):
            (slope,) = torch.autograd.grad(margins[:, which].sum(), y, retain_graph=True)
            gradient[:, which] = slope
        free = self.lower < self.upper
        return Slopes(margins.detach(), torch.where(free[:, None], gradient, 0.0).nan_to_num(0.0, 0.0, 0.0))
