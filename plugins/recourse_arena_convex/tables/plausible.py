"""The cheapest plausible of a person's candidates: plausibility is slow to compute, so few are looked at."""

from __future__ import annotations

__all__ = ["cheapest_plausible"]

import torch
from torch import Tensor

from recourse_arena_convex.tables.candidates import Candidates
from recourse_arena_convex.tables.terrain import Terrain

_FIRST, _NEXT, _DONATED = 16, 24, 24
"""Candidates of a person that are looked at: the cheapest; for those without a plausible one the next, and those that
are like a donor in all that the person can change, who are dearer and less seldom plausible."""

_ROUNDS, _SIMPLER = 4, 12
"""Rounds in which plausible candidates are made cheaper, and changes looked at in each."""


def cheapest_plausible(terrain: Terrain, seen: Candidates, donated: Candidates) -> Candidates:
    """Return a plausible candidate of each person who has one, cheap ones first.

    Arguments:
        terrain: The people.
        seen: Candidates from the search.
        donated: Candidates that are like accepted people.
    """
    best = _among(terrain, seen.leading(_FIRST))
    lost = torch.ones(len(terrain), dtype=torch.bool)
    lost[best.person] = False
    after = seen.leading(_FIRST + _NEXT)
    rank = torch.arange(len(after)) - torch.searchsorted(after.person, after.person)
    after, donated = after[lost[after.person] & (rank >= _FIRST)], donated[lost[donated.person]].leading(_DONATED)
    best = _joined(best, _among(terrain, Candidates.joined(terrain, [after, donated])))
    for _ in range(_ROUNDS):
        best = _joined(_among(terrain, _simpler(terrain, best).leading(_SIMPLER)), best)
    return best


def _among(terrain: Terrain, candidates: Candidates) -> Candidates:
    """Return the cheapest plausible candidate of each person who has any."""
    judge = terrain.problem.plausible(terrain.request)
    least = judge.least(terrain.request.factual)
    return candidates[judge.score(candidates.values) >= least[candidates.person]].leading(1)


def _joined(one: Candidates, other: Candidates) -> Candidates:
    """Return the cheaper of two candidates of each person, the first if they cost the same."""
    pairs = ((one.person, other.person), (one.values, other.values), (one.cost, other.cost))
    return Candidates(*(torch.cat(pair) for pair in pairs)).leading(1)


def _simpler(terrain: Terrain, best: Candidates) -> Candidates:
    """Return what passes and is cheaper: one change left out, or one number halfway or a bit back."""
    factual = terrain.request.factual[best.person]
    rows: list[Tensor] = []
    found: list[Tensor] = []
    for column in (best.values != factual).any(0).nonzero()[:, 0].tolist():
        for share in (0.0,) if column in terrain.levels else (0.0, 0.5, 0.9):
            there = best.values.clone()
            there[:, column] = factual[:, column] + share * (best.values - factual)[:, column]
            rows.append(torch.arange(len(best)))
            found.append(there)
    if not rows:
        return best[:0]
    row, values = torch.cat(rows), torch.cat(found)
    simpler = Candidates.of(terrain, best.person[row], values)
    least = torch.full((len(terrain),), torch.inf, dtype=best.cost.dtype)
    least[best.person] = best.cost
    return simpler[simpler.cost < least[simpler.person]]
