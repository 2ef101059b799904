"""Sequential convex programming: the cheapest action, found by solving many small quadratic programs with cvxpy."""

from __future__ import annotations

__all__ = ["Convex"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import ArenaError, Knowledge, Solver, hookimpl

if TYPE_CHECKING:
    from recourse_arena.problem.problem import Problem
    from recourse_arena.problem.recommendation import Recommendation
    from recourse_arena.problem.request import Request


class Convex(Solver):
    """Trust-region sequential convex programming on any differentiable decision and causal model.

    Logit and log-density of the counterfactual are linearised around the current action; the weighted cost is
    minimised subject to the linear constraints, the person's box and a trust region; the action is taken if it
    keeps what the linear model promised. Which features are acted upon is enumerated. Only actions that pass the
    true check are recommended, so a person without one is `not_found`: a local search proves nothing.

    Arguments:
        iterations: Most quadratic programs per start.
        starts: Starting points per person and set of acted-upon features; the first is the factual.
        subsets: Most sets of acted-upon features per person, those that leave out least first.
    """

    name: ClassVar[str] = "convex"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "sequential convex programming with cvxpy: cheapest action, locally optimal"
    knows: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER, Knowledge.FLOW, Knowledge.SCM})

    def __init__(self, *, iterations: int = 20, starts: int = 3, subsets: int = 16) -> None:
        for option, value in (("iterations", iterations), ("starts", starts), ("subsets", subsets)):
            if not isinstance(value, int) or value < 1:
                raise ArenaError(f"solver convex: {option} must be a whole number of at least 1, got {value!r}")
        self.iterations, self.starts, self.subsets = iterations, starts, subsets

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Draw the accepted training people at whom searches start."""
        from recourse_arena_convex.search import Search

        self.search = Search.prepared(
            problem, seed=seed, iterations=self.iterations, starts=self.starts, subsets=self.subsets
        )

    def recommend(self, request: Request) -> Recommendation:
        """Return the cheapest action found for each person of `request`."""
        return self.search(request)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Convex]
