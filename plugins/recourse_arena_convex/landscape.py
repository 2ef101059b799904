"""What actions lead to: logit and log-density of the counterfactual over the space of actions, and their slopes."""

from __future__ import annotations

__all__ = ["Landscape", "Slopes"]

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from recourse_arena import Problem, Request

_LOGIT_ERROR, _DENSITY_ERROR = 256, 32
"""What two batches may disagree about, in units of the last place; of the density relative to its size."""

_SATISFIED = 1.0
"""Stands for the density margin where plausibility is not asked for."""

_LARGEST = 1e6
"""Margins are kept within this, so that impossible actions have a place and no infinities."""

_FLATTEST = 1e-2
"""Least slope that is believed: flatter ones would make small misses look far away."""


class Slopes(NamedTuple):
    """Margins `(rows, 2)` and their gradients `(rows, 2, actionable)`."""

    margins: Tensor
    gradient: Tensor

    @property
    def scale(self) -> Tensor:
        """Slope of each margin, `(rows, 2)`: what turns margins into distances."""
        return self.gradient.norm(dim=-1).clamp(min=_FLATTEST)


@dataclass(frozen=True)
class Landscape:
    """Searches side by side: each row is one person with one set of features to act upon.

    A point `y` `(rows, actionable)` holds the change of each globally actionable feature, in the unit in which
    the weighted cost is `|y|**2`. Margins `(rows, 2)` are the logit, and the log-density relative to the factual,
    less their rounding errors: an action is feasible where both are at least 0.

    Arguments:
        problem: The problem.
        request: What the person of each row asks, `(rows, ...)`.
        person: Index of the person of each row, `(rows,)`.
        acted: Features acted upon, bool `(rows, features)`.
        required: The least logit and log-density, `(rows, 2)`.
        unit: Data units per unit of `y`, `(rows, actionable)`.
        lower: Smallest `y`, `(rows, actionable)`; equal to `upper` where there is no choice.
        upper: Largest `y`.
    """

    problem: Problem
    request: Request
    person: Tensor
    acted: Tensor
    required: Tensor
    unit: Tensor
    lower: Tensor
    upper: Tensor

    @classmethod
    def of(cls, problem: Problem, request: Request, person: Tensor, acted: Tensor, *, margin: float = 0.0) -> Landscape:
        """Return the landscape of the people `person` `(rows,)` of `request`, acting upon `acted`.

        Their log-density is to exceed the factual's by a `margin` in nats.
        """
        precision = torch.finfo(request.factual.dtype).eps
        required = request.factual.new_full((len(request), 2), _LOGIT_ERROR * precision)
        if request.plausibility:
            # Who is impossible may become anything possible; who has no density that is a number, nothing.
            density = problem.density(request).log_density(request.factual).clamp(min=-_LARGEST)
            required[:, 1] = (density + _DENSITY_ERROR * precision * (1 + density.abs()) + margin).nan_to_num(
                nan=_LARGEST
            )
        rows = request[person]
        unit = rows.prices.rsqrt()
        ends = (rows.snap(end) - rows.factual for end in (rows.box.lower, rows.box.upper))
        lower, upper = (torch.where(acted, end / unit, 0.0) for end in ends)
        tables = (table[:, rows.features.actionable] for table in (unit, lower, upper))
        return cls(problem, rows, person, acted, required[person], *tables)

    def __len__(self) -> int:
        return len(self.person)

    def __getitem__(self, rows: Tensor) -> Landscape:
        """Return some of the rows: indices, or a bool tensor `(rows,)`."""
        names = ("person", "acted", "required", "unit", "lower", "upper")
        return replace(self, request=self.request[rows], **{name: getattr(self, name)[rows] for name in names})

    @property
    def free(self) -> Tensor:
        """Which changes can be chosen, bool `(rows, actionable)`."""
        return self.lower < self.upper

    @property
    def whole(self) -> Tensor:
        """Which changes can be chosen but must make whole numbers, bool `(rows, actionable)`."""
        features = self.request.features
        return self.free & features.whole[features.actionable]

    def held(self, y: Tensor) -> Landscape:
        """Return the same rows with whole-number features held where they are at the points `y`."""
        lower, upper = (torch.where(self.whole, y, end) for end in (self.lower, self.upper))
        return replace(self, lower=lower, upper=upper)

    def clamp(self, y: Tensor) -> Tensor:
        """Return the nearest points inside the bounds."""
        return torch.minimum(torch.maximum(y, self.lower), self.upper)

    def points(self, values: Tensor) -> Tensor:
        """Return the points inside the bounds nearest to `values` `(rows, features)`."""
        return self.clamp((values - self.request.factual)[:, self.request.features.actionable] / self.unit)

    def values(self, y: Tensor) -> Tensor:
        """Return the values `(rows, features)` that points stand for; gradients pass as if nothing was rounded.

        They are inside the box, and whole where whole-number features are held; only those that can still be
        chosen are relaxed.
        """
        features, factual = self.request.features, self.request.factual
        change, relaxed = torch.zeros_like(factual), torch.zeros_like(self.acted)
        change[:, features.actionable] = y * self.unit
        relaxed[:, features.actionable] = self.whole
        values = factual + change
        snapped = self.request.box.snap(values, features.whole & ~relaxed)
        return torch.where(self.acted, values + (snapped - values).detach(), factual)

    def margins(self, y: Tensor) -> Tensor:
        """Return the margins `(rows, 2)` at points `y`; very small where they are not numbers."""
        after = self.problem.causal_model.counterfactual(self.request.factual, self.acted, self.values(y))
        logit = self.problem.classifier.logit(after)
        if self.request.plausibility:
            density = self.problem.density(self.request).log_density(after)
        else:
            density = self.required[:, 1] + _SATISFIED
        margins = torch.stack([logit, density], 1) - self.required
        return torch.where(margins.isnan(), -_LARGEST, margins.clamp(-_LARGEST, _LARGEST))

    @torch.enable_grad()
    def slopes(self, y: Tensor) -> Slopes:
        """Return margins and their gradients at points `y`; a gradient that is not a number counts as 0."""
        y = y.detach().requires_grad_()
        margins = self.margins(y)
        gradient = y.new_zeros(len(y), 2, y.shape[1])
        for which, margin in enumerate(margins.unbind(1)):
            if margin.requires_grad:  # not so if it does not depend on the action at all
                (gradient[:, which],) = torch.autograd.grad(margin.sum(), y, retain_graph=True)
        known = self.free[:, None] & gradient.isfinite()
        return Slopes(margins.detach(), torch.where(known, gradient, 0.0))

    def feasible(self, margins: Tensor) -> Tensor:
        """Return which rows are feasible actions, bool `(rows,)`: those with good margins and nothing relaxed."""
        return (margins >= 0).all(1) & ~self.whole.any(1)
