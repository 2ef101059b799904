"""Actionable recourse for linear models: an integer program over a grid of actions, and flipsets."""

from __future__ import annotations

__all__ = ["Flipset"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Options, Solver, hookimpl
from recourse_arena_adapting.solver import Adapting

if TYPE_CHECKING:
    from recourse_arena import Problem, Recommendation, Request
    from recourse_arena_flipset.program import Action


class Flipset(Adapting):
    """Actionable Recourse (Ustun et al., 2019): the least maximum percentile shift that flips a linear model.

    Each free feature may go to a grid of values: numbers to `points` percentiles of training people, every whole number
    where there are no more, categories to every level. An integer program (HiGHS, by SciPy) finds the action with
    `w.(x + a) >= 0` whose greatest shift of a percentile is least, and of those the one with the least sum of shifts.
    Cuts forbid sets of features that have been advised; of so many `answers` with different sets, that of the least
    weighted cost is recommended. :meth:`flipsets` has them all.

    Adapted: the grid is each person's own, inside their box; rules between features and a limit on how many of them
    change are constraints of the program. With `constraints=ignore` all features may change. Features are taken to be
    independent, as in the paper: advice may fail where the judge lets causes act. Who has no action on the grid is
    `not_found`. Models that are not linear in the encoded features are refused.

    Readings: the percentile of a value is the share of training people with at most that; a change of category shifts
    by the share of people with the old or the new level, whichever is greater, which is what the two 0/1 columns do;
    features that no rule is about move only where that raises the log odds.

    Arguments:
        points: How many percentiles of a number are on the grid, at most.
        answers: How many actions on different sets of features are looked for.
        constraints: `keep` what people ask for, or `ignore` it.

    References:
        Ustun, Spangher and Liu, Actionable recourse in linear classification, FAT* 2019, arXiv 1809.06514.

    Example:
        >>> Flipset(answers=3).answers
        3
        >>> Flipset(points=1)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver flipset: points must be a whole number from 2 to 1000, got 1
    """

    name: ClassVar[str] = "flipset"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "least maximum percentile shift of a linear model (Actionable Recourse, Ustun et al. 2019)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.CLASSIFIER, Knowledge.STRUCTURE})
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.STRUCTURE})
    keeps_rules: ClassVar[bool] = True
    keeps_sparsity: ClassVar[bool] = True

    def __init__(self, *, points: int = 100, answers: int = 1, constraints: str = "keep") -> None:
        options = Options(f"solver {self.name}")
        self.points = options.whole("points", points, 2, 1000)
        self.answers = options.whole("answers", answers, 1, 1000)
        self.constraints = options.constraints(constraints)

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Read the linear model, and the percentiles of training people.

        Raises:
            NotApplicable: If the decision model is not linear.
        """
        from recourse_arena_flipset.grid import Grid

        self.problem = problem
        self.grid = Grid.of(problem, self.points)

    def flipsets(self, request: Request, *, answers: int | None = None) -> list[list[Action]]:
        """Return the actions of each person, by greatest percentile shift, on a different set of features each.

        Arguments:
            request: Who asks.
            answers: How many are looked for; by default as many as the option says.
        """
        from recourse_arena_flipset.program import flipset

        people, found = self.asked(request), []
        for i in range(len(people)):
            self.problem.report(i / len(people))
            found.append(flipset(self.problem, self.grid, people[i : i + 1], answers or self.answers))
        return found

    def recommend(self, request: Request) -> Recommendation:
        """Return the cheapest action of each person's flipset."""
        from recourse_arena_flipset.program import cheapest

        return cheapest(request, self.flipsets(request))


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Flipset]
