"""COLS: a set of answers that is cheap whatever the person minds, by local search over sampled costs."""

from __future__ import annotations

__all__ = ["Cols"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Options, Solver, hookimpl
from recourse_arena_adapting.solver import Adapting

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena import Problem, Recommendation, Request


class Cols(Adapting):
    """COLS (Yadav, Hase and Bansal, 2021): cost-optimised local search, by decisions alone.

    What a person minds is taken to be unknown: `functions` costs are sampled. Each lets some of the free features
    be changed, has a preference over them, and counts changes of numbers linearly, by percentiles, or in between. The
    set of `answers` is looked for of which the cheapest costs least, on average over these functions; what is not
    accepted or changes a feature that a function rules out costs more than anything else. In each of `rounds`, up to
    two features of each answer are drawn anew, and an answer is swapped for a new one wherever the average falls: it
    never rises.

    Adapted: sampled functions rule out what the person cannot act on; values are drawn inside the box, and what breaks
    a rule counts as not accepted. Where the person's own cost is known it picks the answer that is recommended;
    :meth:`sets` has all of them. Values are `do(x_j = value_j)`, whose effects are foreseen with `causal`. With
    `constraints=ignore` all is free.

    Readings: a free feature may be changed with probability 1/2, one at least; preferences are drawn evenly from the
    simplex, and a change of a feature of preference p counts 1 - p, a tenth at least; another level of a category
    counts by a draw from 0 to 1 for each function; each value is drawn as often as training people have it, and goes
    back to the person's own in a third of the draws. Draws depend on the seed and the person's factual alone.

    Arguments:
        answers: How many answers a set has.
        functions: How many cost functions are sampled for each person.
        rounds: How often each answer is perturbed.
        causal: Whether actions have effects on other features.
        constraints: `keep` what people ask for, or `ignore` it.

    References:
        Yadav, Hase and Bansal, Low-cost algorithmic recourse for users with uncertain cost functions, arXiv 2111.01235.

    Example:
        >>> Cols(answers=5).answers
        5
        >>> Cols(functions=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver cols: functions must be a whole number from 1 to 100000, got 0
    """

    name: ClassVar[str] = "cols"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "a set that is cheap under sampled costs, by local search (COLS, Yadav et al. 2021)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM})

    def __init__(
        self,
        *,
        answers: int = 10,
        functions: int = 300,
        rounds: int = 100,
        causal: bool = True,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.answers = options.whole("answers", answers, 1, 1000)
        self.functions = options.whole("functions", functions, 1, 10**5)
        self.rounds = options.whole("rounds", rounds, 1, 10**6)
        self.causal = options.yes_or_no("causal", causal)
        self.constraints = options.constraints(constraints)
        if not causal:
            self.knows = frozenset()

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Keep training people's values and the seed; nothing is learnt."""
        from recourse_arena_cols.scale import Scale

        self.problem, self.seed = problem, seed
        self.scale = Scale.of(problem)

    def sets(self, request: Request) -> tuple[Tensor, Tensor]:
        """Return the answers of each person, and which of them are accepted and keep the rules.

        Answers are features before effects, `(people, answers, features)`; the latter is bool `(people, answers)`.
        Sparsity is not looked at.
        """
        from recourse_arena_cols.search import searched

        found = searched(self, self.asked(request))
        return found.values, found.fine

    def advise(self, request: Request) -> Recommendation:
        """Return of each person's set the answer of the least weighted cost."""
        from recourse_arena_cols.search import advise

        return advise(self, request)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Cols]
