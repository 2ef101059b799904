"""Last layers that are nearly as good as today's, as an ellipsoid around it."""

from __future__ import annotations

__all__ = ["Ellipsoid"]

import torch
from torch import Tensor

from recourse_arena_relaxed import Columns, Criterion, Layers


class Ellipsoid(Criterion):
    """That the worst last layer of an ellipsoid accepts.

    Arguments:
        columns: The decision model on columns.
        layers: Its layers.
        root: Lower triangular root of the Hessian, `H = root root'`.
        radius: Root of twice the loss that is allowed.
    """

    def __init__(self, columns: Columns, layers: Layers, root: Tensor, radius: float) -> None:
        super().__init__(columns)
        self.layers, self.root, self.radius = layers, root, radius

    @classmethod
    def of(cls, columns: Columns, loss: float, ridge: float) -> Ellipsoid:
        """Return the ellipsoid of a problem's training people: `H = mean p (1 - p) x x' + ridge`."""
        layers = Layers.of(columns.problem)
        seen = layers.last(columns.encode(columns.problem.training.x))
        p = (seen @ layers.theta).sigmoid()
        hessian = (seen * (p * (1 - p))[:, None]).T @ seen / len(seen)
        hessian += max(ridge, 1e-9) * torch.eye(len(hessian), dtype=hessian.dtype)
        return cls(columns, layers, torch.linalg.cholesky(hessian), (2 * loss) ** 0.5)

    def surplus(self, z: Tensor) -> Tensor:
        """Return `theta.x - sqrt(2 loss x' H^-1 x)`, `(rows,)`."""
        seen = self.layers.last(z)
        spread = torch.linalg.solve_triangular(self.root, seen.T, upper=False).norm(dim=0)
        return (seen @ self.layers.theta - self.radius * spread).to(z.dtype)
