"""People drawn for those who ask, and the one that is advised."""

from __future__ import annotations

__all__ = ["advise", "drawn"]

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recourse_arena import Asking, Outcome, Recommendation, Request, generator
from recourse_arena_adapting.donors import Donors

if TYPE_CHECKING:
    from recourse_arena_mcce import Mcce

_ROWS = 1 << 16
"""How many people are drawn at once."""


@torch.no_grad()
def advise(solver: Mcce, request: Request) -> Recommendation:
    """Return for each person the least changed and nearest accepted person that was drawn."""
    answer = request.unanswered()
    mask, values, outcome = answer.mask, answer.values, answer.outcome
    x = solver.problem.training.x
    gower = Donors.of(x[:0], x, request.features.categorical)
    groups, whose = request.actionable.unique(dim=0, return_inverse=True)
    for number, free in enumerate(groups):
        if not free.any():
            continue
        for people in (whose == number).nonzero()[:, 0].split(max(1, _ROWS // solver.samples)):
            one = request[people]
            found = drawn(solver, one)
            asking = Asking(solver.problem, one, causal=solver.causal)
            changed, works = asking.changed(found), asking.reaches(found)
            far = (gower.apart(one.factual, found) * one.weights * changed).sum(-1)
            # Fewest changes first, whatever the distance: it is squeezed between 0 and 1.
            key = torch.where(works, changed.sum(-1).double() + far / (1 + far), torch.inf)
            best = key.argmin(0)
            hit = key.amin(0).isfinite()
            rows = torch.arange(len(people))
            values[people], mask[people] = found[best, rows], changed[best, rows] & hit[:, None]
            outcome[people[hit]] = Outcome.SOLVED.code
    return answer


def drawn(solver: Mcce, request: Request) -> Tensor:
    """Return people drawn from the chain, `(samples, people, features)`; all who ask are free in the same features."""
    features, chain = request.features, solver.chain
    free = request.actionable[0].nonzero()[:, 0].tolist()
    given = [j for j in range(len(features)) if j not in free]
    rows = features.alphabetical(request.factual)
    draws = [generator(solver.seed, "mcce", row.numpy().tobytes().hex()) for row in rows]
    shares = torch.stack(
        [torch.rand(solver.samples, len(free), generator=own, dtype=torch.float64) for own in draws], 1
    )
    x = request.factual.expand(solver.samples, -1, -1).clone()
    for turn, j in enumerate(free):
        link = chain.link(j, tuple(sorted(given)))
        z = chain.encoding.encode(x).flatten(0, 1)
        new = link.drawn(z, shares[..., turn].flatten()).reshape(x.shape[:2])
        inside = request.box.contains(torch.where(torch.arange(len(features)) == j, new[..., None], x), features.whole)
        x[..., j] = torch.where(inside[..., j], new, x[..., j])
        given.append(j)
    return x
