"""What keeps counterfactuals from the boundary."""

from __future__ import annotations

__all__ = ["ModelLoss", "Pull"]

import torch
from torch import Tensor
from torch.nn.functional import softplus

from recourse_arena_relaxed import Columns, Criterion


class _Penalty(Criterion):
    """Asks for nothing but acceptance.

    Arguments:
        columns: The decision model on columns.
        weight: What the penalty weighs.
    """

    def __init__(self, columns: Columns, weight: float) -> None:
        super().__init__(columns)
        self.weight = weight

    def surplus(self, z: Tensor) -> Tensor:
        """Return that everybody passes, `(rows,)`."""
        return torch.ones_like(z[:, 0])


class ModelLoss(_Penalty):
    """The loss of the model at counterfactuals that it accepts, once more."""

    def loss(self, z: Tensor) -> Tensor:
        """Return the cross-entropy of acceptance, and the penalty of those who are accepted, `(rows,)`."""
        logit = self.columns.logit(z)
        return softplus(-logit) * torch.where(logit.detach() >= 0, 1 + self.weight, 1.0)


class Pull(_Penalty):
    """The distance to the mean accepted person.

    Arguments:
        columns: The decision model on columns.
        weight: What it weighs.
        centre: The person, `(columns,)`.
    """

    def __init__(self, columns: Columns, weight: float, centre: Tensor) -> None:
        super().__init__(columns, weight)
        self.centre, self.units = centre, columns.units("range")

    def loss(self, z: Tensor) -> Tensor:
        """Return the cross-entropy of acceptance and the weighted distance, `(rows,)`."""
        away = ((z - self.centre) / self.units).abs().sum(1)
        return softplus(-self.columns.logit(z)) + self.weight * away
