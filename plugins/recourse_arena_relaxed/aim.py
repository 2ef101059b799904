"""What a method asks of a counterfactual beyond that it is accepted, and the ground on which that is asked."""

from __future__ import annotations

__all__ = ["Aim", "Criterion"]

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import torch
from torch import Tensor
from torch.nn.functional import softplus

from recourse_arena import Problem, Request
from recourse_arena_relaxed.columns import Columns
from recourse_arena_relaxed.ground import SLACK, Ground


class Criterion:
    """What a method asks of the columns of a counterfactual, and what it minimises on the way there.

    Arguments:
        columns: The decision model on columns.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns

    def __getitem__(self, rows: slice | Tensor) -> Criterion:
        """Return what is asked of some of the people: the same, unless it depends on who they are."""
        return self

    def surplus(self, z: Tensor) -> Tensor:
        """Return by how much columns `(rows, columns)` are surer than asked for, `(rows,)`; 0 is enough."""
        raise NotImplementedError

    def loss(self, z: Tensor) -> Tensor:
        """Return what is minimised beside the cost, `(rows,)`: the cross-entropy of the surplus, read as log odds."""
        return softplus(-self.surplus(z))

    def in_full(self) -> Criterion:
        """Return the whole test, where `surplus` is a quicker one; else the criterion itself."""
        return self


@dataclass(frozen=True)
class Aim(Ground):
    """Ground on which whoever is accepted passes a criterion as well.

    Arguments:
        criterion: The criterion.
        straight: Whether distance is the sum of changes of columns, in ranges; else it is the weighted cost.
    """

    criterion: Criterion
    straight: bool = False

    @classmethod
    def at(cls, problem: Problem, request: Request, criterion: Criterion, *, straight: bool = False) -> Aim:
        """Return the ground of all that people can act on."""
        ground = Ground.of(problem, request)
        return cls(problem, request, ground.free, ground.held, criterion, straight)

    def __getitem__(self, rows: slice | Tensor) -> Self:
        """Return that of some rows, in some order."""
        return replace(super().__getitem__(rows), criterion=self.criterion[rows])

    def in_full(self) -> Aim:
        """Return the ground of the whole test."""
        whole = self.criterion.in_full()
        return self if whole is self.criterion else replace(self, criterion=whole)

    def columns(self, place: Tensor) -> Tensor:
        """Return the columns `(rows, columns)` of what follows from being at a place `(rows, columns)`."""
        if self.relaxed or self.problem.without_effects is not None:
            return place
        return self.encoding.encode(self.after(self.acted, self.values(place)))

    def accepts(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return whose action leads to a positive decision, breaks no rule and passes, bool `(rows,)`."""
        accepted = super().accepts(mask, values)
        rows = accepted.nonzero()[:, 0]
        if len(rows):
            here = self[rows]
            after = here.after(mask[rows], values[rows])
            accepted[rows] = here.criterion.surplus(self.encoding.encode(after)).detach() >= SLACK
        return accepted

    def passes(self, place: Tensor) -> Tensor:
        """Return who would pass between two levels of a category, bool `(rows,)`."""
        z = self.columns(place)
        return (self.logit(place) >= SLACK).detach() & (self.criterion.surplus(z).detach() >= SLACK)

    def objective(self, price: float, place: Tensor) -> Tensor:
        """Return the loss of the criterion and the price of distance, `(rows,)`, of places `(rows, columns)`."""
        return self.criterion.loss(self.columns(place)) + price * self.distance(place)

    def distance(self, place: Tensor) -> Tensor:
        """Return how far places `(rows, columns)` are, `(rows,)`: 1 for a typical column moved by a unit."""
        if self.straight:
            return ((place - self.encoding.encode(self.request.factual)).abs() / self._span).sum(1)
        request, categorical = self.request, self.request.features.categorical
        parts = request.unit_cost.per_feature(request.factual, self.values(place)) * request.weights
        moved = torch.where(self._here, 0.0, place) * (self.encoding.codes >= 0)
        levels = (moved * self.encoding.spread(self._price)).sum(1)
        return (torch.where(categorical, 0.0, parts).sum(1) + levels) / self._typical

    @cached_property
    def _here(self) -> Tensor:
        """Which columns are levels that people have now, bool `(rows, columns)`."""
        return self.encoding.spread(self.request.factual) == self.encoding.codes

    @cached_property
    def _price(self) -> Tensor:
        """Weighted cost of a standard deviation of each number and of another level, `(rows, features)`."""
        request = self.request
        unit = torch.where(request.features.categorical, 1.0, self.encoding.sd)
        return request.unit_cost.per_feature(request.factual, request.factual + unit) * request.weights

    @cached_property
    def _typical(self) -> Tensor:
        free = self.request.actionable
        price = torch.where(free, self._price, 0.0).sum(1) / free.sum(1).clamp(min=1)
        return price.clamp(min=1e-9)

    @cached_property
    def _span(self) -> Tensor:
        return self.criterion.columns.units("range")
