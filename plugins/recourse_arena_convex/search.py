"""From a request to recommendations: sets, starts, searches, whole numbers, and the last polish."""

from __future__ import annotations

__all__ = ["Search"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Outcome, Problem, Recommendation, Request, generator
from recourse_arena_convex.descent import Descent
from recourse_arena_convex.incumbents import Incumbents
from recourse_arena_convex.landscape import Landscape
from recourse_arena_convex.rounding import distinct, leading, moves, roundings
from recourse_arena_convex.starting import draw_donors, starting_points
from recourse_arena_convex.subproblem import Subproblem
from recourse_arena_convex.subsets import candidate_sets

_PEOPLE = 128
"""People searched for at once, to bound memory."""

_SECOND_EFFORT = 3
"""Factor of the number of starting points for those who have no action after the first attempt."""

_ROUNDED = 8
"""Most relaxed solutions per person whose whole-number features are rounded."""

_TRIFLE = 5e-3
"""Share of all change that is left out if the rest of the action suffices."""


@dataclass(frozen=True)
class Search:
    """The whole search, ready for requests.

    Arguments:
        problem: The problem.
        donors: Accepted training people at whom searches start, `(donors, features)`.
        starts: Most starting points per person and set of acted-upon features.
        subsets: Most such sets per person.
        explore: The search from each starting point.
        insist: The same for those whom it leaves without an action.
        polish: The last one, from each person's best action.
        margin: By how much the log-density of an action must exceed the person's, in nats.
    """

    problem: Problem
    donors: Tensor
    starts: int
    subsets: int
    explore: Descent
    insist: Descent
    polish: Descent
    margin: float = 0.0

    @classmethod
    def prepared(
        cls, problem: Problem, *, seed: int, iterations: int, starts: int, subsets: int, margin: float
    ) -> Search:
        """Return the search for a problem; donors are drawn with `seed`."""
        donors = draw_donors(problem, generator(seed, "convex", "donors"))
        subproblem = Subproblem(problem.features.count_actionable)
        explore = Descent(subproblem, iterations)
        polish = Descent(subproblem, iterations, radius=0.05, aim=1e-5, negligible=1e-6)
        insist = Descent(subproblem, iterations, penalty=300.0)
        return cls(problem, donors, starts, subsets, explore, insist, polish, margin)

    @torch.no_grad()
    def __call__(self, request: Request) -> Recommendation:
        """Return the cheapest action found for each person; it is to do nothing for who is accepted already."""
        best = Incumbents.none(request)
        best.cost[self.problem.decisions.accepts(request.factual)] = 0.0
        for people in (~best.found).nonzero()[:, 0].split(_PEOPLE):
            best[people] = self._best(request[people])
        outcome = torch.where(best.found, Outcome.SOLVED.code, Outcome.NOT_FOUND.code)
        outcome[~best.found & ~request.actionable.any(1)] = Outcome.INFEASIBLE.code
        return Recommendation(best.acted, best.values, outcome.to(torch.int8))

    def _landscape(self, request: Request, person: Tensor, acted: Tensor) -> Landscape:
        return Landscape.of(self.problem, request, person, acted, margin=self.margin)

    def _best(self, request: Request) -> Incumbents:
        best = self._attempt(request, self.starts, self.explore)
        lost = ~best.found
        best[lost] = self._attempt(request[lost], _SECOND_EFFORT * self.starts, self.insist)
        self._tidy(request, best)
        landscape, y = best.landscape(self.problem, request, margin=self.margin)
        self.polish(landscape.held(y), y, best)
        return best

    def _attempt(self, request: Request, starts: int, descent: Descent) -> Incumbents:
        """Return the best actions found from so many starting points per person and set."""
        best = Incumbents.none(request)
        landscape = self._landscape(request, *candidate_sets(request, self.problem.graph, self.subsets))
        points = starting_points(landscape, self.donors, starts, descent, best)
        landscape = landscape[torch.arange(len(landscape)).repeat_interleave(points.shape[1])]
        y, merit = descent(landscape, points.flatten(0, 1), best)
        if landscape.whole.any():
            self._round(request, landscape, y, merit, best)
        return best

    def _round(self, request: Request, landscape: Landscape, y: Tensor, merit: Tensor, best: Incumbents) -> None:
        """Search again with whole-number features held at whole numbers around the relaxed solutions `y`."""
        rows = landscape.whole.any(1).nonzero()[:, 0]
        rows = rows[distinct(landscape[rows], y[rows], merit[rows])]
        rows = rows[leading(landscape.person[rows], merit[rows], _ROUNDED)]
        rounded, points = roundings(landscape[rows], y[rows])
        rows = rows[rounded]
        y, merit = self.explore(landscape[rows].held(points), points, best)
        lost = (~best.found[landscape.person[rows]]).nonzero()[:, 0]
        lead = lost[leading(landscape.person[rows[lost]], merit[lost], 1)]
        found = best.landscape(self.problem, request, margin=self.margin)
        for here, points in ((landscape[rows[lead]], y[lead]), found):
            moved, points = moves(here, points)
            self.explore(here[moved].held(points), points, best)

    def _tidy(self, request: Request, best: Incumbents) -> None:
        """Leave out changes next to nothing where what remains suffices."""
        landscape, y = best.landscape(self.problem, request, margin=self.margin)
        acted = landscape.acted.clone()
        acted[:, request.features.actionable] &= y.abs() > _TRIFLE * y.norm(dim=1, keepdim=True)
        less = self._landscape(request, landscape.person, acted)
        y = less.clamp(y)
        tidied = Incumbents.none(request)
        tidied.offer(less.held(y), y, less.margins(y))
        best[tidied.found] = tidied[tidied.found]
