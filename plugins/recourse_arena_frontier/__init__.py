"""Everybody's cheapest action at once: batched trust-region programming on hand-written slopes."""

from __future__ import annotations

__all__ = ["Frontier"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import ArenaError, Knowledge, NotApplicable, Solver, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from recourse_arena import Problem, Recommendation, Request
    from recourse_arena_frontier.search import Search


class Frontier(Solver):
    """Sequential quadratic programming with trust regions for all people, sets of features and starts side by side.

    Weighted cost is minimised subject to the linearised logit and log-density, the person's box and a trust region;
    the step is taken if the true functions keep what the linear ones promised. As there are two constraints besides
    bounds, each program is solved through its dual with two unknowns, by formula. Logit, log-density and what follows
    from an action are differentiated by hand where they are a ReLU network, a causal flow or equations that are linear
    in pieces, and by autograd elsewhere; whatever no actionable feature reaches is worked out once per person.

    Searches start at the person as they are and where a regression, fitted on solutions of training people, guesses
    that they end; for who has no action then (with `careful` for everybody), at accepted training people too.

    The answer is the cheapest action seen that passes the true check, a local optimum; who has none is `not_found`,
    which proves nothing, but `infeasible` if no feature is actionable at all.

    Arguments:
        careful: Whether everybody's searches start at accepted training people too: cheaper actions for some, in twice
            the time.
        subsets: Most sets of acted-upon features per person, those that leave out least first.
        train: Training people on whose solutions the regression is fitted; 0 for none.

    Example:
        >>> Frontier(careful=True).careful
        True
        >>> Frontier(subsets=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver frontier: subsets must be a whole number of at least 1, got 0
    """

    name: ClassVar[str] = "frontier"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "batched sequential quadratic programming on hand-written slopes: everybody at once"
    knows: frozenset[Knowledge] = frozenset({Knowledge.CLASSIFIER, Knowledge.STRUCTURE, Knowledge.FLOW, Knowledge.SCM})
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER})
    keeps_sparsity: ClassVar[bool] = True
    costs: ClassVar[frozenset[str]] = frozenset({"range"})
    plausible_under = frozenset({"flow", "scm"})

    search: Search

    def __init__(self, *, careful: bool = False, subsets: int = 16, train: int = 4000) -> None:
        if not isinstance(careful, bool):
            raise ArenaError(f"solver frontier: careful must be true or false, got {careful!r}")
        for option, value, least in (("subsets", subsets, 1), ("train", train, 0)):
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ArenaError(f"solver frontier: {option} must be a whole number of at least {least}, got {value!r}")
        self.careful, self.subsets, self.train = careful, subsets, train

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Read the models, draw accepted training people, and learn from training people where searches end.

        Raises:
            NotApplicable: If the cost is no sum of squares, there are rules between features, or categories.
        """
        _refuse(problem)
        from recourse_arena_frontier.learning import learnt

        self.search = learnt(problem, seed=seed, careful=self.careful, subsets=self.subsets, people=self.train)

    def recommend(self, request: Request) -> Recommendation:
        """Return the cheapest action found for each person."""
        from recourse_arena import sparsely

        return sparsely(request, self.search)

    def state(self) -> Mapping[str, Tensor]:
        """Return the accepted training people and the weights of the regression."""
        return self.search.starts.state()

    def restore(self, problem: Problem, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        _refuse(problem)
        from recourse_arena_frontier.learning import restored

        self.search = restored(problem, state, careful=self.careful, subsets=self.subsets)


def _refuse(problem: Problem) -> None:
    if not problem.cost.quadratic:
        raise NotApplicable(
            f"frontier minimises the cost range of numbers, not {problem.cost.name} on {problem.dataset}"
        )
    if problem.features.rules:
        raise NotApplicable(
            f"frontier does not keep rules between features; {problem.dataset} has {problem.features.rules[0]}"
        )


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Frontier]
