"""Counterfactuals by gradient descent: classifier loss against distance, after Wachter, Mittelstadt and Russell."""

from __future__ import annotations

__all__ = ["Wachter"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Options, Solver, hookimpl

if TYPE_CHECKING:
    from recourse_arena import Recommendation, Request

_DISTANCES = ("cost", "mad")


class Wachter(Solver):
    """Gradient search of the nearest accepted counterfactual (Wachter et al., 2017), made individual and causal.

    For each person, `pull * (f(x') - target)^2 + distance(x, x')` is minimised by Adam, where `f` is the log odds of a
    positive decision and `target` lies just above 0. The pull is raised until the decision is positive, and then
    halved in between (on a logarithmic scale) to end as near as possible; of all steps the nearest accepted one
    counts. All people are searched for at once, each on their own.

    What is optimised are the values of the features that the person can act on, kept in the box; `x'` is the
    counterfactual of `do(x_j = value_j)` under the best causal model the solver may see. Whole numbers are relaxed
    first, then held at the nearest ones, or at those next away from the factual, while the rest is optimised again.

    Categories are relaxed on the classifier's encoding: levels have shares that sum to 1, and leaving the factual
    level costs in proportion. The shares are rounded in several ways: no category changed, the one that lost most of
    its factual share set to its greatest other level, the next one too, and so on; with categories held so, numbers
    are optimised as above. Who is left without an action is searched for again from eight places elsewhere in the box.
    What an action causes is foreseen when it is checked, not while categories are relaxed: tables with categories
    have no causal graph.

    Features left where they were are not acted upon, and neither are those without which the action still leads to
    a positive decision, least change first; what remains is optimised once more. Other sets of features are not
    tried, though a feature that nobody holds may move for free with its causes; `convex` does try.

    Plausibility is not looked at; actions that break a rule between features are not taken, though nothing leads the
    search away from them. Who can act on nothing is `infeasible`; where the search ends without an accepted
    counterfactual, `not_found`.

    Arguments:
        distance: `cost`, the person's weighted cost; or `mad`, the paper's sum of changes over the median absolute
            deviations of the training people (over standard deviations where that is 0; another category is a change
            of 1), times the person's weights.
        rounds: Values of the pull per search.
        steps: Steps of Adam per round.
        rate: Its learning rate in the first round, in widths of the person's box; a quarter less in each later one.

    References:
        Wachter, Mittelstadt and Russell, Counterfactual explanations without opening the black box, Harvard Journal
        of Law & Technology 31(2), 2018, arXiv 1711.00399.

    Example:
        >>> Wachter(distance="mad").distance
        'mad'
        >>> Wachter(steps=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver wachter: steps must be a whole number of at least 1, got 0
    """

    name: ClassVar[str] = "wachter"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = "gradient search, classifier loss against distance (Wachter et al. 2017)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.CLASSIFIER, Knowledge.FLOW, Knowledge.SCM})
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER})
    keeps_rules: ClassVar[bool] = True
    keeps_sparsity: ClassVar[bool] = True

    def __init__(self, *, distance: str = "cost", rounds: int = 16, steps: int = 25, rate: float = 0.05) -> None:
        options = Options(f"solver {self.name}")
        self.distance = options.one_of("distance", distance, _DISTANCES)
        self.rounds, self.steps = options.whole("rounds", rounds), options.whole("steps", steps)
        self.rate = options.number("rate", rate, above=0)

    def recommend(self, request: Request) -> Recommendation:
        """Return the nearest accepted action found for each person."""
        from recourse_arena import sparsely
        from recourse_arena_wachter.search import search

        return sparsely(request, lambda asked: search(self, asked))


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Wachter]
