"""From a request on a table to recommendations: levels, numbers, whole numbers, the last polish, plausibility."""

from __future__ import annotations

__all__ = ["TableSearch"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Box, Outcome, Problem, Recommendation, Request, generator
from recourse_arena_convex.tables.candidates import Candidates
from recourse_arena_convex.tables.descent import descend
from recourse_arena_convex.tables.levels import choices
from recourse_arena_convex.tables.plausible import cheapest_plausible
from recourse_arena_convex.tables.polish import polish
from recourse_arena_convex.tables.starting import far_off, roundings
from recourse_arena_convex.tables.terrain import Terrain

_PEOPLE = 64
"""People searched for at once, to bound memory."""

_DONORS = 1_000
"""Accepted training people whose features may be taken over."""

_POLISHED, _ROUNDS = 4, 8
"""Candidates of a person that are polished, and rounds of that."""


@dataclass(frozen=True)
class TableSearch:
    """The whole search, ready for requests.

    Arguments:
        problem: The problem.
        donors: Accepted training people, `(donors, features)`.
        iterations: Most steps from a starting point.
        starts: Starting points per person: each choice of levels, donors but for one, and if there are more than one
            those with one number far off.
        subsets: Most choices of levels per person beside the factual ones.
    """

    problem: Problem
    donors: Tensor
    iterations: int
    starts: int
    subsets: int

    @classmethod
    def prepared(cls, problem: Problem, *, seed: int, iterations: int, starts: int, subsets: int) -> TableSearch:
        """Return the search for a problem; donors are drawn with `seed`."""
        accepted = problem.training.x[problem.decisions.accepts(problem.training.x)]
        order = torch.randperm(len(accepted), generator=generator(seed, "convex", "table", "donors"))
        return cls(problem, accepted[order[:_DONORS]], iterations, starts, subsets)

    @torch.no_grad()
    def __call__(self, request: Request) -> Recommendation:
        """Return the cheapest action found for each person; it is to do nothing for who is accepted already."""
        values = request.factual.clone()
        found = self.problem.decisions.accepts(request.factual)
        for people in (~found & request.actionable.any(1)).nonzero()[:, 0].split(_PEOPLE):
            best = self._best(request[people])
            values[people[best.person]] = best.values
            found[people[best.person]] = True
        outcome = torch.where(found, Outcome.SOLVED.code, Outcome.NOT_FOUND.code)
        outcome[~found & ~request.actionable.any(1)] = Outcome.INFEASIBLE.code
        return Recommendation(values != request.factual, values, outcome.to(torch.int8))

    def _best(self, request: Request) -> Candidates:
        """Return a candidate for each person who has one."""
        terrain = Terrain.of(self.problem, request)
        donated = self._donated(terrain)
        seen = self._seen(terrain, donated.leading(self.starts - 1))
        best = seen.leading(_POLISHED)
        polished = Candidates.of(terrain, best.person, polish(terrain, best.person, best.values, _ROUNDS))
        everything = Candidates.joined(terrain, [polished, seen])
        return cheapest_plausible(terrain, everything, donated) if request.plausibility else everything.leading(1)

    def _seen(self, terrain: Terrain, near: Candidates) -> Candidates:
        """Return the candidates found from all choices of levels, and from those `near` to donors."""
        person, start = choices(terrain, self.subsets)
        far, there = far_off(terrain) if self.starts > 1 else (person[:0], start[:0])
        person, start = torch.cat([person, near.person, far]), torch.cat([start, near.values, there])
        relaxed = []
        for alone in (True, False) if len(terrain.sums) else (True,):
            last, best, cost = descend(terrain, person, start, self.iterations, alone=alone)
            relaxed.append(torch.where((cost < torch.inf)[:, None], best, last))
        person, rounded = roundings(terrain, person.repeat(len(relaxed)), torch.cat(relaxed))
        fractions = terrain.moving[person] & ~terrain.request.features.whole
        if fractions.any():
            _, rounded, _ = descend(terrain, person, rounded, self.iterations, free=fractions)
        return Candidates.joined(terrain, [Candidates.of(terrain, person, rounded), near])

    def _donated(self, terrain: Terrain) -> Candidates:
        """Return people who take over from a donor what they can, all who pass."""
        request, count = terrain.request, len(self.donors)
        person, donor = torch.arange(len(request)).repeat_interleave(count), self.donors.repeat(len(request), 1)
        box = Box(request.box.lower[person], request.box.upper[person])
        may = request.actionable[person] & box.contains(donor, request.features.whole)
        return Candidates.of(terrain, person, torch.where(may, donor, request.factual[person]))
