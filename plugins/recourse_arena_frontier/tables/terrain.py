"""People of a table, what each may do, what that costs, and whether it is enough."""

from __future__ import annotations

__all__ = ["Terrain", "split"]

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Kind, Problem, Request

_ROWS = 16_384
"""People looked at by the decision model at once."""

_FEW = 16
"""Most values of a whole-number feature whose values are gone through one by one, as levels are."""


@dataclass(frozen=True)
class Terrain:
    """A batch of people; rows of candidates name their person by its number.

    Arguments:
        problem: The problem.
        request: What they ask.
        price: Weighted cost of a change by 1, or to another level, `(people, features)`.
        power: Exponent of changes in the cost.
        lower: Least values that are feasible, whole where they have to be, `(people, features)`.
        upper: Greatest values.
        levels: Columns of actionable features whose values are gone through: categories, binaries, small ordinals.
        numbers: Columns of the other actionable features.
        common: Values that many accepted people have of each of these, by its column.
    """

    problem: Problem
    request: Request
    price: Tensor
    power: int
    lower: Tensor
    upper: Tensor
    levels: tuple[int, ...]
    numbers: tuple[int, ...]
    common: Mapping[int, Tensor]

    @classmethod
    def of(cls, problem: Problem, request: Request, common: Mapping[int, Tensor]) -> Terrain:
        """Return the terrain of a request."""
        features, box = request.features, request.box
        lower = torch.where(features.whole, box.lower.ceil(), box.lower)
        upper = torch.where(features.whole, box.upper.floor(), box.upper)
        cost = request.unit_cost
        price = request.weights * cost.slope.to(request.factual)
        levels, numbers = split(problem)
        return cls(problem, request, price, cost.power, lower, upper, levels, numbers, common)

    def __len__(self) -> int:
        return len(self.request)

    def may(self, column: int) -> Tensor:
        """Return who can move a feature to something else, bool `(people,)`."""
        one = (self.lower[:, column] == self.upper[:, column]) & (
            self.request.factual[:, column] == self.lower[:, column]
        )
        return self.request.actionable[:, column] & (self.lower[:, column] <= self.upper[:, column]) & ~one

    def inside(self, column: int, values: Tensor, person: Tensor) -> Tensor:
        """Return which values `(rows,)` of a feature the person of each row may set, bool."""
        return (self.lower[person, column] <= values) & (values <= self.upper[person, column])

    def parts(self, person: Tensor, values: Tensor) -> Tensor:
        """Return the weighted cost of each change, its root not taken, `(rows, features)`."""
        change = (values - self.request.factual[person]).abs()
        change = torch.where(self.request.features.categorical, (change > 0).to(change.dtype), change)
        return self.price[person] * (change if self.power == 1 else change.square())

    def total(self, person: Tensor, values: Tensor) -> Tensor:
        """Return the weighted cost `(rows,)`, its root not taken, in double precision."""
        parts = self.parts(person, values).double()
        found = parts.new_zeros(len(parts))
        for column in (*self.levels, *self.numbers):  # one after the other: a sum over rows may be in another order
            found = found + parts[:, column]
        return found

    def snapped(self, person: Tensor, values: Tensor) -> Tensor:
        """Return the nearest values that the person of each row may have; what stays may stay outside the box."""
        factual, whole = self.request.factual[person], self.request.features.whole
        rounded = torch.where(whole, values.round(), values)
        inside = torch.minimum(torch.maximum(rounded, self.lower[person]), self.upper[person])
        free = self.request.actionable[person] & (self.lower <= self.upper)[person]
        return torch.where(free & (rounded != factual), inside, factual)

    def keeps_rules(self, person: Tensor, values: Tensor) -> Tensor:
        """Return which rows break no rule that their person keeps, bool `(rows,)`."""
        if not self.request.features.rules:
            return torch.ones_like(person, dtype=torch.bool)
        return ~self.request.features.broken_rules(self.request.factual[person], values).any(-1)

    def passes(self, person: Tensor, values: Tensor) -> Tensor:
        """Return which rows are accepted and break no rule, bool `(rows,)`."""
        found = [self.problem.decisions.accepts(part) for part in values.split(_ROWS)]
        accepted = torch.cat(found) if found else torch.zeros_like(person, dtype=torch.bool)
        return accepted & self.keeps_rules(person, values)


def split(problem: Problem) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the columns of actionable features with few values, and those of all others."""
    few: list[int] = []
    many: list[int] = []
    for column, feature in enumerate(problem.features):
        if not problem.features.actionable[column]:
            continue
        count = float(problem.box.upper[column].floor() - problem.box.lower[column].ceil()) + 1
        level = feature.kind in (Kind.CATEGORICAL, Kind.BINARY) or (feature.whole and count <= _FEW)
        (few if level else many).append(column)
    return tuple(few), tuple(many)
