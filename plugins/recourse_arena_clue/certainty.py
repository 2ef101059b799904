"""How uncertain acceptance is, and whom it is least uncertain of nearby."""

from __future__ import annotations

__all__ = ["search", "uncertainty"]

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import softplus

from recourse_arena_generative import Best, Ground, latent_descent

if TYPE_CHECKING:
    from recourse_arena_clue import Clue


def uncertainty(logit: Tensor) -> Tensor:
    """Return `-log p` of people more likely refused, and the entropy of the decision of the others, like `logit`.

    Example:
        >>> [round(v, 3) for v in uncertainty(torch.tensor([-2.0, 0.0, 2.0, 20.0], dtype=torch.double)).tolist()]
        [2.127, 0.693, 0.365, 0.0]
    """
    entropy = softplus(-logit) + logit * torch.sigmoid(-logit)
    return torch.where(logit < 0, softplus(-logit), entropy)


def search(solver: Clue, ground: Ground) -> Best:
    """Return the accepted iterate that minimises the objective, for each of the people."""
    pull = solver.pull / len(ground.request.features)
    return latent_descent(
        ground,
        solver.model,
        lambda logit, columns: uncertainty(logit) + pull * ground.distance(columns),
        score=lambda loss, values: loss,
        steps=solver.iterations,
        rate=solver.rate,
    )
