"""What people would have to change for each leaf, and the cheapest of it that is accepted."""

from __future__ import annotations

__all__ = ["advise", "tweaked"]

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recourse_arena import Asking, Outcome, Recommendation, Request
from recourse_arena_feature_tweak.leaves import Leaves

if TYPE_CHECKING:
    from recourse_arena_feature_tweak import FeatureTweak

_NUMBERS = 1 << 23
"""Numbers held at once."""
_FIRST, _MORE = 16, 256
"""How many tweaks of a person are tried at once: at first, and at most."""


@torch.no_grad()
def advise(solver: FeatureTweak, request: Request) -> Recommendation:
    """Return the cheapest accepted tweak of each person."""
    answer = request.unanswered()
    mask, values, outcome = answer.mask, answer.values, answer.outcome
    size = max(1, _NUMBERS // max(1, solver.ways.lower.numel()))
    for people in request.actionable.any(1).nonzero()[:, 0].split(size):
        if not len(people) or not len(solver.ways):
            break
        asking = Asking(solver.problem, request[people], causal=solver.causal)
        tweaks, cost = _cheapest(asking.request, solver.ways, solver.epsilon, solver.leaves)
        found = _first(asking, tweaks, cost)
        chosen = tweaks[torch.arange(len(people)), found.clamp(min=0)]
        values[people] = chosen
        mask[people] = (chosen != asking.request.factual) & (found >= 0)[:, None]
        outcome[people[found >= 0]] = Outcome.SOLVED.code
    return answer


def tweaked(request: Request, leaves: Leaves, epsilon: float) -> tuple[Tensor, Tensor]:
    """Return what people become for each leaf, `(people, leaves, features)`, and whether they can, bool."""
    x, features = request.factual[:, None].double(), request.features
    meets = (x > leaves.lower) & (x <= leaves.upper)
    middle = ((leaves.lower + leaves.upper) / 2).nan_to_num(nan=0.0)
    low = torch.minimum(leaves.lower + epsilon * leaves.sd, torch.where(leaves.upper.isfinite(), middle, torch.inf))
    high = torch.maximum(leaves.upper - epsilon * leaves.sd, torch.where(leaves.lower.isfinite(), middle, -torch.inf))
    low = torch.where(features.whole, leaves.lower.floor() + 1, low)
    high = torch.where(features.whole, leaves.upper.floor(), high)
    box_low, box_high = request.box.lower[:, None].double(), request.box.upper[:, None].double()
    whole_low, whole_high = box_low.ceil(), box_high.floor()
    low = torch.maximum(low, torch.where(features.whole, whole_low, box_low))
    high = torch.minimum(high, torch.where(features.whole, whole_high, box_high))
    moved = torch.minimum(torch.maximum(x, low), high)
    can = meets | (request.actionable[:, None] & (low <= high))
    values = torch.where(meets, x, moved).to(request.factual.dtype)
    for j, passes in leaves.levels.items():
        code = request.factual[:, j]
        there = passes[:, code.long()].T
        level = leaves.common[j].expand(len(x), -1)
        inside = (level >= box_low[..., j]) & (level <= box_high[..., j]) & request.actionable[:, j, None]
        values[..., j] = torch.where(there, code[:, None], level)
        can[..., j] = there | inside
    return values, can.all(-1)


def _cheapest(request: Request, leaves: Leaves, epsilon: float, most: int) -> tuple[Tensor, Tensor]:
    """Return the cheapest different tweaks, `(people, tweaks, features)`, and their cost; infinite for no tweak."""
    values, can = tweaked(request, leaves, epsilon)
    factual = request.factual[:, None]
    changed = values != factual
    cost = request.unit_cost(factual, values, changed, request.weights[:, None])
    cost = torch.where(can & changed.any(-1), cost, torch.inf)
    order = cost.argsort(dim=1, stable=True)
    cost, values = cost.gather(1, order), values.gather(1, order[..., None].expand_as(values))
    same = torch.zeros_like(cost, dtype=torch.bool)
    same[:, 1:] = (values[:, 1:] == values[:, :-1]).all(-1)
    order = torch.where(same, torch.inf, cost).argsort(dim=1, stable=True)[:, :most]
    cost = torch.where(same, torch.inf, cost).gather(1, order)
    return values.gather(1, order[..., None].expand(-1, -1, values.shape[2])), cost


def _first(asking: Asking, tweaks: Tensor, cost: Tensor) -> Tensor:
    """Return the place of the first tweak of each person that is accepted and keeps the rules, -1 for none."""
    found = torch.full((len(tweaks),), -1, dtype=torch.int64)
    start, size = 0, _FIRST
    while start < tweaks.shape[1]:
        rows = ((found < 0) & cost[:, start].isfinite()).nonzero()[:, 0]
        if not len(rows):
            break
        here, some = asking[rows], tweaks[rows, start : start + size].transpose(0, 1)
        works = here.accepts(some != here.request.factual, some) & cost[rows, start : start + size].isfinite().T
        hit = works.any(0)
        found[rows[hit]] = start + works.int().argmax(0)[hit]
        start, size = start + size, min(4 * size, _MORE)
    return found
