"""How stably a counterfactual is accepted, looking around it."""

from __future__ import annotations

__all__ = ["Stability"]

from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import softplus

from recourse_arena import generator
from recourse_arena_relaxed import Columns, Criterion

_QUICK = 16
"""The quick test takes the first of so many draws."""


class Stability(Criterion):
    """That the stability is at least as asked for.

    Arguments:
        columns: The decision model on columns.
        noise: Standard deviation of draws of each column, `(columns,)`.
        least: The least stability.
        draws: How many draws there are.
        quick: Whether a part of them is looked at.
    """

    def __init__(self, columns: Columns, noise: Tensor, least: float, draws: int, *, quick: bool = True) -> None:
        super().__init__(columns)
        self.noise, self.least, self.draws, self.quick = noise, least, draws, quick

    @cached_property
    def _around(self) -> Tensor:
        drawn = torch.randn(self.draws, len(self.noise), generator=generator(0, "trex", "noise")) * self.noise
        return drawn[: max(1, self.draws // _QUICK)] if self.quick else drawn

    def stability(self, z: Tensor) -> Tensor:
        """Return `mean f(x_i) - mean |f(x') - f(x_i)|` of columns `(rows, columns)`, `(rows,)`."""
        here = self.columns.logit(z).sigmoid()
        around = self.columns.around(z, self._around.to(z.dtype)).sigmoid()
        return around.mean(1) - (here[:, None] - around).abs().mean(1)

    def surplus(self, z: Tensor) -> Tensor:
        """Return how far the stability is above what is asked for, `(rows,)`."""
        return self.stability(z) - self.least

    def loss(self, z: Tensor) -> Tensor:
        """Return the cross-entropy of acceptance and what the stability lacks, `(rows,)`."""
        return softplus(-self.columns.logit(z)) + (self.least - self.stability(z)).clamp(min=0)

    def in_full(self) -> Stability:
        """Return the test with all draws."""
        return Stability(self.columns, self.noise, self.least, self.draws, quick=False) if self.quick else self
