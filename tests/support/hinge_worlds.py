"""Small recourse problems with piecewise linear equations, Gaussian noise and a random ReLU network."""

from __future__ import annotations

import itertools
import random

import torch
from torch import Tensor
from torch.distributions import Normal

from recourse_arena import Actionability, CausalGraph, Feature, FeatureTable, Kind, People, Problem, Request, Role
from recourse_arena.models.causal.piecewise import PiecewiseLinear
from recourse_arena.models.causal.structural import Mechanism, StructuralCausalModel
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.people.box import Box
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.profile import PROFILES

GRAPH = CausalGraph(("age", "effort", "income", "savings"), {"income": ("age", "effort"), "savings": ("income",)})


def hinge_scm(draws: random.Random) -> StructuralCausalModel:
    def mechanism(sd: float, **parts) -> Mechanism:
        noise = Normal(torch.zeros((), dtype=torch.double), sd)
        return Mechanism(
            noise, lambda people, generator: sd * torch.randn(people, generator=generator, dtype=torch.double), **parts
        )

    income = PiecewiseLinear(
        slopes={"effort": draws.uniform(-1.5, 1.5)}, hinges={"effort": draws.choice((0.0, draws.uniform(-2, 2)))}
    )
    return StructuralCausalModel(
        GRAPH,
        {
            "age": mechanism(1.0),
            "effort": mechanism(1.0),
            "income": mechanism(draws.uniform(0.5, 2), shift=lambda p: torch.sin(p["age"]), piecewise=income),
            "savings": mechanism(2.0, piecewise=PiecewiseLinear(hinges={"income": draws.uniform(0.5, 2)})),
        },
    )


def hinge_problem(seed: int, *, whole: str = "", actionable: tuple[str, ...] = ("effort", "income")) -> Problem:
    """Return a problem in double precision; the feature called `whole` holds whole numbers."""
    draws, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    features = FeatureTable(
        tuple(
            Feature(
                name,
                kind=Kind.INTEGER if name == whole else Kind.CONTINUOUS,
                role=Role.IMMUTABLE if name == "age" else Role.ACTIONABLE if name in actionable else Role.MUTABLE,
            )
            for name in GRAPH.names
        )
    )
    scm = hinge_scm(draws)
    x = scm.sample(300, generator)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        classifier = ReluClassifier(4, draws.choice(((), (6,), (5, 5)))).double().requires_grad_(False)
    classifier.sd.fill_(0.5)
    classifier.layers[-1].bias -= classifier.logit(x).quantile(0.7)
    x = torch.where(features.whole, x.round(), x)
    return Problem(
        dataset="hinges",
        features=features,
        graph=GRAPH,
        decisions=classifier,
        cost=Cost.fitted(x, ~classifier.accepts(x), features),
        box=Box.spanning(x),
        training=People(x, torch.ones(len(x))),
        validation=People(x, torch.ones(len(x))),
        profile=PROFILES["linear"],
        draw=lambda people, draws: likes(people, features),
        true_scm=scm,
        causal_flow=scm,
    )


def likes(people: int, features: FeatureTable) -> Actionability:
    scores = torch.where(features.actionable, features.actionable.cumsum(0), 5)
    return Actionability(scores.expand(people, -1), 4)


def hinge_request(problem: Problem, people: int = 3, *, plausibility: bool = True, box: Box | None = None) -> Request:
    factual = problem.asking(problem.validation)[:people]
    return problem.request(factual, likes(len(factual), problem.features), plausibility=plausibility, box=box)


def cheapest_on_a_fine_grid(problem: Problem, one: Request, points: int) -> tuple[float, Tensor]:
    """Return the cost and values of the best action of a person out of all on a grid, and all ways to act."""
    columns = one.actionable[0].nonzero()[:, 0].tolist()
    best, values = float("inf"), one.factual[0]
    for size in range(1, len(columns) + 1):
        for chosen in itertools.combinations(columns, size):
            ends = [(float(one.box.lower[0, j]), float(one.box.upper[0, j])) for j in chosen]
            axes = [
                torch.arange(int(-(-low // 1)), int(high // 1) + 1, dtype=torch.double)
                if one.features.whole[j]
                else torch.linspace(low, high, points, dtype=torch.double)
                for j, (low, high) in zip(chosen, ends, strict=True)
            ]
            table = torch.cartesian_prod(*axes).reshape(-1, size)
            rows = one.factual.expand(len(table), -1).clone()
            rows[:, list(chosen)] = table
            mask = torch.zeros(4, dtype=torch.bool)
            mask[list(chosen)] = True
            cost = costs_if_allowed(problem, one, mask, rows)
            if cost.min() < best:
                best, values = float(cost.min()), rows[cost.argmin()]
    return best, values


def costs_if_allowed(problem: Problem, one: Request, mask: Tensor, values: Tensor) -> Tensor:
    """Return the weighted cost of actions `(rows, features)` of one person; infinite where one does not lead to yes."""
    after = problem.true_scm.counterfactual(one.factual, mask, values)
    allowed = problem.decisions.accepts(after)
    if one.plausibility:
        allowed &= problem.true_scm.log_density(after) >= problem.true_scm.log_density(one.factual)
    return torch.where(allowed, one.cost(values, mask.expand(len(values), -1)), torch.inf)
