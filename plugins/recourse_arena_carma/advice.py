"""From trained networks to recommendations."""

from __future__ import annotations

__all__ = ["advise", "pick"]

from dataclasses import replace

import torch
from torch import Tensor

from recourse_arena.problem.problem import Problem
from recourse_arena.problem.recommendation import Outcome, Recommendation
from recourse_arena.problem.request import Request
from recourse_arena_carma.networks import Policy
from recourse_arena_carma.people import Everybody, causal_flow
from recourse_arena_carma.preferences import Preferences
from recourse_arena_carma.settings import CarmaSettings, Settings


@torch.no_grad()
def advise(policy: Policy, problem: Problem, request: Request, settings: Settings) -> Recommendation:
    """Return the action of each person of `request`; `infeasible` where nothing is actionable."""
    if policy.individual:
        preferences = Preferences.of(request, settings)
    else:
        preferences = Preferences.of_everybody(request.features, len(request), settings)
    people = Everybody.of(problem, request.factual)
    seen = policy.seen(people.described, preferences)
    proposed = pick(policy.log_odds(seen), preferences.mask > 0)
    mask = proposed & request.actionable
    usable = mask.any(1)
    if isinstance(settings, CarmaSettings) and settings.constraints == "refuse":
        usable &= (mask == proposed).all(1)
    values, accepted = _carry_out(policy, problem, request, people, seen, mask)
    if settings.second_try:
        others, better = _carry_out(policy, problem, request, people, seen, request.actionable)
        again = (usable & ~accepted & better)[:, None]
        mask, values = torch.where(again, request.actionable, mask), torch.where(again, others, values)
    answer = Recommendation.do(mask, values, found=usable)
    impossible = ~request.actionable.any(1) & ~problem.decisions.accepts(request.factual)
    outcome = torch.where(impossible, Outcome.INFEASIBLE.code, answer.outcome)
    return replace(answer, outcome=outcome.to(answer.outcome))


def _carry_out(
    policy: Policy, problem: Problem, request: Request, people: Everybody, seen: Tensor, mask: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what becomes of people who act on `mask`, and who of them is then decided positively, by the flow."""
    u = people.u + mask * policy.shift(seen, mask.to(seen))
    after, _ = causal_flow(problem).latent_intervention(people.x, u, mask, request.snap)
    return after, problem.decisions.accepts(after)


def pick(log_odds: Tensor, mask: Tensor) -> Tensor:
    """Return the features of `mask` to act on, bool `(people, features)`: `phi_1 > phi_0`, else the likeliest.

    Someone who asks must act on something.

    Example:
        >>> pick(torch.tensor([[1.0, 2.0, 3.0], [-2.0, -1.0, 0.5]]), torch.tensor([[True, True, False]] * 2)).tolist()
        [[True, True, False], [False, True, False]]
    """
    chosen = mask & (log_odds > 0)
    likeliest = torch.where(mask, log_odds, -torch.inf).argmax(1, keepdim=True)
    fallback = torch.zeros_like(mask).scatter(1, likeliest, True) & mask
    return torch.where(chosen.any(1, keepdim=True), chosen, fallback)
