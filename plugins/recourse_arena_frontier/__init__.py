"""Everybody's cheapest action at once: batched trust-region programming on hand-written slopes."""

from __future__ import annotations

__all__ = ["Frontier"]

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from recourse_arena import ArenaError, Knowledge, NotApplicable, Options, Range, Solver, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from recourse_arena import Problem, Recommendation, Request, Space
    from recourse_arena_frontier.search import Search
    from recourse_arena_frontier.tables.search import TableSearch


class Frontier(Solver):
    """Sequential quadratic programming with trust regions for all people, sets of features and starts side by side.

    Weighted cost is minimised subject to the linearised logit and log-density, the person's box and a trust region;
    the step is taken if the true functions keep what the linear ones promised. As there are two constraints besides
    bounds, each program is solved through its dual with two unknowns, by formula. Logit, log-density and what follows
    from an action are differentiated by hand where they are a ReLU network, a causal flow or equations that are linear
    in pieces, and by autograd elsewhere; whatever no actionable feature reaches is worked out once per person.

    On tables where nothing follows from actions, levels of categories, binaries and small ordinals are gone through:
    the choices that are cheapest, and those that look best with what numbers must add along the slope of the logit.
    Numbers are moved by the same programs, in closed form where the cost is a sum of changes; whole ones are rounded.
    Rules between features are kept, and neighbours asked about the cheapest candidates, where they judge what is
    plausible.

    Searches start at the person as they are and where a regression, fitted on solutions of training people, guesses
    that they end; for who has no action then (with `careful` for everybody), at accepted training people too.

    The answer is the cheapest action seen that passes the true check, a local optimum; who has none is `not_found`,
    which proves nothing, but `infeasible` if no feature is actionable at all.

    Arguments:
        careful: Whether everybody's searches start at accepted training people too: cheaper actions for some, in twice
            the time. On tables, whether more combinations of cheap changes are tried for everybody.
        subsets: Most sets of acted-upon features per person, those that leave out least first; on tables, most choices
            of levels.
        train: Training people on whose solutions the regression is fitted; 0 for none.
        margin: By how much the log-density of an action is to exceed the person's, in nats: plausibility is judged by
            models that no solver sees, too. Whoever cannot have it is asked for half of it, a quarter, then none. Where
            plausibility is a matter of neighbours, which have no density, it changes nothing. It is found on validation
            people by `recourse-arena tune frontier --only margin --dataset loan --scenario hard-4 --objective
            attainability_heldout --out tuning`.

    Example:
        >>> Frontier(careful=True).careful
        True
        >>> Frontier(subsets=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver frontier: subsets must be a whole number of at least 1, got 0
    """

    name: ClassVar[str] = "frontier"
    version: ClassVar[str] = "3"
    summary: ClassVar[str] = "batched sequential quadratic programming on hand-written slopes: everybody at once"
    knows: frozenset[Knowledge] = frozenset({Knowledge.CLASSIFIER, Knowledge.STRUCTURE, Knowledge.FLOW, Knowledge.SCM})
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER})
    keeps_rules: ClassVar[bool] = True
    keeps_sparsity: ClassVar[bool] = True
    plausible_under = frozenset({"flow", "scm", "neighbours"})
    space: ClassVar[Space] = {"margin": Range(0.0, 2.0)}

    search: Search | None
    tables: TableSearch | None

    def __init__(self, *, careful: bool = False, subsets: int = 16, train: int = 4000, margin: float = 0.0) -> None:
        options = Options(f"solver {self.name}")
        self.careful, self.subsets = options.yes_or_no("careful", careful), options.whole("subsets", subsets)
        self.train, self.margin = options.whole("train", train, 0), options.number("margin", margin, least=0)

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Read the models, draw accepted training people, and learn from training people where searches end.

        Raises:
            NotApplicable: If something follows from actions, and the cost is no sum of squares of numbers or there are
                rules between features.
        """
        self.search, self.tables = None, self._tables(problem)
        if _along_slopes(problem):
            from recourse_arena_frontier.learning import learnt

            self.search = learnt(
                problem,
                seed=seed,
                careful=self.careful,
                subsets=self.subsets,
                people=self.train,
                margin=self.margin,
            )

    def recommend(self, request: Request) -> Recommendation:
        """Return the cheapest action found for each person."""
        from recourse_arena import sparsely

        by_neighbours = request.plausibility and request.density == "neighbours"
        search = self.tables if self.search is None or by_neighbours else self.search
        if search is None:
            raise ArenaError("solver frontier: fit comes before recommend")
        if search is self.search and self.margin:
            from recourse_arena_frontier.search import eased

            return sparsely(request, partial(eased, search))
        return sparsely(request, search)

    def state(self) -> Mapping[str, Tensor] | None:
        """Return the accepted training people and the weights of the regression; none where nothing is learnt."""
        return None if self.search is None else self.search.starts.state()

    def restore(self, problem: Problem, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        from recourse_arena_frontier.learning import restored

        self.tables = self._tables(problem)
        self.search = restored(problem, state, careful=self.careful, subsets=self.subsets, margin=self.margin)

    def _tables(self, problem: Problem) -> TableSearch | None:
        """Return the search of tables; none where something follows from actions."""
        if problem.without_effects is None:
            _refuse_with_effects(problem)
            return None
        from recourse_arena_frontier.tables.search import TableSearch

        return TableSearch.of(problem, subsets=self.subsets, careful=self.careful)


def _along_slopes(problem: Problem) -> bool:
    """Return whether all that can be acted upon are numbers without rules, whose squares are summed."""
    return problem.cost.quadratic and not problem.features.rules


def _refuse_with_effects(problem: Problem) -> None:
    if not problem.cost.quadratic:
        raise NotApplicable(
            f"where actions have effects frontier minimises the cost range of numbers, not {problem.cost.name} on "
            f"{problem.dataset}"
        )
    if problem.features.rules:
        raise NotApplicable(
            f"where actions have effects frontier does not keep rules between features; "
            f"{problem.dataset} has {problem.features.rules[0]}"
        )


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Frontier]
