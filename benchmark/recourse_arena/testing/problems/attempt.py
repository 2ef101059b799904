"""Random actions, tried on a person of whom it is said that nothing works."""

from __future__ import annotations

__all__ = ["working_action"]

import torch

from recourse_arena.problem.problem import Problem
from recourse_arena.problem.request import Request

_TRIES = 4000


def working_action(problem: Problem, one: Request) -> str | None:
    """Return an action that does what a request of one person asks for, if random ones find any."""
    draws = torch.Generator().manual_seed(0)
    values = one.factual.new_empty(_TRIES, len(one.features)).uniform_(generator=draws)
    values = one.snap(one.box.lower + (one.box.upper - one.box.lower) * values)
    mask = one.actionable & (torch.rand(values.shape, generator=draws) < 0.7)
    after = problem.causal_model.counterfactual(one.factual, mask, values)
    works = problem.decisions.accepts(after) & mask.any(1)
    if one.plausibility:
        density = problem.density(one)
        works &= density.log_density(after) >= density.log_density(one.factual)
    if not works.any():
        return None
    row = int(works.nonzero()[0])
    acted = mask[row].nonzero().flatten().tolist()
    return ", ".join(f"{one.features.names[j]} = {values[row, j]:g}" for j in acted)
