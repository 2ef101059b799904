"""What each person may set each feature to, cheapest first, and the cheapest combinations of that."""

from __future__ import annotations

__all__ = ["Ladder", "cheapest"]

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Kind
from recourse_arena_frontier.tables.terrain import Terrain

_SHARES = (1 / 64, 1 / 32, *(step / 16 for step in range(1, 17)))
"""Rungs of a number: shares of the range of all people, on either side of where somebody is, within their bounds.

Beside them stand the bounds, and what many accepted people have: whoever has that stands out least."""


@dataclass(frozen=True)
class Ladder:
    """The options of some features; the first of each is to stay, the others follow by cost.

    Arguments:
        columns: The features.
        values: By feature, the value of each option, `(people, options)`.
        costs: By feature, its weighted cost in double precision, infinite where somebody has fewer options.
    """

    columns: tuple[int, ...]
    values: tuple[Tensor, ...]
    costs: tuple[Tensor, ...]

    @classmethod
    def of(cls, terrain: Terrain, columns: Sequence[int]) -> Ladder:
        """Return the options of the people of a terrain."""
        found = [_options(terrain, column) for column in columns]
        return cls(tuple(columns), tuple(values for values, _ in found), tuple(costs for _, costs in found))

    def cheapest(self, terrain: Terrain, most: int) -> tuple[Tensor, Tensor]:
        """Return the `most` cheapest combinations of each person: people `(rows,)` and values `(rows, features)`."""
        costs, digits = cheapest(self.costs, most)
        person, rank = costs.isfinite().nonzero(as_tuple=True)
        values = terrain.request.factual[person]
        for place, column in enumerate(self.columns):
            values[:, column] = self.values[place][person, digits[person, rank, place].long()]
        return person, values


def _options(terrain: Terrain, column: int) -> tuple[Tensor, Tensor]:
    factual, feature = terrain.request.factual[:, column], terrain.request.features.features[column]
    everybody = torch.arange(len(terrain), device=factual.device)
    lower, upper = terrain.lower[:, column], terrain.upper[:, column]
    if feature.kind is Kind.CATEGORICAL:
        values = factual.new_tensor(feature.alphabetical).expand(len(terrain), -1)
    elif column in terrain.levels:
        least, greatest = (float(end[column]) for end in (terrain.problem.box.lower, terrain.problem.box.upper))
        values = torch.arange(least, greatest + 1).to(factual).expand(len(terrain), -1)
    else:
        values = _rungs(terrain, column, lower, upper)
    stays = values == factual[:, None]
    usable = (values >= lower[:, None]) & (values <= upper[:, None]) & ~stays & terrain.may(column)[:, None]
    repeated = torch.zeros_like(usable)
    if column in terrain.numbers:
        repeated[:, 1:] = values[:, 1:] == values[:, :-1]
    change = (values - factual[:, None]).abs().double()
    change = torch.ones_like(change) if feature.kind is Kind.CATEGORICAL else change
    costs = terrain.price[everybody, column, None].double() * (change if terrain.power == 1 else change.square())
    costs = torch.where(usable & ~repeated, costs, torch.inf)
    values = torch.cat([factual[:, None], values], 1)
    costs = torch.cat([torch.zeros_like(costs[:, :1]), costs], 1)
    order = costs.argsort(dim=1, stable=True)
    return values.gather(1, order), costs.gather(1, order)


def _rungs(terrain: Terrain, column: int, lower: Tensor, upper: Tensor) -> Tensor:
    """Return values of a number on both sides of the factual, ascending, the bounds among them, `(people, rungs)`."""
    factual = terrain.request.factual[:, column, None]
    box = terrain.problem.box
    span = box.upper[column] - box.lower[column]
    steps = factual.new_tensor(_SHARES) * span
    values = torch.cat([factual - steps.flip(0), factual + steps], 1)
    if terrain.request.features.whole[column]:
        values = values.round()
    values = torch.cat([values, terrain.common[column].expand(len(values), -1)], 1)
    values = torch.minimum(torch.maximum(values, lower[:, None]), upper[:, None])
    return torch.cat([lower[:, None], values, upper[:, None]], 1).sort(dim=1).values


def cheapest(costs: Sequence[Tensor], most: int) -> tuple[Tensor, Tensor]:
    """Return the cost `(people, most)` of the cheapest combinations of options, and which they are.

    One feature after the other is combined with the cheapest so far. As to stay costs nothing, the beginning of one of
    the `most` cheapest is among the `most` cheapest beginnings: none is missed. Number i (from 0) of the beginnings
    with number j of the options has (i + 1) (j + 1) - 1 before it at least, so few pairs are looked at.

    Arguments:
        costs: Of each feature, the cost of its options, ascending from 0, `(people, options)`.
        most: How many combinations are asked for.

    Returns:
        Costs `(people, combinations)`, ascending, infinite where there are no more; and the option of each feature,
        `(people, combinations, features)`. Of equally dear ones those come first whose first features stay longer.

    Example:
        >>> cost, digits = cheapest([torch.tensor([[0.0, 3.0]]), torch.tensor([[0.0, 1.0, 4.0]])], 4)
        >>> cost.tolist(), digits.tolist()
        ([[0.0, 1.0, 3.0, 4.0]], [[[0, 0], [0, 1], [1, 0], [0, 2]]])
    """
    people = len(costs[0]) if costs else 0
    like = costs[0] if costs else torch.zeros(0, 1, dtype=torch.double)
    total, digits = like.new_zeros(people, 1), like.new_zeros(people, 1, 0, dtype=torch.int16)
    for each in costs:
        one, other = torch.meshgrid(
            torch.arange(total.shape[1], device=like.device),
            torch.arange(each.shape[1], device=like.device),
            indexing="ij",
        )
        useful = (one + 1) * (other + 1) <= most
        one, other = one[useful], other[useful]
        total, order = (total[:, one] + each[:, other]).sort(dim=1, stable=True)
        total, order = total[:, :most], order[:, :most]
        before = digits.gather(1, one[order][:, :, None].expand(-1, -1, digits.shape[2]))
        digits = torch.cat([before, other[order][:, :, None].to(torch.int16)], 2)
    return total, digits
