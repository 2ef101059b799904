"""Shells in latent space that grow until one holds somebody who is accepted."""

from __future__ import annotations

__all__ = ["nearest", "shell"]

from typing import TYPE_CHECKING

import torch
from torch import Generator, Tensor

from recourse_arena import generator
from recourse_arena_generative import Best, Ground

if TYPE_CHECKING:
    from recourse_arena_cchvae import Cchvae

_CELLS = 1 << 21
"""Columns that are decoded at once, whatever the number of people."""


@torch.no_grad()
def nearest(solver: Cchvae, ground: Ground) -> Best:
    """Return the accepted point of least cost of the first shell that holds one, for each of the people."""
    found = Best.none(ground)
    for number in range(solver.shells):
        left = (~found.found).nonzero()[:, 0]
        if not len(left):
            break
        draws = generator(solver.seed, solver.name, "shell", str(number))
        points = shell(
            solver.samples, solver.autoencoder_recipe.latent, solver.step * number, solver.step * (number + 1), draws
        )
        for people in left.split(max(1, _CELLS // (solver.samples * len(ground.encoding)))):
            found.put(people, _of_shell(solver, ground[people], points))
    return found


def shell(points: int, dimensions: int, inner: float, outer: float, draws: Generator) -> Tensor:
    """Return points `(points, dimensions)` in every direction alike, at radii drawn evenly between two.

    Example:
        >>> far = shell(100, 3, 1.0, 2.0, torch.Generator().manual_seed(0)).norm(dim=1)
        >>> bool(((far >= 1) & (far <= 2)).all())
        True
    """
    direction = torch.nn.functional.normalize(torch.randn(points, dimensions, generator=draws).double(), dim=1)
    return direction * (inner + (outer - inner) * torch.rand(points, 1, generator=draws).double())


def _of_shell(solver: Cchvae, ground: Ground, points: Tensor) -> Best:
    """Return the accepted point of least cost among `points` `(points, latent)` around each of the people."""
    centre = solver.model.encode(ground.factual, ground.fixed)
    values = ground.values(solver.model.decode(centre + points[:, None], ground.factual, ground.fixed))
    cost = torch.where(ground.reaches(values), ground.cost(values), torch.inf)
    least = cost.min(0)
    return Best(least.values, values[least.indices, torch.arange(len(ground))])
