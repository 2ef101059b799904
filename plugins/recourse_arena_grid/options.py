"""What people who can act on the same features can do: the values of each feature, and what each costs."""

from __future__ import annotations

__all__ = ["Options", "grid_values", "widest"]

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from recourse_arena import Box, FeatureTable, Kind, Request

_ROUNDING = 1e-9
"""Points so close to a bound, relative to the box, lie on it."""


@dataclass(frozen=True)
class Options:
    """The options of each feature: number 0 is to leave it alone, then come its grid values, ascending.

    A category's options are its other levels, in alphabetical order of their names.

    Arguments:
        columns: The features that these people can act on, `(columns,)`.
        values: Value of each option, `(people, columns, options)`; that of option 0 is the factual.
        costs: Its weighted cost in double precision, likewise; infinite where a person has fewer options.
    """

    columns: Tensor
    values: Tensor
    costs: Tensor

    @classmethod
    def of(cls, request: Request, box: Box, points: int, *, effects: bool = True) -> Options:
        """Return the options of people who can all act on the same features, on the grid that spans `box`.

        Without `effects`, setting a feature to what it is does nothing, and is no option.
        """
        columns = request.actionable[0].nonzero().squeeze(1)
        values = grid_values(request.factual, box, request.features.whole, points)
        usable = torch.ones_like(values, dtype=torch.bool)
        usable[1:] = values[1:] != values[:-1]
        if request.features.mixed:
            values, usable = _with_levels(values, usable, request)
        costs = (request.unit_cost.per_feature(request.factual, values) * request.weights).double()
        usable &= (values >= request.box.lower) & (values <= request.box.upper)
        if not effects:
            usable &= values != request.factual
        values = torch.cat([request.factual[None], torch.where(usable, values, request.factual)])
        costs = torch.cat([torch.zeros_like(costs[:1]), torch.where(usable, costs, torch.inf)])
        usable = torch.cat([torch.ones_like(usable[:1]), usable])[..., columns].permute(1, 2, 0)
        # Each person's usable options move to the front, and what nobody has there is dropped.
        places = usable.sort(dim=-1, descending=True, stable=True).indices
        places = places[..., : max(usable.sum(-1).flatten().tolist(), default=1)]
        values, costs = (table[..., columns].permute(1, 2, 0).gather(-1, places) for table in (values, costs))
        return cls(columns, values, costs)

    @property
    def radix(self) -> int:
        """Largest number of options of a feature."""
        return self.values.shape[-1]

    @cached_property
    def widths(self) -> Tensor:
        """How many options each person has of each feature, `(people, columns)`."""
        places = torch.arange(1, self.radix + 1)
        return torch.where(self.costs < torch.inf, places, 0).amax(-1)

    @cached_property
    def combinations(self) -> Tensor:
        """Number of combinations of each person, `(people,)`, in double precision: there may be very many."""
        return self.widths.double().prod(-1)

    def action(self, people: Tensor, digits: Tensor, factual: Tensor) -> tuple[Tensor, Tensor]:
        """Return mask and values, `(rows, features)`, of combinations `digits` `(rows, columns)` of `people`."""
        values = factual[people]
        mask = torch.zeros_like(values, dtype=torch.bool)
        for slot, column in enumerate(self.columns.tolist()):
            values[:, column] = self.values[people, slot, digits[:, slot]]
            mask[:, column] = digits[:, slot] > 0
        return mask, values


def widest(features: FeatureTable, points: int) -> int:
    """Return how many options, to leave it alone included, a feature may have at most."""
    return 1 + max(points, *(len(feature.levels) for feature in features))


def _with_levels(values: Tensor, usable: Tensor, request: Request) -> tuple[Tensor, Tensor]:
    """Return values and which of them are options, `(options, people, features)`, with the levels of categories."""
    levels = max(len(feature.levels) for feature in request.features if feature.kind is Kind.CATEGORICAL)
    more = max(0, levels - len(values))
    values = torch.cat([values, request.factual.expand(more, *request.factual.shape)])
    usable = torch.cat([usable, usable.new_zeros(more, *usable.shape[1:])])
    for j, feature in enumerate(request.features):
        if feature.kind is Kind.CATEGORICAL:
            codes = values.new_tensor(feature.alphabetical)[:, None]
            values[: len(codes), :, j], values[len(codes) :, :, j] = codes, request.factual[:, j]
            usable[:, :, j] = values[:, :, j] != request.factual[:, j]
    return values, usable


def grid_values(factual: Tensor, box: Box, whole: Tensor, points: int) -> Tensor:
    """Return the grid of each person and feature, `(points, people, features)`, ascending.

    It is `linspace(x - 2 (x - min), x + 2 (max - x), points)`, our reading of the oracle of CARMA, rounded
    where `whole` `(features,)` says so.

    Example:
        >>> box = Box(torch.tensor([0.0]), torch.tensor([3.0]))
        >>> grid_values(torch.tensor([[1.0]]), box, torch.tensor([False]), 5).flatten().tolist()
        [-1.0, 0.5, 2.0, 3.5, 5.0]
    """
    x, lower, upper = factual.double(), box.lower.double(), box.upper.double()
    steps = torch.arange(points, dtype=torch.double)[:, None, None]
    last = points - 1
    # One division at the end keeps halves of whole numbers exact, which are then rounded to even.
    values = ((2 * lower - x) * (last - steps) + (2 * upper - x) * steps) / last
    for bound in (lower, upper):  # the grid of somebody at a bound has points there, which rounding must not lose
        values = torch.where((values - bound).abs() <= _ROUNDING * (upper - lower), bound, values)
    return torch.where(whole, values.round(), values).to(factual.dtype)
