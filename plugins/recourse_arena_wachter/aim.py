"""What is minimised, and the best of what has been seen."""

from __future__ import annotations

__all__ = ["SLACK", "Aim", "Best"]

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena import Problem, Request

SLACK = 1e-4
"""Log odds an accepted counterfactual has at least: the last place of a sum depends on how many people are in it."""


@dataclass(frozen=True)
class Aim:
    """Decision and distance of actions of the people who ask.

    Arguments:
        problem: What the solver may know.
        request: The people.
        mad: Whether distance is the MAD-weighted sum of changes instead of the cost.
    """

    problem: Problem
    request: Request
    mad: bool

    def __getitem__(self, people: Tensor) -> Aim:
        """Return that of some of the people."""
        return replace(self, request=self.request[people])

    def logit(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return the log odds `(people,)` of a positive decision after `do(x_j = values_j)` for masked j."""
        after = self.problem.causal_model.counterfactual(self.request.factual, mask, values)
        return self.problem.classifier.logit(after)

    def accepts(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return whose action leads to a positive decision, bool `(people,)`."""
        return self.logit(mask, values) >= SLACK

    def distance(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return how far the actions go, `(people,)`."""
        if not self.mad:
            return self.request.cost(values, mask)
        change = (values - self.request.factual).abs() / self._deviation * self.request.weights
        return torch.where(mask, change, 0.0).sum(1)

    @property
    def _deviation(self) -> Tensor:
        """Median absolute deviation of each feature, its standard deviation where more than half are alike."""
        x = self.problem.training.x
        median = (x - x.median(0).values).abs().median(0).values
        return torch.where(median > 0, median, self.request.unit_cost.sd)


@dataclass
class Best:
    """The nearest accepted action of each person seen so far.

    Arguments:
        distance: Its distance, `(people,)`; infinite while there is none.
        mask: Features acted upon, bool `(people, features)`.
        values: Their values.
    """

    distance: Tensor
    mask: Tensor
    values: Tensor

    @classmethod
    def none(cls, request: Request) -> Best:
        """Return no action for anybody."""
        nowhere = torch.full_like(request.factual[:, 0], torch.inf)
        return cls(nowhere, torch.zeros_like(request.actionable), request.factual.clone())

    @property
    def found(self) -> Tensor:
        """Who has an action, bool `(people,)`."""
        return self.distance.isfinite()

    def take(self, accepted: Tensor, distance: Tensor, mask: Tensor, values: Tensor) -> None:
        """Take over the actions of the people `accepted` `(people,)`, where they are nearer."""
        self.put(accepted & (distance < self.distance), distance, mask, values)

    def put(self, people: Tensor, distance: Tensor, mask: Tensor, values: Tensor) -> None:
        """Replace the actions of `people`, bool `(people,)`."""
        self.distance = torch.where(people, distance, self.distance)
        self.mask = torch.where(people[:, None], mask, self.mask)
        self.values = torch.where(people[:, None], values, self.values)
