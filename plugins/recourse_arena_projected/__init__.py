"""Projected gradient steps on the cross-entropy of acceptance, after *When Bits Break Recourse*."""

from __future__ import annotations

__all__ = ["Projected"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Options, Solver, hookimpl

if TYPE_CHECKING:
    from recourse_arena import Recommendation, Request


class Projected(Solver):
    """Projected gradient steps on the cross-entropy of acceptance (arXiv 2605.17160), made individual and causal.

    In the encoding of the decision model, `z <- P(z + size * (1 - p) * slope)`: `p` is the probability of a positive
    decision, `slope` the gradient of its log odds, and `P` the nearest point at which the features that a person can
    act on are in their box and the shares of a category's levels sum to 1; everything else stays. Steps along a feature
    are the shorter the more it costs the person, on average as published. There are `restarts` searches: from the
    person as they are, from the ends of their box to which the slope points there, and from random places in it. Each
    keeps its best iterate: the first that is accepted with whole numbers and legal levels, for those after it are
    farther away. Who is left without an action is searched for again from eight more random places.

    What shares are rounded to is tried in several ways: no category changed, the one that lost most of its factual
    share set to its greatest other level, the next one too, and so on; numbers then walk on by themselves. Who is
    accepted goes back towards the factual by bisection, to just behind the boundary. Features are left alone, and whole
    numbers one nearer, where it is cheaper to take the others as much farther as is needed, those first that cost most
    for what they do. Of all searches the cheapest action counts. All people and restarts are searched for at once.

    The counterfactual is that of `do(x_j = value_j)` under the best causal model the solver may see; what an action
    causes is foreseen when it is checked, not while categories are relaxed. Rules between features are checked, though
    nothing leads the search away from actions that break one. Plausibility is not looked at. Where advice may act on
    few features only, sets of them are tried. Who can act on nothing is `infeasible`; where no search ends with an
    accepted counterfactual, `not_found`.

    Arguments:
        steps: Steps of each search.
        size: Their size, in units of the encoding.
        restarts: Searches per person.

    References:
        When Bits Break Recourse: Counterfactual-Faithful Quantization, arXiv 2605.17160: 80 steps of .04, three
        restarts, without categories, boxes or a way back.

    Example:
        >>> Projected(steps=40).steps
        40
        >>> Projected(size=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver projected: size must be a number above 0, got 0
    """

    name: ClassVar[str] = "projected"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "projected gradient steps on the loss of acceptance, fast (arXiv 2605.17160)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.CLASSIFIER, Knowledge.FLOW, Knowledge.SCM})
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER})
    keeps_rules: ClassVar[bool] = True
    keeps_sparsity: ClassVar[bool] = True

    def __init__(self, *, steps: int = 80, size: float = 0.04, restarts: int = 3) -> None:
        options = Options(f"solver {self.name}")
        self.steps, self.restarts = options.whole("steps", steps), options.whole("restarts", restarts)
        self.size = options.number("size", size, above=0)

    def recommend(self, request: Request) -> Recommendation:
        """Return the cheapest accepted action found for each person."""
        from recourse_arena import sparsely
        from recourse_arena_projected.walk import walk
        from recourse_arena_relaxed import Ground, Way, search

        way = Way(
            self.name,
            lambda asked: Ground.of(self.problem, asked),
            lambda ground, start: walk(ground, start, steps=self.steps, size=self.size),
            starts=self.restarts,
        )
        return sparsely(request, lambda asked: search(way, asked))


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Projected]
