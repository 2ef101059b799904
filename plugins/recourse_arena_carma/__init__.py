"""CARMA and iCARMA: recourse by a mask network and an action network, trained once for everybody.

References:
    Majumdar and Valera, CARMA: a practical framework to generate recommendations for causal algorithmic
    recourse at scale, FAccT 2024 (doi 10.1145/3630106.3659003).

    From Universal to Individualized Actionability (arXiv 2604.08030), which adds individual preferences.
"""

from __future__ import annotations

__all__ = ["Carma", "ICarma"]

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from recourse_arena import Knowledge, NotApplicable, Solver, hookimpl
from recourse_arena_carma.settings import TABLES, TUNED, TUNED_CARMA, CarmaSettings, Settings
from recourse_arena_carma.space import CARMA_SPACE, SPACE

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena import Problem, Recommendation, Request, Space
    from recourse_arena_carma.networks import Policy
    from recourse_arena_carma.tables.policy import TablePolicy


_SCORE = "validation_score"


class ICarma(Solver):
    """Amortised recourse that follows each person's preferences (arXiv 2604.08030).

    One model serves every cut-off and cost profile of its elicitation scheme: mask, weights and priors are inputs
    of its networks, and training draws new ones, with a profile of its own, for every person at every visit.
    A person with something to act on always gets an action; nobody's constraints are ever broken.

    The published method takes the set of features that its mask network finds likeliest. Here other likely sets are
    tried where that one does not lead to a positive decision without a loss of density, both by the flow
    (:mod:`~recourse_arena_carma.advice`); `icarma?trust=1&flips=0` is the published rule.

    Where nothing is assumed to follow from anything, a latent is the encoded feature: numbers are shifted themselves,
    categories get another level by a Gumbel-softmax, and of the sets tried the cheapest is taken that is accepted
    and, if asked for, plausible (:mod:`~recourse_arena_carma.tables`).

    Arguments:
        **options: The fields of :class:`~recourse_arena_carma.settings.Settings`; what is not given is as tuned
            for the dataset.

    Example:
        >>> ICarma(steps=100).settings.steps
        100
    """

    name: ClassVar[str] = "icarma"
    version: ClassVar[str] = "5"
    summary: ClassVar[str] = "amortised mask and action networks that see individual preferences"
    knows: frozenset[Knowledge] = frozenset({Knowledge.CLASSIFIER, Knowledge.FLOW})
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER})
    fit_depends_on: frozenset[str] = frozenset({"scheme"})
    space: ClassVar[Space] = SPACE
    tuned: ClassVar[Mapping[str, Mapping[str, Any]]] = TUNED
    individual: ClassVar[bool] = True
    configuration: ClassVar[type[Settings]] = Settings
    __signature__ = inspect.signature(Settings)

    problem: Problem
    policy: Policy | TablePolicy

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.settings: Settings = self.configuration(**options)
        if self.settings.preferences == "scenario":
            self.fit_depends_on = self.fit_depends_on | {"distribution"}

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Train both networks on the negatively decided training people.

        Raises:
            NotApplicable: If there is neither a causal flow nor a table of which nothing is assumed to follow.
        """
        from recourse_arena_carma import training
        from recourse_arena_carma.networks import Policy
        from recourse_arena_carma.tables import training as table_training

        self._set_up(problem)
        seed = self.settings.training_seed or seed
        if isinstance(self.policy, Policy):
            training.train(self.policy, problem, self.settings, seed=seed)
            self.validation_score = training.validate(self.policy, problem, self.settings)
        else:
            table_training.train(self.policy, problem, self.settings, seed=seed)
            self.validation_score = table_training.validate(self.policy, problem, self.settings)

    def recommend(self, request: Request) -> Recommendation:
        """Return an action on one of the likely sets of features that attains recourse, by the flow if there is one."""
        from recourse_arena_carma import advice
        from recourse_arena_carma.networks import Policy
        from recourse_arena_carma.tables import advice as table_advice

        if isinstance(self.policy, Policy):
            return advice.advise(self.policy, self.problem, request, self.settings)
        return table_advice.advise(self.policy, self.problem, request, self.settings)

    def state(self) -> Mapping[str, Tensor]:
        """Return the weights of both networks, and their score on validation people."""
        import torch

        return {**self.policy.state_dict(), _SCORE: torch.tensor(self.validation_score)}

    def restore(self, problem: Problem, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        self._set_up(problem)
        self.policy.load_state_dict({name: tensor for name, tensor in state.items() if name != _SCORE})
        self.validation_score = float(state[_SCORE])

    def _set_up(self, problem: Problem) -> None:
        from recourse_arena_carma.networks import Policy
        from recourse_arena_carma.tables.policy import TablePolicy

        if problem.without_effects is None and problem.causal_flow is None:
            raise NotApplicable(
                f"{self.name} shifts the noise of a causal flow, or features of which nothing is assumed to follow; "
                f"{problem.dataset} has neither"
            )
        tuned = self.tuned.get(problem.dataset.partition("?")[0], {})
        table = problem.without_effects is not None
        self.settings = self.configuration(**{**(TABLES if table else {}), **tuned, **self.options})
        self.problem = problem
        kind = TablePolicy if table else Policy
        self.policy = kind(problem, self.settings, individual=self.individual)


class Carma(ICarma):
    """Amortised recourse for a population: what is actionable is the same for everybody (FAccT 2024).

    Its networks see no preferences. Advice that touches a feature the person cannot act on is of no use to that
    person, and counts as not found: coverage shows how often that is. With `constraints=drop` the feature
    is dropped instead and the shift of the others computed anew. Values are moved into the person's own box.

    Arguments:
        **options: The fields of :class:`~recourse_arena_carma.settings.CarmaSettings`.

    Example:
        >>> Carma(constraints="drop").settings.constraints
        'drop'
    """

    name: ClassVar[str] = "carma"
    version: ClassVar[str] = "5"
    summary: ClassVar[str] = "amortised mask and action networks, one set of actionable features for all"
    fit_depends_on: frozenset[str] = frozenset()
    space: ClassVar[Space] = CARMA_SPACE
    tuned: ClassVar[Mapping[str, Mapping[str, Any]]] = TUNED_CARMA
    individual: ClassVar[bool] = False
    configuration: ClassVar[type[Settings]] = CarmaSettings
    __signature__ = inspect.signature(CarmaSettings)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return both."""
    return [Carma, ICarma]
