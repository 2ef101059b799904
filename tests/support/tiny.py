"""A plugin for tests: a small dataset whose models fit in a second, and solvers good and bad."""

from __future__ import annotations

from functools import cached_property
from types import MappingProxyType

import torch

from recourse_arena import (
    ArenaError,
    CausalGraph,
    Choice,
    Dataset,
    DecisionRecipe,
    Feature,
    FeatureTable,
    FlowRecipe,
    Kind,
    Knowledge,
    NotApplicable,
    People,
    Range,
    Recommendation,
    Role,
    Solver,
    Split,
    Splits,
    hookimpl,
)
from recourse_arena.base.randomness import generator


class Tiny(Dataset):
    """Sex and effort cause income, income causes savings; income plus savings decides."""

    name = "tiny"
    version = "1"
    summary = "four features"
    decision = DecisionRecipe(hidden=(8,), optimizer="adam", learning_rate=0.01, epochs=10, batch=64)
    flow = FlowRecipe(hidden=(16,), epochs=5, batch=64)

    features = FeatureTable(
        (
            Feature("sex", kind=Kind.BINARY, role=Role.IMMUTABLE, levels=("f", "m"), sensitive=True),
            Feature("effort", role=Role.ACTIONABLE),
            Feature("income", role=Role.ACTIONABLE),
            Feature("savings"),
        )
    )
    graph = CausalGraph(("sex", "effort", "income", "savings"), {"income": ("sex", "effort"), "savings": ("income",)})

    @cached_property
    def _scm(self):
        from recourse_arena.models.causal.structural import Mechanism, StructuralCausalModel

        def normal(people, draws):
            return torch.randn(people, generator=draws)

        def coin(people, draws):
            return (torch.rand(people, generator=draws) < 0.5).float()

        standard = torch.distributions.Normal(0.0, 1.0)
        return StructuralCausalModel(
            self.graph,
            {
                "sex": Mechanism(torch.distributions.Bernoulli(torch.tensor(0.5), validate_args=False), coin),
                "effort": Mechanism(standard, normal),
                "income": Mechanism(standard, normal, lambda p: p["sex"] + p["effort"]),
                "savings": Mechanism(standard, normal, lambda p: 0.5 * p["income"]),
            },
        )

    def scm(self):
        return self._scm

    def splits(self, *, seed, data):
        def people(part, count):
            x = self._scm.sample(count, generator(seed, "tiny", part))
            return People(x, (x[:, 2] + x[:, 3] > 1).float())

        split = Split(people("train", 600), people("validation", 200), people("test", 200))
        return Splits(split, split, split)


class Absent(Tiny):
    """A dataset whose file is never there."""

    name = "absent"

    def unavailable(self, data):
        return "dataset absent: put its file somewhere"


class Top(Solver):
    """Raise everything actionable to the top of its box."""

    name = "top"
    summary = "everything to the top"

    def recommend(self, request):
        return Recommendation.do(request.actionable, request.snap(torch.full_like(request.factual, 1e9)))


class Learner(Top):
    """Keeps a state, and says how often it was fitted."""

    name = "learner"
    fit_depends_on = frozenset({"profile"})
    fits: list[str] = []  # noqa: RUF012

    def fit(self, problem, *, seed):
        super().fit(problem, seed=seed)
        Learner.fits.append(problem.profile.name)
        self.shift = torch.rand(1, generator=torch.Generator().manual_seed(seed))

    def state(self):
        return {"shift": self.shift}

    def restore(self, problem, state):
        self.shift = state["shift"]

    def recommend(self, request):
        up, numbers = request.factual + 1 + self.shift, ~request.features.categorical
        return Recommendation.do(request.actionable & numbers, request.snap(torch.where(numbers, up, request.factual)))


class Cheater(Solver):
    """Act on what is forbidden and claim that all is solved."""

    name = "cheater"

    def recommend(self, request):
        everything = torch.ones_like(request.actionable)
        return Recommendation.do(everything, torch.full_like(request.factual, 100.0))


class Raiser(Solver):
    """Fail for every request."""

    name = "raiser"

    def recommend(self, request):
        raise RuntimeError("a solver's own trouble")


class Vandal(Top):
    """Overwrite what it is handed."""

    name = "vandal"

    def recommend(self, request):
        answer = super().recommend(request)
        request.factual.fill_(0.0)
        request.actionability.scores.fill_(1)
        request.box.upper.fill_(1e9)
        request.person.fill_(0)
        return answer


class Nosy(Top):
    """Ask for the flow without having declared to know it."""

    name = "nosy"
    knows = frozenset({Knowledge.CLASSIFIER})

    def fit(self, problem, *, seed):
        problem.flow  # noqa: B018


class Picky(Top):
    """Has an option that it checks."""

    name = "picky"

    def __init__(self, *, height: int = 1):
        if height < 0:
            raise ArenaError(f"picky: height must not be negative, got {height}")


class Selective(Top):
    """Is not meant for requests for plausible counterfactuals, nor for other datasets than `tiny`."""

    name = "selective"

    def fit(self, problem, *, seed):
        if problem.dataset != "tiny":
            raise NotApplicable("selective knows tiny only")

    def recommend(self, request):
        if request.plausibility:
            raise NotApplicable("selective cannot promise plausibility")
        return super().recommend(request)


class Aimer(Top):
    """Helps the more people, the nearer `aim` is to 0.7; cannot be fitted above 0.95, nor made below 0.05."""

    name = "aimer"
    space = MappingProxyType(
        {"aim": Range(0, 1), "mood": Choice(("good", "bad")), "force": Range(1, 64, log=True, whole=True)}
    )

    def __init__(self, *, aim: float = 0.2, mood: str = "good", force: int = 1, patience: int = 3):
        if aim < 0.05:
            raise ValueError("aims too low")
        self.aim, self.mood = aim, mood

    def fit(self, problem, *, seed):
        if self.aim > 0.95:
            raise RuntimeError("aims too high")

    def recommend(self, request):
        answer = super().recommend(request)
        helped = request.person % 100 >= 100 * abs(self.aim - 0.7)
        return Recommendation.do(answer.mask, answer.values, found=helped & (self.mood == "good"))


@hookimpl
def recourse_datasets():
    return [Tiny, Absent]


@hookimpl
def recourse_solvers():
    return [Top, Learner, Cheater, Raiser, Vandal, Nosy, Picky, Selective, Aimer]
