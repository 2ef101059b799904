"""DiCE: diverse counterfactual explanations by the authors' own package, as actions under individual constraints."""

from __future__ import annotations

__all__ = ["Dice"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import ArenaError, Knowledge, Options, Solver, hookimpl

if TYPE_CHECKING:
    from recourse_arena import Problem, Recommendation, Request
    from recourse_arena_dice.answer import Answer

_METHODS = ("random", "genetic", "gradient")
_PROXIMITY, _DIVERSITY = 0.5, 1.0
"""DiCE's own weights."""


class Dice(Solver):
    """DiCE (Mothilal et al., 2020) with each person's own `features_to_vary` and `permitted_range`.

    The package `dice-ml` is asked for several counterfactuals of each person, one person after the other, in which
    only what the person can act on differs, inside the person's box. Each becomes the action `do(x_j = x'_j)` for the
    features it changes; of those that the classifier accepts, the one with the least weighted cost is recommended.

    DiCE takes features to be independent: it does not foresee what an action causes, so that a counterfactual it
    found may fail before the judge. It does not look at plausibility either; what breaks rules between features that
    the person keeps counts as refused. It has no say over which of its counterfactuals is taken, and its own distances
    know nothing of the person's preferences.

    Binary and categorical features are DiCE's categorical ones, with the levels that training people have (those of a
    category by the places of their names in alphabetical order, so that a renaming of codes changes nothing); integer
    and ordinal ones its whole numbers; continuous values are rounded by DiCE to about a ten thousandth of the feature's
    range. Counterfactuals before and after DiCE's search for sparser ones both count, since that search may end where
    the classifier refuses.

    Who can act on nothing is `infeasible`, whom DiCE finds nothing for is `not_found`, who uses up `calls` is
    `timed_out` (DiCE's genetic search has no end where nobody is accepted), and for whom DiCE raises anything else
    is `failed`; :meth:`answers` has the reasons, and a log message counts them. Draws depend on the seed and the
    person's factual alone; the global random state is left as it was.

    Arguments:
        method: `random` sampling (the default of DiCE), `genetic`, or `gradient` descent, which takes seconds a
            person and, unlike the others, needs more than decisions.
        counterfactuals: How many DiCE is asked for, from which the cheapest is taken.
        samples: How many points `random` draws.
        calls: Most times DiCE may ask the classifier, each time about any number of points, for one person.
        proximity: What nearness weighs in the loss of `gradient`, the only method of which DiCE lets both be chosen.
        diversity: What the determinant of the counterfactuals' distances weighs there: how different they are from
            one another, so that the person's own cost has something to choose from. `random` and `genetic` are
            diverse by chance alone; DiCE takes a weight for `genetic`, but does not look at it.

    References:
        Mothilal, Sharma and Tan, Explaining machine learning classifiers through diverse counterfactual explanations,
        FAT* 2020, arXiv 1905.07697.

    Example:
        >>> Dice(method="genetic").method
        'genetic'
        >>> Dice(method="kdtree")
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: unknown method of solver dice 'kdtree'. Known: genetic, \
gradient, random.
    """

    name: ClassVar[str] = "dice"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = "diverse counterfactuals by dice-ml, the cheapest of them (Mothilal et al. 2020)"
    knows: frozenset[Knowledge] = frozenset()
    keeps_rules: ClassVar[bool] = True

    def __init__(
        self,
        *,
        method: str = "random",
        counterfactuals: int = 4,
        samples: int = 1000,
        calls: int = 5_000,
        proximity: float = _PROXIMITY,
        diversity: float = _DIVERSITY,
    ) -> None:
        options = Options(f"solver {self.name}")
        self.method = options.one_of("method", method, _METHODS)
        self.counterfactuals = options.whole("counterfactuals", counterfactuals, 1, 10**6)
        self.samples, self.calls = options.whole("samples", samples, 1, 10**6), options.whole("calls", calls, 1, 10**6)
        self.proximity = options.number("proximity", proximity, least=0)
        self.diversity = options.number("diversity", diversity, least=0)
        for option, weight, usual in (("proximity", proximity, _PROXIMITY), ("diversity", diversity, _DIVERSITY)):
            if weight != usual and method != "gradient":
                raise ArenaError(
                    f"solver dice: {option} goes with method=gradient; DiCE's {method} does not look at it"
                )
        if method == "gradient":
            self.knows = frozenset({Knowledge.CLASSIFIER})

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Hand the training people to DiCE; nothing is learnt.

        Raises:
            ArenaError: If dice-ml is not installed.
        """
        from recourse_arena_dice.explainer import Explainer

        self.problem = problem
        self.explainer = Explainer.of(
            problem,
            method=self.method,
            counterfactuals=self.counterfactuals,
            samples=self.samples,
            calls=self.calls,
            weights=(self.proximity, self.diversity),
            seed=seed,
        )

    def answers(self, request: Request) -> list[Answer]:
        """Return for each person the action, how the search ended, and why if without an action."""
        answers = []
        for i in range(len(request)):
            self.problem.report(i / len(request))
            answers.append(self.explainer(request[i : i + 1]))
        return answers

    def recommend(self, request: Request) -> Recommendation:
        """Return for each person the cheapest action among DiCE's counterfactuals."""
        from recourse_arena_dice.answer import recommendation

        return recommendation(request, self.answers(request))


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Dice]
