"""From a request to recommendations: sets, starts, searches, whole numbers, and the last polish."""

from __future__ import annotations

__all__ = ["Search"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Outcome, Problem, Recommendation, Request
from recourse_arena.problem.randomness import generator
from recourse_arena_convex.descent import Descent
from recourse_arena_convex.incumbents import Incumbents
from recourse_arena_convex.landscape import Landscape
from recourse_arena_convex.rounding import leading, moves, roundings
from recourse_arena_convex.starting import draw_donors, starting_points
from recourse_arena_convex.subproblem import Subproblem
from recourse_arena_convex.subsets import candidate_sets

_PEOPLE = 128
"""People searched for at once, to bound memory."""

_EFFORTS = (1, 4)
"""Factors of the number of starting points: whoever has no action after the first attempt gets a second one."""

_ROUNDED = 8
"""Most relaxed solutions per person whose whole-number features are rounded."""

_TRIFLE = 1e-3
"""Change, as the root of its cost, that is left out if the rest of the action suffices."""


@dataclass(frozen=True)
class Search:
    """The whole search, ready for requests.

    Arguments:
        problem: The problem.
        donors: Accepted training people at whom searches start, `(donors, features)`.
        starts: Most starting points per person and set of acted-upon features.
        subsets: Most such sets per person.
        explore: The search from each starting point.
        polish: The last one, from each person's best action.
    """

    problem: Problem
    donors: Tensor
    starts: int
    subsets: int
    explore: Descent
    polish: Descent

    @classmethod
    def prepared(cls, problem: Problem, *, seed: int, iterations: int, starts: int, subsets: int) -> Search:
        """Return the search for a problem; donors are drawn with `seed`."""
        donors = draw_donors(problem, generator(seed, "convex", "donors"))
        subproblem = Subproblem(problem.features.count_actionable)
        explore = Descent(subproblem, iterations)
        polish = Descent(subproblem, min(iterations, 8), radius=0.05, aim=1e-5)
        return cls(problem, donors, starts, subsets, explore, polish)

    @torch.no_grad()
    def __call__(self, request: Request) -> Recommendation:
        """Return the cheapest action found for each person."""
        best = Incumbents.none(request)
        for first in range(0, len(request), _PEOPLE):
            people = slice(first, first + _PEOPLE)
            best[people] = self._best(request[people])
        outcome = torch.where(best.found, Outcome.SOLVED.code, Outcome.NOT_FOUND.code)
        outcome[~best.found & ~request.actionable.any(1)] = Outcome.INFEASIBLE.code
        return Recommendation(best.acted, best.values, outcome.to(torch.int8))

    def _best(self, request: Request) -> Incumbents:
        best = Incumbents.none(request)
        landscape = Landscape.of(self.problem, request, *candidate_sets(request, self.problem.graph, self.subsets))
        if not len(landscape):
            return best
        for effort in _EFFORTS:
            self._attempt(request, landscape[~best.found[landscape.person]], effort * self.starts, best)
        self._tidy(request, best)
        landscape, y = best.landscape(self.problem, request)
        self.polish(landscape.held(y), y, best)
        return best

    def _attempt(self, request: Request, landscape: Landscape, starts: int, best: Incumbents) -> None:
        """Search from several starting points per row."""
        if not len(landscape):
            return
        points = starting_points(landscape, self.donors, starts, self.explore.aim, best)
        count = points.shape[1]
        rows = torch.arange(len(landscape)).repeat_interleave(count)
        y, merit = self.explore(landscape[rows], points.flatten(0, 1), best)
        lead = torch.arange(0, len(rows), count) + merit.reshape(-1, count).argmin(1)
        self._round(request, landscape, y[lead], merit[lead], best)

    def _round(self, request: Request, landscape: Landscape, y: Tensor, merit: Tensor, best: Incumbents) -> None:
        """Search again with whole-number features held at whole numbers around the relaxed solutions `y`."""
        rows = landscape.whole.any(1).nonzero()[:, 0]
        if not len(rows):
            return
        rows = rows[leading(landscape.person[rows], merit[rows], _ROUNDED)]
        rounded, points = roundings(landscape[rows], y[rows])
        rows = rows[rounded]
        y, merit = self.explore(landscape[rows].held(points), points, best)
        lost = (~best.found[landscape.person[rows]]).nonzero()[:, 0]
        lead = lost[leading(landscape.person[rows[lost]], merit[lost], 1)]
        for here, points in ((landscape[rows[lead]], y[lead]), best.landscape(self.problem, request)):
            moved, points = moves(here, points)
            self.explore(here[moved].held(points), points, best)

    def _tidy(self, request: Request, best: Incumbents) -> None:
        """Leave out changes next to nothing where what remains suffices."""
        landscape, y = best.landscape(self.problem, request)
        acted = landscape.acted.clone()
        acted[:, request.features.actionable] &= y.abs() > _TRIFLE
        less = Landscape.of(self.problem, request, landscape.person, acted)
        y = less.clamp(y)
        tidied = Incumbents.none(request)
        tidied.offer(less.held(y), y, less.margins(y))
        best[tidied.found] = tidied[tidied.found]
