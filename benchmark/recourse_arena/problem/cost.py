"""What an action costs."""

from __future__ import annotations

__all__ = ["Cost"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.people.features import FeatureTable


@dataclass(frozen=True)
class Cost:
    """Weighted squared change of the acted-upon features, after CARMA (Majumdar & Valera, FAccT 2024).

    `cost = (1/K) sum_{j acted upon} alpha_j (z_j' - z_j)^2 / range_j`, where `z` is standardised over the
    recourse training people and `range_j` spans `z_j` over the negatively decided ones. Downstream effects
    are free; the total change of an acted-upon feature counts even if a cause of it is acted upon as well.
    This is a reading of CARMA's released code.

    Arguments:
        sd: Standard deviation of each feature (ddof 1), `(features,)`.
        span: Range of each standardised feature, `(features,)`.
        count: Number of globally actionable features (K).
    """

    sd: Tensor
    span: Tensor
    count: int

    @classmethod
    def fitted(cls, x: Tensor, negative: Tensor, features: FeatureTable) -> Cost:
        """Return the cost on the scale of training people `x`, of whom `negative` `(people,)` were refused."""
        sd = x.std(0)
        asking = x[negative]
        if not len(asking):
            raise ArenaError("nobody in the recourse training split is decided negatively: nobody asks for recourse")
        span = (asking.amax(0) - asking.amin(0)) / sd
        flat = ~(span > 0)
        if (flat & features.actionable).any():
            name = features.names[int((flat & features.actionable).nonzero()[0])]
            raise ArenaError(f"feature {name!r} is actionable but takes one value only among refused people")
        # Nobody acts on the other flat ones, but a scale of 0 would make gradients of the masked cost NaN.
        return cls(torch.where(flat, 1.0, sd), torch.where(flat, 1.0, span), features.count_actionable)

    @property
    def curvature(self) -> Tensor:
        """Factor of the squared change in data units: `1 / (K sd^2 range)`, `(features,)`."""
        return 1 / (self.count * self.sd**2 * self.span)

    def per_feature(self, factual: Tensor, values: Tensor) -> Tensor:
        """Return the unweighted cost of moving each feature alone, shaped like `values`."""
        return (values - factual) ** 2 * self.curvature

    def __call__(self, factual: Tensor, values: Tensor, mask: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the cost `(...,)` of `do(x_j = values_j)` for masked j; `weights` are the alphas.

        Example:
            >>> cost = Cost(sd=torch.ones(2), span=torch.tensor([2.0, 4.0]), count=2)
            >>> cost(torch.zeros(1, 2), torch.tensor([[2.0, 8.0]]), torch.tensor([[True, False]]))
            tensor([1.])
        """
        each = torch.where(mask, self.per_feature(factual, values), 0.0)
        return (each if weights is None else each * weights).sum(-1)
