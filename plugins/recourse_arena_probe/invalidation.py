"""How often a counterfactual that is carried out noisily is refused."""

from __future__ import annotations

__all__ = ["Invalidation"]

import torch
from torch import Tensor
from torch.nn.functional import softplus

from recourse_arena import generator
from recourse_arena_relaxed import Columns, Criterion

_WEIGHT = 3.0
"""What too high a rate weighs beside the cross-entropy [code]."""

_EVEN = 0.005
"""How far above the target a rate by draws may be [code]."""


class Invalidation(Criterion):
    """That the invalidation rate is at most a target.

    Arguments:
        columns: The decision model on columns.
        noise: Standard deviation of the noise of each column, `(columns,)`.
        target: The rate.
        draws: Draws of the whole test.
        sampled: Whether the rate is counted over draws, or to first order.
    """

    def __init__(self, columns: Columns, noise: Tensor, target: float, draws: int, *, sampled: bool = False) -> None:
        super().__init__(columns)
        self.noise, self.target, self.draws, self.sampled = noise, target, draws, sampled

    def rate(self, z: Tensor) -> Tensor:
        """Return the rate to first order, `1 - Phi(h / (noise ||grad h||))`, `(rows,)`; slopes are held constant."""
        _, slope = self.columns.slope(z)
        spread = (slope * self.noise.to(z.dtype)).double().norm(dim=1).to(z.dtype).clamp(min=1e-12)
        return torch.special.ndtr(-self.columns.logit(z) / spread)

    def counted(self, z: Tensor) -> Tensor:
        """Return the share of draws of noise after which columns `(rows, columns)` are refused, `(rows,)`."""
        draws = torch.randn(self.draws, len(self.noise), generator=generator(0, "probe", "noise"))
        return (self.columns.around(z.detach(), (draws * self.noise).to(z.dtype)) < 0).double().mean(1)

    def surplus(self, z: Tensor) -> Tensor:
        """Return how far the rate is below what is asked for, `(rows,)`."""
        return self.target + _EVEN - self.counted(z) if self.sampled else self.target - self.rate(z)

    def loss(self, z: Tensor) -> Tensor:
        """Return `3 max(0, IR - target)` and the cross-entropy of acceptance, `(rows,)`."""
        return _WEIGHT * (self.rate(z) - self.target).clamp(min=0) + softplus(-self.columns.logit(z))

    def in_full(self) -> Invalidation:
        """Return the test by draws."""
        return Invalidation(self.columns, self.noise, self.target, self.draws, sampled=True)
