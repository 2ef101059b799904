"""A linear model for each person, and the worst that it says when its weights move within a box."""

from __future__ import annotations

__all__ = ["Surrogate"]

import torch
from torch import Tensor

from recourse_arena import generator
from recourse_arena_relaxed import Columns, Criterion

_DRAWS, _SPREAD, _RIDGE = 1000, 1.0, 1.0
"""LIME: points, their standard deviation in units of the encoding, and the penalty of its regression."""


class Surrogate(Criterion):
    """That a linear model of each person accepts, whatever its weights are within a box.

    Arguments:
        columns: The decision model on columns.
        weight: The weights, `(rows, columns)`.
        bias: The intercepts, `(rows,)`.
        delta: How far each of them may move.
    """

    def __init__(self, columns: Columns, weight: Tensor, bias: Tensor, delta: float) -> None:
        super().__init__(columns)
        self.weight, self.bias, self.delta = weight, bias, delta

    @classmethod
    def by_gradient(cls, columns: Columns, z: Tensor, delta: float) -> Surrogate:
        """Return the tangents at columns `z` `(rows, columns)`."""
        logit, slope = columns.slope(z)
        return cls(columns, slope, logit - (slope * z).sum(1), delta)

    @classmethod
    def by_lime(cls, columns: Columns, z: Tensor, delta: float) -> Surrogate:
        """Return ridge regressions of the log odds on points around `z` `(rows, columns)`, the nearer the heavier.

        LIME (arXiv 1602.04938) with its kernel, `exp(-d^2 / width^2)` of width .75 times the root of the columns; log
        odds instead of probabilities are a reading, for they are what the box of weights is about.
        """
        count = z.shape[1]
        draws = torch.randn(_DRAWS, count, generator=generator(0, "roar", "lime"), dtype=torch.double) * _SPREAD
        heavy = (-draws.square().sum(1) / (0.75**2 * count)).exp()
        logits = columns.around(z, draws.to(z.dtype)).double()
        points = torch.cat([draws, torch.ones_like(draws[:, :1])], 1)
        penalty = torch.eye(count + 1, dtype=torch.double) * _RIDGE
        penalty[-1, -1] = 0
        left = (points * heavy[:, None]).T @ points + penalty
        found = torch.linalg.solve(left, (points * heavy[:, None]).T @ logits.T).T
        weight = found[:, :-1].to(z.dtype)
        return cls(columns, weight, found[:, -1].to(z.dtype) - (weight * z).sum(1), delta)

    def __getitem__(self, rows: slice | Tensor) -> Surrogate:
        return Surrogate(self.columns, self.weight[rows], self.bias[rows], self.delta)

    def surplus(self, z: Tensor) -> Tensor:
        """Return the least log odds of the linear models over their boxes, `(rows,)`."""
        middle = (self.weight * z).sum(1) + self.bias
        return middle - self.delta * (z.abs().sum(1) + 1)
