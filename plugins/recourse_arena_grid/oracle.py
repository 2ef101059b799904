"""From a request to the best actions on the grid."""

from __future__ import annotations

__all__ = ["cheapest_actions"]

import torch
from torch import Tensor

from recourse_arena import Outcome, Problem, Recommendation, Request
from recourse_arena_grid.options import Options
from recourse_arena_grid.search import ROWS, SUMS, Allowed, Search


@torch.no_grad()
def cheapest_actions(
    problem: Problem, request: Request, points: int, *, rows: int = ROWS, sums: int = SUMS
) -> Recommendation:
    """Return the cheapest allowed action on the grid for each person of `request`."""
    mask, values = torch.zeros_like(request.actionable), request.factual.clone()
    outcome = torch.full((len(request),), Outcome.NOT_FOUND.code, dtype=torch.int8)
    patterns, membership = request.actionable.unique(dim=0, return_inverse=True)
    together = max(1, sums // (points * len(request.features)))
    for number, pattern in enumerate(patterns):
        for people in (membership == number).nonzero().squeeze(1).split(together):
            group = request[people]
            options = Options.of(group, problem.box, points)
            solved, digits = Search(options, _test(problem, group, options), rows=rows, sums=sums).run()
            mask[people], values[people] = options.action(torch.arange(len(people)), digits, group.factual)
            otherwise = Outcome.NOT_FOUND if pattern.any() else Outcome.INFEASIBLE
            outcome[people] = torch.where(solved, Outcome.SOLVED.code, otherwise.code).to(torch.int8)
    return Recommendation(mask, values, outcome)


def _test(problem: Problem, group: Request, options: Options) -> Allowed:
    """Return the test of combinations: accepted and, if asked for, at least as likely as the factual."""
    density = problem.density(group) if group.plausibility else None
    least = None if density is None else density.log_density(group.factual)

    def allowed(people: Tensor, digits: Tensor) -> Tensor:
        if not len(people):
            return people.bool()
        mask, values = options.action(people, digits, group.factual)
        after = problem.causal_model.counterfactual(group.factual[people], mask, values)
        fine = problem.decisions.accepts(after)
        if density is None or least is None or not fine.any():
            return fine
        accepted = fine.nonzero().squeeze(1)
        fine[accepted] = density.log_density(after[accepted]) >= least[people[accepted]]
        return fine

    return allowed
