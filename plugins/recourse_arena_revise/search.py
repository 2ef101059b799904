"""Descent with a pull towards the factual that is lowered for whom it is too much."""

from __future__ import annotations

__all__ = ["search"]

from typing import TYPE_CHECKING

from torch import Tensor
from torch.nn.functional import softplus

from recourse_arena_generative import Best, Ground, latent_descent

if TYPE_CHECKING:
    from recourse_arena_revise import Revise


def search(solver: Revise, everybody: Ground) -> Best:
    """Return the accepted iterate of least cost of each of the people, of the first pull that leads to one."""
    found = Best.none(everybody)
    for number in range(solver.rounds):
        left = (~found.found).nonzero()[:, 0]
        if len(left):
            found.put(left, _round(solver, everybody[left], solver.pull * 0.1**number))
    return found


def _round(solver: Revise, ground: Ground, pull: float) -> Best:
    def objective(logit: Tensor, columns: Tensor) -> Tensor:
        return softplus(-logit) + pull * ground.distance(columns)

    return latent_descent(
        ground,
        solver.model,
        objective,
        score=lambda loss, values: ground.cost(values),
        steps=solver.iterations,
        rate=solver.rate,
    )
