"""What is minimised, and the best of what has been seen."""

from __future__ import annotations

__all__ = ["SLACK", "Aim", "Best"]

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from recourse_arena import Asking, Request

SLACK = 1e-4
"""Log odds an accepted counterfactual has at least: the last place of a sum depends on how many people are in it."""


@dataclass(frozen=True)
class Aim(Asking):
    """Decision and distance of actions of the people who ask.

    Arguments:
        problem: What the solver may know.
        request: The people.
        mad: Whether distance is the MAD-weighted sum of changes instead of the cost.
    """

    mad: bool

    def logit(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return the log odds `(people,)` of a positive decision after `do(x_j = values_j)` for masked j."""
        return self.problem.classifier.logit(self.after(mask, values))

    def accepts(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return whose action leads to a positive decision and breaks no rule, bool `(people,)`."""
        after = self.after(mask, values)
        return (self.problem.classifier.logit(after) >= SLACK) & self.keeps_rules(after)

    def distance(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return how far the actions go, `(people,)`; of a cost that is a root its square, for gradients at 0."""
        if not self.mad and self.request.unit_cost.quadratic:
            return self.request.cost(values, mask)
        return torch.where(mask, self.parts(values), 0.0).sum(1)

    def parts(self, values: Tensor) -> Tensor:
        """Return how far each feature goes by itself, weighted, like `values` `(people, features)`."""
        request = self.request
        if not self.mad:
            return request.unit_cost.per_feature(request.factual, values) * request.weights
        change = (values - request.factual).abs() / self._deviation
        if request.features.mixed:
            change = torch.where(request.features.categorical, (values != request.factual).to(change.dtype), change)
        return change * request.weights

    @cached_property
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

    def offer(self, person: Tensor, found: Best) -> None:
        """Take over the nearest of the actions `found` of people `person` `(rows,)`, the first of equally near ones."""
        nearest = self.distance.scatter_reduce(0, person, found.distance, "amin")
        rows, none = torch.arange(len(person)), len(person)
        wins = found.found & (found.distance < self.distance[person]) & (found.distance == nearest[person])
        first = torch.full(self.distance.shape, none).scatter_reduce(0, person, torch.where(wins, rows, none), "amin")
        better = first < none
        taken = first[better]
        self.distance[better], self.mask[better], self.values[better] = (
            found.distance[taken],
            found.mask[taken],
            found.values[taken],
        )
