"""From a request on a table to recommendations: cheap combinations, levels and numbers, polish, plausibility."""

from __future__ import annotations

__all__ = ["TableSearch"]

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Box, Outcome, Problem, Recommendation, Request
from recourse_arena_frontier.descent import Descent
from recourse_arena_frontier.tables.candidates import Candidates
from recourse_arena_frontier.tables.choices import choices
from recourse_arena_frontier.tables.numbers import Numbers
from recourse_arena_frontier.tables.options import Ladder
from recourse_arena_frontier.tables.plausible import cheapest_plausible, simpler
from recourse_arena_frontier.tables.polish import polish
from recourse_arena_frontier.tables.terrain import Terrain, split

_PEOPLE, _LOST = 64, 16
"""People looked at together, and of those who have nothing yet, to bound memory."""

_COMBINATIONS, _MORE = 2048, 32_768
"""Cheapest combinations of levels and rungs of numbers that are tried, and of who has nothing then."""

_NEAR = 6
"""How many of those that pass have their numbers moved along slopes, too."""

_POLISHED, _ROUNDS = 4, 8
"""Candidates of a person that are polished, and rounds of that."""

_DONORS, _COMMON = 1000, 8
"""Accepted training people whose features may be taken over; and of each number, how many of their most common values
are tried."""

EXPLORE = Descent()
HOLD = Descent(12)


@dataclass(frozen=True)
class TableSearch:
    """The whole search, ready for requests.

    Arguments:
        problem: The problem; nothing follows from anything there.
        numbers: Its numbers.
        donors: Accepted training people, `(donors, features)`.
        subsets: Most choices of levels per person beside the factual ones.
        careful: Whether many combinations are tried for everybody.
        common: Values that many donors have of each number, by its column.
    """

    problem: Problem
    numbers: Numbers
    donors: Tensor
    subsets: int
    careful: bool
    common: Mapping[int, Tensor]

    @classmethod
    def of(cls, problem: Problem, *, subsets: int, careful: bool) -> TableSearch:
        """Return the search for a problem."""
        accepted = problem.training.x[problem.decisions.accepts(problem.training.x)]
        donors = accepted[:_DONORS]
        common = {column: _common(donors[:, column]) for column in split(problem)[1]}
        return cls(problem, Numbers.of(problem), donors, subsets, careful, common)

    @torch.no_grad()
    def __call__(self, request: Request) -> Recommendation:
        """Return the cheapest action found for each person; it is to do nothing for who is accepted already."""
        values = request.factual.clone()
        found = self.problem.decisions.accepts(request.factual)
        asking = (~found & request.actionable.any(1)).nonzero()[:, 0]
        efforts = ((_COMBINATIONS, _PEOPLE), (_MORE, _LOST))
        for most, together in efforts[int(self.careful) :]:
            for people in asking[~found[asking]].split(together):
                best = self._best(request[people], most)
                values[people[best.person]] = best.values
                found[people[best.person]] = True
        outcome = torch.where(found, Outcome.SOLVED.code, Outcome.NOT_FOUND.code)
        outcome[~found & ~request.actionable.any(1)] = Outcome.INFEASIBLE.code
        return Recommendation(values != request.factual, values, outcome.to(torch.int8))

    def _best(self, request: Request, most: int) -> Candidates:
        """Return a candidate for each person who has one, from their `most` cheapest combinations and more."""
        terrain = Terrain.of(self.problem, request, self.common)
        more = most > _COMBINATIONS
        cheap = Candidates.of(terrain, *Ladder.of(terrain, (*terrain.levels, *terrain.numbers)).cheapest(terrain, most))
        ladder = Ladder.of(terrain, terrain.levels)
        seen = self._searched(terrain, ladder, cheap)
        best = seen.leading(_POLISHED)
        polished = polish(terrain, ladder, best.person, best.values, _ROUNDS)
        seen = Candidates.joined([Candidates.of(terrain, best.person, polished), seen, cheap])
        if not request.plausibility:
            return seen.leading(1)
        if more:
            seen = Candidates.joined([seen, self._donated(terrain)])
        return simpler(terrain, cheapest_plausible(terrain, seen, more=more))

    def _searched(self, terrain: Terrain, ladder: Ladder, cheap: Candidates) -> Candidates:
        """Return the candidates found from choices of levels, and from those that are `cheap`."""
        near = cheap.leading(_NEAR)
        person, start = choices(terrain, self.numbers, ladder, self.subsets)
        person, start = torch.cat([person, near.person]), torch.cat([start, near.values])
        if terrain.numbers:
            person, start = self.numbers.searched(terrain, person, start, EXPLORE, HOLD)
        return Candidates.joined([Candidates.of(terrain, person, start), near])

    def _donated(self, terrain: Terrain) -> Candidates:
        """Return people who take over from a donor what they can, all who pass."""
        request, count = terrain.request, len(self.donors)
        person = torch.arange(len(request)).repeat_interleave(count)
        donor = self.donors.repeat(len(request), 1)
        box = Box(request.box.lower[person], request.box.upper[person])
        may = request.actionable[person] & box.contains(donor, request.features.whole)
        return Candidates.of(terrain, person, torch.where(may, donor, request.factual[person]))


def _common(values: Tensor) -> Tensor:
    """Return the values that most people have, ascending; of equally common ones the lesser."""
    every, counts = values.unique(return_counts=True)
    return every[counts.argsort(descending=True, stable=True)[:_COMMON]].sort().values
