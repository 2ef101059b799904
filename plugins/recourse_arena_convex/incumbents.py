"""The cheapest feasible action seen so far, for each person."""

from __future__ import annotations

__all__ = ["Incumbents"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Problem, Request
from recourse_arena_convex.landscape import Landscape


@dataclass
class Incumbents:
    """Best actions by person.

    Arguments:
        cost: Weighted cost, `(people,)`; infinite while there is none.
        acted: Features acted upon, bool `(people, features)`.
        values: Their values, `(people, features)`.
    """

    cost: Tensor
    acted: Tensor
    values: Tensor

    @classmethod
    def none(cls, request: Request) -> Incumbents:
        """Return no action for anybody."""
        cost = request.factual.new_full((len(request),), torch.inf)
        return cls(cost, torch.zeros_like(request.actionable), request.factual.clone())

    def __getitem__(self, people: slice | Tensor) -> Incumbents:
        """Return those of some people."""
        return Incumbents(self.cost[people], self.acted[people], self.values[people])

    def __setitem__(self, people: slice | Tensor, others: Incumbents) -> None:
        """Replace those of some people."""
        self.cost[people], self.acted[people], self.values[people] = others.cost, others.acted, others.values

    @property
    def found(self) -> Tensor:
        """Who has an action, bool `(people,)`."""
        return self.cost < torch.inf

    def offer(self, landscape: Landscape, y: Tensor, margins: Tensor) -> None:
        """Take up the points `y` that are feasible by their `margins` and cheaper; the first of equally cheap ones."""
        rows = landscape.feasible(margins).nonzero()[:, 0]
        landscape = landscape[rows]
        values = landscape.values(y[rows])
        cost, person = landscape.request.cost(values, landscape.acted), landscape.person
        cheapest = self.cost.scatter_reduce(0, person, cost, "amin")
        better = (cost < self.cost[person]) & (cost == cheapest[person])
        none = len(cost)
        place = torch.where(better, torch.arange(none), none)
        first = torch.full(self.cost.shape, none).scatter_reduce(0, person, place, "amin")
        rows = first[first < none]
        self[first < none] = Incumbents(cost[rows], landscape.acted[rows], values[rows])

    def landscape(self, problem: Problem, request: Request, *, margin: float = 0.0) -> tuple[Landscape, Tensor]:
        """Return the landscape of those who have an action, acting as they do, and the points where they stand."""
        people = self.found.nonzero()[:, 0]
        landscape = Landscape.of(problem, request, people, self.acted[people], margin=margin)
        return landscape, landscape.points(self.values[people])
