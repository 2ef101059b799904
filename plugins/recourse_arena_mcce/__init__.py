"""MCCE: people drawn from a chain of trees, given what is fixed and that they are accepted."""

from __future__ import annotations

__all__ = ["Mcce"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Options, Solver, hookimpl
from recourse_arena_adapting.solver import Adapting

if TYPE_CHECKING:
    from recourse_arena import Problem, Recommendation, Request
    from recourse_arena_mcce.chain import Chain


class Mcce(Adapting):
    """MCCE (Redelmeier, Jullum, Aas and Løland, 2021): Monte Carlo sampling of realistic counterfactuals.

    A chain of trees (CART, of scikit-learn) says how each free feature is distributed given what is fixed, that people
    are accepted, and the free features before it: as among the training people of the same leaf. From it `samples`
    people are drawn for each person; of those who are accepted, the ones with the fewest features changed count, and of
    these the one at the least Gower distance.

    Adapted: each person has a chain of their own features, fixed ones first; trees are shared by whoever needs the
    same one and made when it is first needed. A draw outside the person's box is their own value instead; who breaks a
    rule is not accepted. What is drawn is the action `do(x_j = x'_j)` of the features that differ, whose effects are
    foreseen with `causal`. With `constraints=ignore` everything is free, as if the paper were given nothing fixed.

    Readings: trees split until `leaf` people are left in each; draws from a leaf are even over its people; Gower
    distance is that of the person's own weights and of the ranges over training people. Draws depend on the seed and
    the person's factual alone.

    Arguments:
        samples: How many people are drawn for each person.
        leaf: Fewest training people in a leaf.
        people: How many training people trees are fitted to at most, drawn at random.
        causal: Whether actions have effects on other features.
        constraints: `keep` what people ask for, or `ignore` it.

    References:
        Redelmeier, Jullum, Aas and Løland, MCCE: Monte Carlo sampling of valid and realistic counterfactual
        explanations for tabular data, arXiv 2111.09790.

    Example:
        >>> Mcce(samples=100).samples
        100
        >>> Mcce(leaf=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver mcce: leaf must be a whole number from 1 to 100000, got 0
    """

    name: ClassVar[str] = "mcce"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "people drawn from a chain of trees (MCCE, Redelmeier et al. 2021)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM})

    chain: Chain

    def __init__(
        self,
        *,
        samples: int = 1000,
        leaf: int = 5,
        people: int = 10_000,
        causal: bool = True,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.samples, self.leaf = options.whole("samples", samples, 1, 10**6), options.whole("leaf", leaf, 1, 10**5)
        self.people = options.whole("people", people, 2, 10**7)
        self.causal = options.yes_or_no("causal", causal)
        self.constraints = options.constraints(constraints)
        if not causal:
            self.knows = frozenset()

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Keep training people and their decisions; trees are made when somebody needs them."""
        from recourse_arena_mcce.chain import Chain

        self.problem, self.seed = problem, seed
        self.chain = Chain.of(problem, leaf=self.leaf, people=self.people, seed=seed)

    def advise(self, request: Request) -> Recommendation:
        """Return for each person the least changed and nearest accepted person that was drawn."""
        from recourse_arena_mcce.drawing import advise

        return advise(self, request)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Mcce]
