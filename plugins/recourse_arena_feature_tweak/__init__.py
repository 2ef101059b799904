"""FeatureTweak: just beyond the thresholds on the way to a leaf that votes for acceptance."""

from __future__ import annotations

__all__ = ["FeatureTweak"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Options, Solver, hookimpl
from recourse_arena_adapting.solver import Adapting

if TYPE_CHECKING:
    from recourse_arena import Problem, Recommendation, Request


class FeatureTweak(Adapting):
    """FeatureTweak (Tolomei, Silvestri, Haines and Lalmas, 2017): actionable feature tweaking of tree ensembles.

    For each leaf of each tree that votes for acceptance, the person moves `epsilon` beyond the thresholds on the way
    there that they are on the wrong side of. Of these tweaks, that of the least weighted cost is advised with which
    the whole ensemble accepts. Forests and boosted trees can be read.

    Adapted: a leaf whose way asks for what is not free, or for values outside the person's box, is left out, and what
    breaks a rule counts as refused; with `causal` the ensemble is asked about what follows from the tweak as well. With
    `constraints=ignore` all is free, as in the paper. Of a category the commonest level is taken that leads on; whole
    numbers go to the next one beyond a threshold.

    Readings: conditions that the person meets already move nothing; a leaf of a forest votes for acceptance if its
    share of accepted people is 1/2 or more, one of boosted trees if it raises the log odds. Who has none among the
    `leaves` cheapest different tweaks is `not_found`: one leaf may not be enough.

    Arguments:
        epsilon: How far beyond a threshold numbers go, in standard deviations.
        leaves: How many of the cheapest tweaks of a person are tried.
        causal: Whether actions have effects on other features.
        constraints: `keep` what people ask for, or `ignore` it.

    References:
        Tolomei, Silvestri, Haines and Lalmas, Interpretable predictions of tree-based ensembles via actionable feature
        tweaking, KDD 2017, arXiv 1706.06691.

    Example:
        >>> FeatureTweak(epsilon=0.1).epsilon
        0.1
        >>> FeatureTweak(leaves=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver feature-tweak: leaves must be a whole number from 1 to \
10000000, got 0
    """

    name: ClassVar[str] = "feature-tweak"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "just beyond thresholds of trees (FeatureTweak, Tolomei et al. 2017)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.STRUCTURE, Knowledge.FLOW, Knowledge.SCM})
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.STRUCTURE})
    structures: ClassVar[frozenset[str]] = frozenset({"trees"})

    def __init__(
        self, *, epsilon: float = 0.05, leaves: int = 2000, causal: bool = True, constraints: str = "keep"
    ) -> None:
        options = Options(f"solver {self.name}")
        self.epsilon = options.number("epsilon", epsilon, least=0, most=100.0)
        self.leaves = options.whole("leaves", leaves, 1, 10**7)
        self.causal = options.yes_or_no("causal", causal)
        self.constraints = options.constraints(constraints)
        if not causal:
            self.knows = frozenset({Knowledge.STRUCTURE})

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Read the trees.

        Raises:
            NotApplicable: If the decision model has no trees that can be read.
        """
        from recourse_arena_feature_tweak.leaves import Leaves

        self.problem = problem
        self.ways = Leaves.of(problem)

    def advise(self, request: Request) -> Recommendation:
        """Return the cheapest tweak of each person that the ensemble accepts."""
        from recourse_arena_feature_tweak.tweaks import advise

        return advise(self, request)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [FeatureTweak]
