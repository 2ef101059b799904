"""Trust-region steps of numbers: linearise, solve the subproblem, look whether the true logit keeps its promise."""

from __future__ import annotations

__all__ = ["descend"]

import torch
from torch import Tensor

from recourse_arena_convex.tables.allocation import allocate
from recourse_arena_convex.tables.terrain import MARGIN, Terrain

_KEPT = 0.1
"""Share of the promised decrease that a step must keep."""

_FIRST = 0.5
"""First radius of the trust region, in units of each feature's range."""


def descend(
    terrain: Terrain,
    person: Tensor,
    values: Tensor,
    iterations: int,
    *,
    free: Tensor | None = None,
    alone: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return where steps end, the cheapest values on the way that pass, and their cost.

    A step is taken if the cost, with a penalty on what the logit lacks, falls by a share of what was promised.

    Arguments:
        terrain: The people.
        person: The person of each row, `(rows,)`.
        values: Where to start, `(rows, features)`; whole numbers are relaxed.
        iterations: How many steps to try.
        free: Numbers that may be moved, bool `(rows, features)`; by default all that can be.
        alone: Whether limits of sums of numbers bound each step, instead of moving the others of a sum along.

    Returns:
        Last values and best values `(rows, features)`, and the cost of the latter `(rows,)`, its root not taken and
        infinite where none pass.
    """
    factual, price = terrain.request.factual[person], terrain.price[person]
    free = terrain.moving[person] if free is None else terrain.moving[person] & free
    span = terrain.upper[person] - terrain.lower[person]
    radius = torch.full((len(values), 1), _FIRST, dtype=values.dtype)
    penalty = torch.zeros(len(values), dtype=values.dtype)
    logit, slope = terrain.slopes(person, values)
    cost = terrain.total(person, values)
    best, least = values.clone(), torch.where(terrain.passes(person, values, logit), cost, torch.inf)
    for _ in range(iterations):
        lower, upper = (
            terrain.sums.narrowed(person, values) if alone else (terrain.lower[person], terrain.upper[person])
        )
        lower = torch.where(free, torch.maximum(lower, values - radius * span), values)
        upper = torch.where(free, torch.minimum(upper, values + radius * span), values)
        slope = torch.where(free, slope, 0.0)
        gap = MARGIN * 2 - logit
        there, multiplier = allocate(gap, slope, price, factual, values, lower, upper, terrain.power)
        there = torch.where(free, there if alone else terrain.sums.mended(person, there, whole=False), values)
        further, steeper = terrain.slopes(person, there)
        dearer = terrain.total(person, there)
        cheaper = terrain.passes(person, there, further) & (dearer < least)
        best, least = torch.where(cheaper[:, None], there, best), torch.where(cheaper, dearer, least)
        lacking, left = gap.clamp(min=0.0), (gap - (slope * (there - values)).sum(1)).clamp(min=0.0)
        paid = torch.where(lacking - left > 0, (dearer - cost) / (lacking - left).clamp(min=1e-9), 0.0)
        penalty = torch.maximum(penalty, 2 * torch.maximum(multiplier, paid))
        promised = cost - dearer + penalty * (lacking - left)
        kept = cost - dearer + penalty * (lacking - (2 * MARGIN - further).clamp(min=0.0))
        taken = (promised > 0) & (kept >= _KEPT * promised)
        radius = torch.where(taken[:, None], (2 * radius).clamp(max=1.0), radius / 3)
        values = torch.where(taken[:, None], there, values)
        slope = torch.where(taken[:, None], steeper, slope)
        logit, cost = torch.where(taken, further, logit), torch.where(taken, dearer, cost)
    return values, best, least
