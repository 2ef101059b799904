"""A note on advice that acts against constraints: which, on which features, for how many people."""

from __future__ import annotations

__all__ = ["broken_constraints"]

import torch

from recourse_arena.judging.constraints import violated, violations
from recourse_arena.judging.menus import breaks_menu
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request
from recourse_arena.storage.task_result import Note


def broken_constraints(request: Request, answer: Recommendation, plugin: str) -> tuple[Note, ...]:
    """Return the note on a solver whose advice breaks constraints; none if it breaks none."""
    acted, values = answer.mask & answer.solved[:, None], answer.values.to(request.factual.dtype)
    off = breaks_menu(request, answer, request.cost(torch.where(acted, values, request.factual), acted))
    people = int((violated(request, acted, values).any(1) | off).sum())
    if not people:
        return ()
    found = ["off the menu"] if off.any() else []
    for name, breaks in violations(request, acted, values).items():
        features = [request.features.names[j] for j in breaks.any(0).nonzero().flatten().tolist()]
        found += [f"{name} ({', '.join(features)})"] if features else []
    return (Note("violations", plugin, f"acted against constraints: {', '.join(found)}", people),)
