"""The best linear autoencoder: principal components of encoded people."""

from __future__ import annotations

__all__ = ["Autoencoder"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Encoding


@dataclass(frozen=True)
class Autoencoder:
    """What says how unlike everybody a person is: the squared error of its reconstruction.

    Arguments:
        encoding: How people look to it.
        mean: Mean of each column, `(columns,)`.
        axes: Principal axes that are kept, `(columns, axes)`.
    """

    encoding: Encoding
    mean: Tensor
    axes: Tensor

    @classmethod
    def fitted(cls, encoding: Encoding, x: Tensor, explained: float) -> Autoencoder:
        """Return the autoencoder with as few axes as hold a share of the variance of people `x`."""
        z = encoding.encode(x.double())
        mean = z.mean(0)
        variance, axes = torch.linalg.eigh((z - mean).T @ (z - mean))
        variance = variance.flip(0).clamp(min=0)
        held = variance.cumsum(0) / variance.sum().clamp(min=1e-12)
        count = int((held < explained).sum()) + 1
        return cls(encoding, mean, axes.flip(1)[:, :count])

    def error(self, x: Tensor) -> Tensor:
        """Return the squared error `(...,)` of people `x` `(..., features)`, in the units of the encoding."""
        z = self.encoding.encode(x.double()) - self.mean
        return (z - (z @ self.axes) @ self.axes.T).square().sum(-1)
