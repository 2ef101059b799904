"""What people who can act on the same features can do: the values of each feature, and what each costs."""

from __future__ import annotations

__all__ = ["Options", "grid_values"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import ArenaError, Request
from recourse_arena.problem.box import Box

_LARGEST_CODE = 2**62


@dataclass(frozen=True)
class Options:
    """The options of each feature: number 0 is to leave it alone, then come its grid values, ascending.

    A combination takes one option per feature. Its code reads the options' numbers as digits, the first
    feature's being the most significant.

    Arguments:
        columns: The features these people can act on.
        values: Value of each option, `(people, columns, options)`; that of option 0 is the factual.
        costs: Its weighted cost in double precision, likewise; infinite where a person has fewer options.
    """

    columns: tuple[int, ...]
    values: Tensor
    costs: Tensor

    @classmethod
    def of(cls, request: Request, box: Box, points: int) -> Options:
        """Return the options of people who can act on the same features, on the grid that spans `box`."""
        columns = request.actionable[:1].any(0).nonzero().squeeze(1)
        values = grid_values(request.factual, box, request.features.whole, points)
        costs = request.unit_cost.per_feature(request.factual, values) * request.weights
        usable = (values >= request.box.lower) & (values <= request.box.upper)
        usable[1:] &= values[1:] != values[:-1]
        values, costs, usable = (table[..., columns].permute(1, 2, 0) for table in (values, costs, usable))
        order = usable.sort(dim=-1, descending=True, stable=True).indices
        order = order[..., : int(usable.sum(-1).max()) if usable.numel() else 0]
        factual = request.factual[:, columns, None]
        usable = usable.gather(-1, order)
        values = torch.where(usable, values.gather(-1, order), factual)
        costs = torch.where(usable, costs.gather(-1, order).double(), torch.inf)
        options = cls(
            tuple(columns.tolist()),
            torch.cat([factual, values], -1),
            torch.cat([torch.zeros_like(factual, dtype=torch.double), costs], -1),
        )
        if (len(columns) + 1) * options.combinations > _LARGEST_CODE:
            raise ArenaError(
                f"solver grid: {len(columns)} features with {options.radix} options each are too many combinations; "
                f"take fewer points, as in 'grid?points=5'"
            )
        return options

    @property
    def radix(self) -> int:
        """Largest number of options of a feature."""
        return self.values.shape[-1]

    @property
    def combinations(self) -> int:
        """Number of codes."""
        return self.radix ** len(self.columns)

    def digits(self, codes: Tensor) -> Tensor:
        """Return the option of each feature, `(..., columns)`, in the combinations `codes`."""
        powers = [self.radix**i for i in reversed(range(len(self.columns)))]
        return torch.stack([codes // power % self.radix for power in powers], -1) if powers else codes[..., None][..., :0]

    def codes(self, digits: Tensor) -> Tensor:
        """Return the codes of combinations given by their options `(..., columns)`."""
        codes = digits.new_zeros(digits.shape[:-1])
        for digit in digits.unbind(-1):
            codes = codes * self.radix + digit
        return codes

    def action(self, people: Tensor, digits: Tensor, factual: Tensor) -> tuple[Tensor, Tensor]:
        """Return mask and values, `(rows, features)`, of combinations `digits` `(rows, columns)` of `people`."""
        values = factual[people]
        mask = torch.zeros_like(values, dtype=torch.bool)
        for slot, column in enumerate(self.columns):
            values[:, column] = self.values[people, slot, digits[:, slot]]
            mask[:, column] = digits[:, slot] > 0
        return mask, values


def grid_values(factual: Tensor, box: Box, whole: Tensor, points: int) -> Tensor:
    """Return the grid of each person and feature, `(points, people, features)`, ascending.

    It is `linspace(x - 2 (x - min), x + 2 (max - x), points)`, after the released oracle of CARMA, with whole
    numbers where `whole` `(features,)` says so. Written as one division, so that halves are exact before they
    are rounded (to even).

    Example:
        >>> box = Box(torch.tensor([0.0]), torch.tensor([3.0]))
        >>> grid_values(torch.tensor([[1.0]]), box, torch.tensor([False]), 5).flatten().tolist()
        [-1.0, 0.5, 2.0, 3.5, 5.0]
    """
    x, lower, upper = factual.double(), box.lower.double(), box.upper.double()
    steps = torch.arange(points, dtype=torch.double)[:, None, None]
    last = points - 1
    values = ((2 * lower - x) * (last - steps) + (2 * upper - x) * steps) / last
    return torch.where(whole, values.round(), values).to(factual.dtype)
