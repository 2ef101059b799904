"""Grid oracle: the cheapest action on a grid of values, found exactly."""

from __future__ import annotations

__all__ = ["Grid"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Options, Solver, hookimpl

if TYPE_CHECKING:
    from recourse_arena import Recommendation, Request


class Grid(Solver):
    """The cheapest combination of grid values that leads to a positive decision (the oracle of arXiv 2604.08030).

    Each feature a person can act on takes the values of `linspace(x - 2 (x - min), x + 2 (max - x), points)`
    that lie in the person's box, or is left alone; `min` and `max` are the global box. A category takes any other
    of its levels. Of all combinations whose counterfactual is accepted, keeps the rules between features and, if
    asked for, is plausible (at least as likely as the factual under the flow, or the true causal model where the
    request says so; or no outlier among accepted people), the answer is the cheapest (weighted) one: exactly what
    trying each of them would give.

    A combination costs the sum of the request's per-feature costs, added in column order and in double
    precision. At equal cost the one with fewer acted features wins, then the one that comes first in
    lexicographic order, where each feature in column order is left alone or takes its values ascending, levels of
    a category in alphabetical order of their names.

    Whoever has more than `most` combinations, and finds nothing among the cheapest few thousand, tries those that
    change at most so many features (two or more) that there are `most` at most; fewer points if even two are too
    many. The answer is then the cheapest of those tried, and how many people that concerns is said (`logging`).

    Who has no such combination is `not_found`, for other values might do; but `infeasible` if no feature is
    actionable at all, since then there is nothing else to try.

    Arguments:
        points: Number of values per feature before those outside the box are dropped, 2 to 1000.
        most: How many combinations a person goes through if need be, 1000 to 100,000,000. A million takes about
            5 seconds where a decision takes 5 microseconds.

    Example:
        >>> Grid(points=9).points
        9
        >>> Grid(points=1)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver grid: points must be a whole number from 2 to 1000, got 1
    """

    name: ClassVar[str] = "grid"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "the cheapest action on a grid, exact (the papers' oracle)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM})
    keeps_rules: ClassVar[bool] = True
    keeps_sparsity: ClassVar[bool] = True

    def __init__(self, *, points: int = 25, most: int = 1_000_000) -> None:
        options = Options(f"solver {self.name}")
        self.points, self.most = options.whole("points", points, 2, 1000), options.whole("most", most, 1000, 10**8)

    def recommend(self, request: Request) -> Recommendation:
        """Return the cheapest action on the grid for each person."""
        from recourse_arena_grid.oracle import cheapest_actions

        return cheapest_actions(self.problem, request, self.points, most=self.most)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Grid]
