"""A solver that walks down a loss on encoded columns until a criterion is met, and comes back as far as it holds."""

from __future__ import annotations

__all__ = ["Relaxed"]

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Solver

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena import Problem, Recommendation, Request
    from recourse_arena_relaxed.aim import Aim, Criterion
    from recourse_arena_relaxed.walk import Walk

_ELSEWHERE = 2
"""Random places from which those without an action are searched for again."""


class Relaxed(Solver):
    """What such solvers share: masks, boxes, directions, rules and levels are kept by construction.

    Numbers are moved in the person's box; shares of a category's levels sum to 1, are rounded in several ways, and
    numbers walk on with each. Features that nobody may act on are never moved. Where advice may act on few features
    only, sets of them are tried. Who can act on nothing is `infeasible`; where no search meets the criterion,
    `not_found`.
    """

    knows: frozenset[Knowledge] = frozenset({Knowledge.CLASSIFIER, Knowledge.FLOW, Knowledge.SCM})
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER})
    keeps_rules: ClassVar[bool] = True
    keeps_sparsity: ClassVar[bool] = True

    constraints: str = "keep"
    """Whether a person's constraints are kept, or ignored as in what was published."""
    back: ClassVar[str] = "shorter"
    """How actions come back; see :class:`Way`."""

    steps: int
    """Steps of each price."""
    rate: float
    """Learning rate, in units of the encoding."""

    @property
    def prices(self) -> Sequence[float]:
        """What distance weighs, from high to low; a method that walks otherwise has none."""
        return ()

    def criterion(self, request: Request) -> Criterion:
        """Return what is asked of the counterfactuals of the people of a request, a row each."""
        raise NotImplementedError(f"{type(self).__name__} has no criterion")

    def ground(self, request: Request) -> Aim:
        """Return the ground of a request."""
        from recourse_arena_relaxed.aim import Aim

        return Aim.at(self.problem, request, self.criterion(request), straight=self.constraints == "ignore")

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Keep hold of the problem."""
        from recourse_arena_relaxed.columns import Columns

        super().fit(problem, seed=seed)
        self.columns = Columns(problem)

    def walk(self, aim: Aim, start: Tensor) -> Walk:
        """Return where the search leads from `start` `(rows, columns)`."""
        from recourse_arena_relaxed.walk import descend

        return descend(aim, start, prices=self.prices, steps=self.steps, rate=self.rate)

    def recommend(self, request: Request) -> Recommendation:
        """Return the cheapest action found that meets the criterion, for each person."""
        from recourse_arena import sparsely, unconstrained
        from recourse_arena_relaxed.way import Way, search

        free = self.constraints == "ignore"
        back = "no" if free else self.back
        way = Way(self.name, self.ground, self.walk, elsewhere=0 if free else _ELSEWHERE, back=back)  # type: ignore[arg-type]
        if free:
            return search(way, unconstrained(request, preferences=False))
        return sparsely(request, lambda asked: search(way, asked))
