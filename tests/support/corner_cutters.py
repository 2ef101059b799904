"""Advice that is as cheap as some ruler lets it be: it ends at the very edge of what that ruler calls plausible."""

from __future__ import annotations

import torch

from recourse_arena import Recommendation
from recourse_arena.base.randomness import generator

_START, _ROUNDS, _TRIES = 400, 60, 16


def cheapest(problem, request, notion):
    """Return the advice that random search finds cheapest, of what is accepted and plausible by a notion.

    Arguments:
        problem: Who decides, and what follows.
        request: Who asks.
        notion: What is plausible: `score(x)` and `least(factual)`.
    """
    draws, factual, mask = generator(0, "cheapest"), request.factual, request.actionable
    least, everybody = notion.least(factual), torch.arange(len(request))

    def feasible(values):
        values = torch.where(mask, values, factual)
        after = problem.causal_model.counterfactual(factual, mask.expand_as(values), values)
        return problem.decisions.accepts(after) & (notion.score(after) >= least)

    def costs(values):
        return torch.stack([request.unit_cost(factual, torch.where(mask, x, factual), mask) for x in values])

    def best(values):
        cost = torch.where(feasible(values), costs(values), torch.inf)
        return values[cost.argmin(0), everybody], cost.amin(0)

    aims = request.box.lower + torch.rand(_START, *factual.shape, generator=draws) * (
        request.box.upper - request.box.lower
    )
    found, least_cost = best(factual + torch.rand(_START, len(request), 1, generator=draws) * (aims - factual))
    for number in range(_ROUNDS):
        step = 0.5 * 0.93**number
        moves = 1 + step * (torch.rand(_TRIES, *factual.shape, generator=draws) - 0.7)
        other, cost = best(factual + moves * (found - factual))
        better = cost < least_cost
        found, least_cost = torch.where(better[:, None], other, found), torch.where(better, cost, least_cost)
    acted = mask & least_cost.isfinite()[:, None]
    values = torch.minimum(torch.maximum(found, request.box.lower), request.box.upper)
    return Recommendation.do(acted, values)
