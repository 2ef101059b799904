"""NICE: features of the nearest accepted training person, taken over one at a time."""

from __future__ import annotations

__all__ = ["Nice"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Options, Solver, hookimpl
from recourse_arena_adapting.solver import Adapting

if TYPE_CHECKING:
    from recourse_arena import Problem, Recommendation, Request

_REWARDS = ("sparsity", "proximity", "plausibility", "none")


class Nice(Adapting):
    """NICE (Brughmans, Leyman and Martens, 2021): nearest instance counterfactual explanations.

    The donor of a person is the nearest training person who is accepted and whose label is favourable, by the
    heterogeneous Euclidean overlap metric: numbers as shares of their range, categories 0 or 1. From the person as they
    are, one feature of the donor is taken over at a time, that of the greatest reward, until the decision changes:

    - `sparsity`: by how much the probability of acceptance rises;
    - `proximity`: that, divided by how much farther from the person it leads;
    - `plausibility`: that, times by how much the error of an autoencoder falls;
    - `none`: everything is taken over at once, and only decisions are looked at.

    Adapted: only what is free and inside the person's box is taken over, and the donor is the nearest one with whose
    free features the person is accepted and breaks no rule, of the `donors` nearest that differ there; somebody without
    one is `not_found`. Where all is free, this is the paper's. Features are `do(x_j = donor_j)`, whose effects on other
    features are foreseen with `causal`. With `constraints=ignore` everything is free, as in the paper.

    Readings: distances are roots of sums of squares; the autoencoder is the best linear one of encoded people (as many
    principal components as hold `explained` of the variance); a fall of the probability times a rise of the error is a
    loss, not a gain; rewards that are equal up to rounding go to the first feature.

    Arguments:
        reward: What the next feature is chosen for.
        donors: How many of the nearest donors are tried at most.
        explained: Share of the variance that the autoencoder keeps.
        causal: Whether actions have effects on other features.
        constraints: `keep` what people ask for, or `ignore` it.

    References:
        Brughmans, Leyman and Martens, NICE: an algorithm for nearest instance counterfactual explanations, arXiv
        2104.07411. Wilson and Martinez, Improved heterogeneous distance functions, JAIR 1997, arXiv cs/9701101.

    Example:
        >>> Nice(reward="proximity").reward
        'proximity'
        >>> Nice(reward="beauty")
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: unknown reward of solver nice 'beauty'. Known: none, plausibility, \
proximity, sparsity.
    """

    name: ClassVar[str] = "nice"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "features of the nearest accepted person, one at a time (NICE, Brughmans et al. 2021)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.SCORES, Knowledge.FLOW, Knowledge.SCM})

    def __init__(
        self,
        *,
        reward: str = "sparsity",
        donors: int = 10_000,
        explained: float = 0.9,
        causal: bool = True,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.reward = options.one_of("reward", reward, _REWARDS)
        self.donors = options.whole("donors", donors, 1, 10**7)
        self.explained = options.number("explained", explained, least=0, most=1)
        self.causal = options.yes_or_no("causal", causal)
        self.constraints = options.constraints(constraints)
        scores = {Knowledge.SCORES} if reward != "none" else set()
        self.knows = frozenset(scores | ({Knowledge.FLOW, Knowledge.SCM} if causal else set()))

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Look up who may be a donor, and the autoencoder.

        Raises:
            NotApplicable: If the decision model has no scores, and the reward needs them.
        """
        from recourse_arena_nice.search import Search

        self.search = Search.of(problem, self.reward, self.explained)
        self.problem = problem

    def advise(self, request: Request) -> Recommendation:
        """Return for each person what to take over of their donor."""
        from recourse_arena_nice.search import advise

        return advise(self, request)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Nice]
