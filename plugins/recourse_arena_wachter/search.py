"""From a request to recommendations: descend, round, leave out what is not needed, descend again."""

from __future__ import annotations

__all__ = ["search"]

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recourse_arena import Outcome, Recommendation, Request, generator
from recourse_arena_wachter.aim import Aim, Best
from recourse_arena_wachter.descent import Descent
from recourse_arena_wachter.relaxation import Relaxation

if TYPE_CHECKING:
    from recourse_arena_wachter import Wachter

_STARTS = 8
"""Places away from the factual at which the search starts again for those for whom it finds nothing."""

_CHANGED = 6
"""Most categories that are changed at once."""


@torch.enable_grad()
def search(solver: Wachter, request: Request) -> Recommendation:
    """Return the nearest accepted action found for each person of `request`."""
    answer = request.unanswered()
    mask, values, outcome = answer.mask, answer.values, answer.outcome
    people = request.actionable.any(1).nonzero()[:, 0]
    if len(people):
        aim = Aim(solver.problem, request[people], solver.distance == "mad")
        descent = Descent(solver.rounds, solver.steps, solver.rate)
        best = _among_categories(aim, descent) if request.features.mixed else _nearest(aim, descent)
        mask[people], values[people] = best.mask, torch.where(best.mask, aim.request.snap(best.values), best.values)
        outcome[people[best.found]] = Outcome.SOLVED.code
    return answer


def _among_categories(aim: Aim, descent: Descent) -> Best:
    """Return the nearest accepted actions where some features are categories."""
    best = Best.none(aim.request)
    elsewhere = torch.rand(_STARTS, len(Relaxation(aim)), generator=generator(0, "wachter", "starts"))
    for starts in (None, elsewhere):
        lost = (~best.found).nonzero()[:, 0]
        if not len(lost):
            break
        rows = lost if starts is None else lost.repeat_interleave(_STARTS)
        relaxation = Relaxation(aim[rows])
        start = None if starts is None else relaxation.elsewhere(starts.repeat(len(lost), 1))
        which, held = relaxation.rounded(relaxation.shares(descent, start=start), most=_CHANGED)
        best.offer(rows[which], _nearest(aim[rows[which]], descent, held))
    return best


def _nearest(aim: Aim, descent: Descent, held: Tensor | None = None) -> Best:
    """Return the nearest accepted actions, whole numbers where values must be whole.

    Where the values `held` `(people, features)` are given, categories keep theirs, and the search starts there.
    """
    request, whole = aim.request, aim.request.features.whole
    if held is None:
        best = descent(aim, request.actionable, request.actionable, request.factual)
    else:
        categories = request.features.categorical
        acted = request.actionable & ~(categories & (held == request.factual))
        best = descent(aim, acted, acted & ~categories, held)
    if (request.actionable & whole).any():
        best = _rounded(aim, descent, best)
    _leave_out(aim, best)
    refined = descent(aim, best.mask, best.mask & ~whole, torch.where(best.mask, best.values, request.factual))
    best.take(best.found & refined.found, refined.distance, refined.mask, refined.values)
    return best


def _rounded(aim: Aim, descent: Descent, relaxed: Best) -> Best:
    """Return actions with whole-number features held at whole numbers around the relaxed ones."""
    request, whole = aim.request, aim.request.features.whole
    best = Best.none(request)
    away = torch.where(relaxed.values > request.factual, relaxed.values.ceil(), relaxed.values.floor())
    for rounded in (relaxed.values.round(), away):
        held = torch.where(relaxed.mask & whole, request.snap(rounded), relaxed.values)
        found = descent(aim, relaxed.mask, relaxed.mask & ~whole, held)
        best.take(relaxed.found, found.distance, found.mask, found.values)
    return best


def _leave_out(aim: Aim, best: Best) -> None:
    """Drop features from actions, least change first, wherever the decision stays positive without them."""
    change = torch.where(best.mask, aim.request.unit_cost.per_feature(aim.request.factual, best.values), torch.inf)
    with torch.no_grad():
        for column in change.argsort(dim=1, stable=True).T:
            less = best.mask.scatter(1, column[:, None], False)
            fine = best.mask.gather(1, column[:, None])[:, 0] & aim.accepts(less, best.values)
            best.put(fine, aim.distance(less, best.values), less, best.values)
