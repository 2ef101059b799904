"""From trained networks to recommendations."""

from __future__ import annotations

__all__ = ["advise", "propose"]

from dataclasses import replace

import torch
from torch import Tensor

from recourse_arena.problem.recommendation import Outcome, Recommendation
from recourse_arena.problem.problem import Problem
from recourse_arena.problem.request import Request
from recourse_arena_carma.networks import Policy
from recourse_arena_carma.preferences import Preferences
from recourse_arena_carma.training import Everybody


def propose(logits: Tensor, mask: Tensor) -> Tensor:
    """Return the features to act on: those with `phi_1 > phi_0`, or the likeliest if there is none."""
    likeliest = torch.where(mask, logits, -torch.inf).argmax(1, keepdim=True)
    chosen = (logits > 0) & mask
    none = ~chosen.any(1, keepdim=True)
    return chosen | (none & mask & torch.zeros_like(mask).scatter(1, likeliest, True))


@torch.no_grad()
def advise(policy: Policy, problem: Problem, request: Request, settings: Settings) -> Recommendation:
    """Return the action of each person of `request`."""
    if policy.individual:
        preferences = Preferences.of(request, settings)
    else:
        preferences = Preferences.of_everybody(request.features, len(request), settings)
    people = Everybody.asking(problem, request.factual)
    seen = policy.seen(people.described, preferences)
    proposed = propose(policy.logits(seen), preferences.mask > 0)
    mask = proposed & request.actionable
    shift = policy.shift(seen, mask.to(seen))
    values, _ = problem.flow.latent_intervention(people.x, people.u + shift * mask, mask, request.snap)
    usable = mask.any(1)
    if getattr(settings, "constraints", "drop") == "refuse":
        usable &= (mask == proposed).all(1)
    answer = Recommendation.do(mask, values, found=usable)
    impossible = ~request.actionable.any(1) & ~problem.decisions.accepts(request.factual)
    outcome = torch.where(impossible, Outcome.INFEASIBLE.code, answer.outcome)
    return replace(answer, outcome=outcome.to(torch.int8))
