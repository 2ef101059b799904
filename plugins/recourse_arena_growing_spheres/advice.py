"""From a request to recommendations: spheres, then as few changes as the decision allows."""

from __future__ import annotations

__all__ = ["advise", "sparse"]

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recourse_arena import Outcome, Recommendation, Request, generator
from recourse_arena_growing_spheres.spheres import grow
from recourse_arena_growing_spheres.tables import Table
from recourse_arena_growing_spheres.world import World

if TYPE_CHECKING:
    from recourse_arena_growing_spheres import GrowingSpheres

_ROWS = 1 << 17
"""Points whose effects are computed at once, whatever the number of people."""


@torch.no_grad()
def advise(solver: GrowingSpheres, request: Request) -> Recommendation:
    """Return the action found for each person of `request`."""
    answer = request.unanswered()
    mask, values, outcome = answer.mask, answer.values, answer.outcome
    kind = World if request.unit_cost.quadratic and not request.features.mixed else Table
    seeds = request.features.alphabetical(request.factual) if request.features.mixed else request.factual
    for people in request.actionable.any(1).nonzero()[:, 0].split(max(1, _ROWS // solver.samples)):
        world = kind(solver.problem, request[people], causal=solver.causal)
        draws = [generator(solver.seed, solver.name, row.numpy().tobytes().hex()) for row in seeds[people]]
        enemies = grow(world, draws, samples=solver.samples, layers=solver.layers)
        mask[people] = sparse(world, enemies.values)
        values[people] = enemies.values
        outcome[people[enemies.found]] = Outcome.SOLVED.code
    return answer


def sparse(world: World, values: Tensor) -> Tensor:
    """Return the features to act upon, bool `(people, features)`: fewer of those changed, if the decision stays.

    Features go back to the factual one after the other, least change first, until the decision would change or
    a rule be broken (Algorithm 2 of the paper).
    """
    mask = world.changed(values)
    change = torch.where(mask, world.change(values), torch.inf)
    going = mask.any(1)
    for column in change.argsort(dim=1, stable=True).T:
        less = mask.scatter(1, column[:, None], False)
        going = going & mask.gather(1, column[:, None])[:, 0] & world.accepts(less, values)
        mask = torch.where(going[:, None], less, mask)
    return mask
