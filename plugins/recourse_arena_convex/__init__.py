"""Sequential convex programming: the cheapest action, found by solving many small quadratic programs with cvxpy."""

from __future__ import annotations

__all__ = ["Convex"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, NotApplicable, Options, Solver, hookimpl

if TYPE_CHECKING:
    from recourse_arena import Problem, Recommendation, Request
    from recourse_arena_convex.search import Search
    from recourse_arena_convex.tables.search import TableSearch


class Convex(Solver):
    """Sequential convex programming with trust regions, for any differentiable decision and causal model.

    Logit and log-density of the counterfactual are linearised around the current action; the weighted cost is
    minimised subject to the linear constraints, the person's box and a trust region; the step is taken if the
    true functions keep what the linear ones promised. Which features are acted upon is enumerated. The answer is
    the cheapest action seen that passes the true check, a local optimum; who has none is `not_found`, since a
    local search proves nothing, but `infeasible` if no feature is actionable at all.

    Arguments:
        iterations: Most quadratic programs per starting point.
        starts: Starting points per person and set of acted-upon features: the factual, and accepted training people.
        subsets: Most sets of acted-upon features per person, those that leave out least first.
        margin: By how much the log-density of an action must exceed the person's, in nats; where plausibility is a
            matter of neighbours, which have no density, it changes nothing.

    Example:
        >>> Convex(starts=5).starts
        5
        >>> Convex(starts=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver convex: starts must be a whole number of at least 1, got 0
    """

    name: ClassVar[str] = "convex"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = "sequential convex programming with cvxpy: locally optimal, truly checked"
    knows: frozenset[Knowledge] = frozenset({Knowledge.CLASSIFIER, Knowledge.FLOW, Knowledge.SCM})
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER})
    keeps_rules: ClassVar[bool] = True
    keeps_sparsity: ClassVar[bool] = True
    plausible_under = frozenset({"flow", "scm", "neighbours"})

    def __init__(self, *, iterations: int = 20, starts: int = 3, subsets: int = 16, margin: float = 0.0) -> None:
        options = Options(f"solver {self.name}")
        self.iterations, self.starts = options.whole("iterations", iterations), options.whole("starts", starts)
        self.subsets, self.margin = options.whole("subsets", subsets), options.number("margin", margin, least=0)

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Draw the accepted training people at whom searches start.

        Raises:
            NotApplicable: If something follows from actions, and the cost is no sum of squares or there are rules; on
                tables, if the cost is no sum of changes or of their squares.
        """
        if problem.without_effects is not None:
            from recourse_arena_convex.tables.search import TableSearch

            self.search: Search | TableSearch = TableSearch.prepared(
                problem, seed=seed, iterations=self.iterations, starts=self.starts, subsets=self.subsets
            )
            return
        from recourse_arena_convex.search import Search

        _refuse_with_effects(problem)
        self.search = Search.prepared(
            problem,
            seed=seed,
            iterations=self.iterations,
            starts=self.starts,
            subsets=self.subsets,
            margin=self.margin,
        )

    def recommend(self, request: Request) -> Recommendation:
        """Return the cheapest action found for each person."""
        from recourse_arena import sparsely

        return sparsely(request, self.search)


def _refuse_with_effects(problem: Problem) -> None:
    if not problem.cost.quadratic:
        raise NotApplicable(f"where actions have effects convex minimises the cost range, not {problem.cost.name}")
    if problem.features.rules:
        raise NotApplicable(
            f"where actions have effects convex does not keep rules between features; "
            f"{problem.dataset} has {problem.features.rules[0]}"
        )


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Convex]
