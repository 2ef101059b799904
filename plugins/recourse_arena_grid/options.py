"""What people who can act on the same features can do: the values of each feature, and what each costs."""

from __future__ import annotations

__all__ = ["Options", "grid_values"]

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from recourse_arena import ArenaError, Box, Request

_MOST_COMBINATIONS = 2**56

_ROUNDING = 1e-9
"""Points so close to a bound, relative to the box, lie on it."""


@dataclass(frozen=True)
class Options:
    """The options of each feature: number 0 is to leave it alone, then come its grid values, ascending.

    A combination takes one option of each feature. Its code has their numbers as digits, that of the first
    feature in front.

    Arguments:
        columns: The features that these people can act on, `(columns,)`.
        values: Value of each option, `(people, columns, options)`; that of option 0 is the factual.
        costs: Its weighted cost in double precision, likewise; infinite where a person has fewer options.
    """

    columns: Tensor
    values: Tensor
    costs: Tensor

    def __post_init__(self) -> None:
        if self.combinations > _MOST_COMBINATIONS:
            raise ArenaError(
                f"solver grid: {self.radix} options for each of {len(self.columns)} features are too many to combine;\n"
                f"take fewer points, as in 'grid?points=5'"
            )

    @classmethod
    def of(cls, request: Request, box: Box, points: int) -> Options:
        """Return the options of people who can all act on the same features, on the grid that spans `box`.

        Raises:
            ArenaError: If there are more combinations than can be numbered.
        """
        columns = request.actionable[0].nonzero().squeeze(1)
        values = grid_values(request.factual, box, request.features.whole, points)
        costs = (request.unit_cost.per_feature(request.factual, values) * request.weights).double()
        usable = (values >= request.box.lower) & (values <= request.box.upper)
        usable[1:] &= values[1:] != values[:-1]
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

    @property
    def combinations(self) -> int:
        """Number of codes."""
        return self.radix ** len(self.columns)

    @cached_property
    def _powers(self) -> Tensor:
        return self.radix ** torch.arange(len(self.columns)).flip(0)

    def digits(self, codes: Tensor) -> Tensor:
        """Return the option of each feature, `(..., columns)`, in the combinations `codes` `(...,)`."""
        return codes[..., None] // self._powers % self.radix

    def codes(self, digits: Tensor) -> Tensor:
        """Return the codes `(...,)` of combinations given by their options `(..., columns)`."""
        return (digits * self._powers).sum(-1)

    def action(self, people: Tensor, digits: Tensor, factual: Tensor) -> tuple[Tensor, Tensor]:
        """Return mask and values, `(rows, features)`, of combinations `digits` `(rows, columns)` of `people`."""
        values = factual[people]
        mask = torch.zeros_like(values, dtype=torch.bool)
        for slot, column in enumerate(self.columns.tolist()):
            values[:, column] = self.values[people, slot, digits[:, slot]]
            mask[:, column] = digits[:, slot] > 0
        return mask, values


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
