"""Adam on columns, each step projected to what the person can do."""

from __future__ import annotations

__all__ = ["search"]

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recourse_arena import Adam
from recourse_arena_generative import Best, Ground

if TYPE_CHECKING:
    from recourse_arena_ppcef import Ppcef


_FACTOR = 30.0
"""How much more the decision weighs in each round."""


def search(solver: Ppcef, everybody: Ground) -> Best:
    """Return the accepted iterate of least objective of each of the people, of the first round that has one."""
    found = Best.none(everybody)
    for number in range(solver.rounds):
        left = (~found.found).nonzero()[:, 0]
        if len(left):
            found.put(left, _round(solver, everybody[left], _FACTOR**number))
    return found


@torch.enable_grad()
def _round(solver: Ppcef, ground: Ground, weight: float) -> Best:
    """Return the best accepted iterates where the decision weighs `weight` times what density does."""
    best = Best.none(ground)
    place = ground.inside(ground.factual).requires_grad_()
    adam = Adam([place], solver.rate)
    for step in range(solver.iterations + 1):
        chance = ground.logit(ground.legal(place)).sigmoid()
        short = (0.5 + solver.margin - chance).clamp(min=0)
        loss = _distance(ground, place) + solver.pull * (weight * short + solver.likely.lacking(ground, place))
        _take(solver, ground, place.detach(), best)
        if step == solver.iterations:
            break
        adam.zero_grad()
        loss.sum().backward()
        torch.nan_to_num_(place.grad)  # type: ignore[arg-type]
        adam.rate = solver.rate * (1 + math.cos(math.pi * step / solver.iterations)) / 2
        adam.step()
        with torch.no_grad():
            place.copy_(ground.inside(place))
    return best


@torch.no_grad()
def _take(solver: Ppcef, ground: Ground, place: Tensor, best: Best) -> None:
    """Take note of the legal people next to a place, where they are accepted."""
    values = ground.values(place)
    there = ground.encoding.encode(values.double())
    score = _distance(ground, there) + solver.pull * solver.likely.lacking(ground, there)
    best.offer(ground.reaches(values), score, values)


def _distance(ground: Ground, columns: Tensor) -> Tensor:
    """Return the root of the weighted sum of squared changes, `(people,)`, with a gradient of 0 at none."""
    return ((ground.weights * (columns - ground.factual) ** 2).sum(1) + 1e-12).sqrt()
