"""The solver `individual`: everybody's own cheapest combination of rungs, which no menu of them can undercut."""

from __future__ import annotations

__all__ = ["Individual"]

import logging
from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Options, Solver

if TYPE_CHECKING:
    from recourse_arena import Problem, Recommendation, Request

_log = logging.getLogger(__name__)


class Individual(Solver):
    """Each person's own cheapest combination of rungs of the ladders that menus are made of: decisions only, exact.

    It is what menus of ever more actions come to, and what is left of a gap between groups here is the decision
    model's. Nobody is told to do anything that a menu could not have: each feature takes what one of its rungs makes
    of it. Of all combinations whose counterfactual is accepted, keeps the rules between features and, if asked for, is
    plausible, the answer is the cheapest, found as `grid` finds its own; whoever has more than `most` of them, and
    finds nothing among the cheapest few thousand, tries those that change a few features, and that is said (`logging`).

    Arguments:
        rungs: About how many amounts a number has each way it may move, 2 to 1000.
        bounds: Whether numbers may become at least or at most a value, too.
        most: How many combinations a person goes through if need be, 1000 to 100,000,000.
    """

    name: ClassVar[str] = "individual"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = "everybody's own cheapest action of those that menus are made of, exact"
    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM})
    keeps_rules: ClassVar[bool] = True
    keeps_sparsity: ClassVar[bool] = True

    def __init__(self, *, rungs: int = 30, bounds: bool = True, most: int = 1_000_000) -> None:
        options = Options(f"solver {self.name}")
        self.bounds = options.yes_or_no("bounds", bounds)
        self.rungs = options.whole("rungs", rungs, 2, 1000)
        self.most = options.whole("most", most, 1000, 10**8)

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Make the ladders."""
        from recourse_arena_menus.ladders import Ladders

        self.problem, self.ladders = problem, Ladders.of(problem, self.rungs, bounds=self.bounds)

    def recommend(self, request: Request) -> Recommendation:
        """Return each person's cheapest combination."""
        from functools import partial

        from recourse_arena_grid.oracle import cheapest_of, left_out
        from recourse_arena_menus.search.rungs import options_of

        radix = 1 + max(self.ladders.widths.tolist(), default=1)
        answer, cut = cheapest_of(self.problem, request, partial(options_of, self.ladders), radix, most=self.most)
        if cut:
            _log.warning("solver individual: %s; fewer rungs leave out fewer", left_out(cut, len(request), self.most))
        return answer
