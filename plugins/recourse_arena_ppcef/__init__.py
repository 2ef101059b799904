"""PPCEF: near, accepted, and at least as likely as many accepted people under a normalising flow."""

from __future__ import annotations

__all__ = ["Ppcef"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Options, Solver, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena import Problem, Recommendation, Request
    from recourse_arena_generative import ColumnsFlow


class Ppcef(Solver):
    """Probabilistically plausible counterfactuals with normalising flows (Wielopolski et al., 2024), made individual.

    Minimised over encoded columns `x'`, by Adam with each step projected to the person's box, is

    `distance(x, x') + pull * [max(0, .5 + margin - p(x')) + max(0, least - log density(x'))]`,

    where `p` is the chance of a positive decision, and `least` the `quantile` of the log-density of accepted training
    people. The density is that of the dataset's causal flow where there is one; else of a small flow that the solver
    fits to accepted training people as columns, with normal noise of .1 on each, so that levels and whole numbers have
    a density (in the paper it is a flow conditional on the decision, and the density of accepted people is asked for;
    the causal flow is one of everybody). Of all iterates that are accepted as legal people, the one of least objective
    is recommended.

    What was adapted: what a person cannot change stays, levels have shares that sum to 1, and distance is the root of
    the sum of squared changes times the person's weights. The decision is that of the legal person next to the
    iterate (its gradient that of the iterate). Whom no action of theirs makes so likely is told the likeliest found, at
    the price of distance: density is asked for by a penalty alone. Iterates that break a rule between features do not
    count. Who is left without one is searched for again with a decision that weighs 30 times more, `rounds` times at
    most: a causal flow of everybody leads nobody to acceptance, and nats outweigh chances.

    Where an action has effects, those of setting everything free are foreseen. Who can act on nothing is `infeasible`;
    where no iterate is accepted, `not_found`.

    Arguments:
        pull: What decision and density weigh; a reading.
        margin: How far above a half the chance of a positive decision is asked to be.
        quantile: Share of accepted training people who are less likely than is asked for; the median as published.
        rounds: Weights of the decision tried, each 30 times the last one: a reading.
        iterations: Steps of each.
        rate: Length of the first ones, in units of the encoding; it falls to 0 along a cosine.
        steps: Steps of training of the solver's own flow.

    References:
        Wielopolski, Furman, Stefanowski and Zięba, Probabilistically plausible counterfactual explanations with
        normalizing flows, ECAI 2024, arXiv 2405.17640.

    Example:
        >>> Ppcef(quantile=0.25).quantile
        0.25
        >>> Ppcef(quantile=1.0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver ppcef: quantile must be a number above 0 and below 1, \
got 1.0
    """

    name: ClassVar[str] = "ppcef"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "near, accepted and likely under a normalising flow (PPCEF 2024)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.CLASSIFIER, Knowledge.FLOW, Knowledge.SCM})
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER})
    keeps_rules: ClassVar[bool] = True
    keeps_sparsity: ClassVar[bool] = True
    fit_depends_on: frozenset[str] = frozenset()

    def __init__(
        self,
        *,
        pull: float = 100.0,
        margin: float = 0.01,
        quantile: float = 0.5,
        rounds: int = 4,
        iterations: int = 200,
        rate: float = 0.1,
        steps: int = 800,
    ) -> None:
        options = Options(f"solver {self.name}")
        self.pull, self.rate = options.number("pull", pull, above=0), options.number("rate", rate, above=0)
        self.quantile = options.number("quantile", quantile, above=0, below=1)
        self.margin = options.number("margin", margin, above=0, below=1)
        self.rounds = options.whole("rounds", rounds, 1, 10**6)
        self.iterations = options.whole("iterations", iterations, 1, 10**6)
        self.steps = options.whole("steps", steps, 1, 10**6)

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Fit a flow of accepted training people, where the dataset has none."""
        from recourse_arena_generative import columns_flow
        from recourse_arena_ppcef.likely import Likely

        own: ColumnsFlow | None = None
        if Likely.needs_flow(problem):
            who, fresh = (
                people.x[problem.decisions.accepts(people.x)] for people in (problem.training, problem.validation)
            )
            own = columns_flow(problem, who, fresh, seed=seed, purpose=self.name, steps=self.steps)
        self.problem, self.own = problem, own
        self.likely = Likely.of(problem, own, self.quantile)

    def state(self) -> Mapping[str, Tensor]:
        """Return the solver's own flow as tensors; nothing to speak of where the dataset has one."""
        import torch

        return self.own.state_dict() if self.own is not None else {"none": torch.zeros(1)}

    def restore(self, problem: Problem, state: Mapping[str, Tensor]) -> None:
        """Take back what was fitted."""
        from recourse_arena_generative import restored_flow
        from recourse_arena_ppcef.likely import Likely

        self.problem = problem
        self.own = restored_flow(problem.features, state) if Likely.needs_flow(problem) else None
        self.likely = Likely.of(problem, self.own, self.quantile)

    def recommend(self, request: Request) -> Recommendation:
        """Return the accepted iterate of least objective of each of the people."""
        from recourse_arena_generative import advise
        from recourse_arena_ppcef.search import search

        return advise(self.problem, request, self.likely.encoding, lambda ground: search(self, ground))


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Ppcef]
