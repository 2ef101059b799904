"""From a request on a table to recommendations: levels, numbers, whole numbers, the last polish, plausibility."""

from __future__ import annotations

__all__ = ["TableSearch"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Outcome, Problem, Recommendation, Request, generator
from recourse_arena_convex.tables.candidates import Candidates
from recourse_arena_convex.tables.descent import descend
from recourse_arena_convex.tables.levels import choices
from recourse_arena_convex.tables.measure import Measure
from recourse_arena_convex.tables.polish import polish
from recourse_arena_convex.tables.rounding import roundings
from recourse_arena_convex.tables.terrain import Terrain

_PEOPLE = 64
"""People searched for at once, to bound memory."""

_DONORS = 1_000
"""Accepted training people whose features may be taken over."""

_POLISHED, _ROUNDS = 4, 8
"""Candidates of a person that are polished, and rounds of that."""

_SCORED = (16, 48)
"""Candidates of a person whose plausibility is looked at, the cheapest first, and more for those who need them."""


@dataclass(frozen=True)
class TableSearch:
    """The whole search, ready for requests.

    Arguments:
        problem: The problem.
        measure: How its cost is made of changes.
        donors: Accepted training people, `(donors, features)`.
        iterations: Most steps from a starting point.
        starts: Starting points of each choice of levels: those of the person, and the rest of donors.
        subsets: Most choices of levels per person beside the factual ones.
    """

    problem: Problem
    measure: Measure
    donors: Tensor
    iterations: int
    starts: int
    subsets: int

    @classmethod
    def prepared(cls, problem: Problem, *, seed: int, iterations: int, starts: int, subsets: int) -> TableSearch:
        """Return the search for a problem; donors are drawn with `seed`.

        Raises:
            NotApplicable: If the cost is no sum of changes or of their squares.
        """
        accepted = problem.training.x[problem.decisions.accepts(problem.training.x)]
        order = torch.randperm(len(accepted), generator=generator(seed, "convex", "table", "donors"))
        return cls(problem, Measure.of(problem), accepted[order[:_DONORS]], iterations, starts, subsets)

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
        terrain = Terrain.of(self.problem, request, self.measure)
        seen = self._seen(terrain)
        best = seen.leading(_POLISHED)
        polished = Candidates.of(terrain, best.person, polish(terrain, best.person, best.values, _ROUNDS))
        everything = Candidates.joined(terrain, [polished, seen])
        return self._plausible(request, everything) if request.plausibility else everything.leading(1)

    def _seen(self, terrain: Terrain) -> Candidates:
        """Return the candidates found from all choices of levels and all donors."""
        person, start = choices(terrain, self.subsets)
        donated = self._donated(terrain, _SCORED[0])
        near = donated.leading(self.starts - 1)
        person, start = torch.cat([person, near.person]), torch.cat([start, near.values])
        last, best, cost = descend(terrain, person, start, self.iterations)
        relaxed = torch.where((cost < torch.inf)[:, None], best, last)
        person, rounded = roundings(terrain, person, relaxed)
        fractions = terrain.moving[person] & ~terrain.request.features.whole
        if fractions.any():
            _, rounded, _ = descend(terrain, person, rounded, self.iterations, fractions)
        return Candidates.joined(terrain, [Candidates.of(terrain, person, rounded), donated])

    def _donated(self, terrain: Terrain, most: int) -> Candidates:
        """Return people who take over all that they can from the donors nearest to them by cost."""
        request = terrain.request
        if not len(self.donors):
            return Candidates.of(terrain, torch.arange(0), request.factual[:0])
        cost = request.cost_of_becoming(self.donors)
        near = cost.argsort(dim=1, stable=True)[:, :most]
        reached = cost.gather(1, near).isfinite()
        person, place = reached.nonzero(as_tuple=True)
        donors = self.donors[near[person, place]]
        return Candidates.of(terrain, person, torch.where(request.actionable[person], donors, request.factual[person]))

    def _plausible(self, request: Request, candidates: Candidates) -> Candidates:
        """Return the cheapest plausible candidate of each person who has one among the first few."""
        judge, first = self.problem.plausible(request), candidates.leading(sum(_SCORED))
        rank = torch.arange(len(first)) - torch.searchsorted(first.person, first.person)
        plausible = torch.zeros(len(first), dtype=torch.bool)
        for least, most in ((0, _SCORED[0]), (_SCORED[0], sum(_SCORED))):
            has = torch.zeros(len(request), dtype=torch.bool)
            has[first.person[plausible]] = True
            look = ((rank >= least) & (rank < most) & ~has[first.person]).nonzero()[:, 0]
            score = judge.score(first.values[look])
            plausible[look] = score >= judge.least(request.factual[first.person[look]])
        return first[plausible].leading(1)
