"""Random tables of people with categories, directions and rules, small enough to try every combination by hand."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena import Actionability, CausalGraph, Feature, FeatureTable, Kind, People, Problem, Request, Role
from recourse_arena.models.causal.no_effects import NoEffects
from recourse_arena.models.plausibility.neighbours import Neighbours
from recourse_arena.people.box import Box
from recourse_arena.people.encoding import Encoding
from recourse_arena.people.features import Direction
from recourse_arena.people.rules import AtMost, Implies
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.profile import PROFILES

FEATURES = (
    Feature("branch", Kind.CATEGORICAL, Role.ACTIONABLE, levels=("west", "north", "south", "east")),
    Feature("open", Kind.INTEGER, Role.ACTIONABLE, lower=0),
    Feature("member", Kind.BINARY, Role.ACTIONABLE, levels=("no", "yes")),
    Feature("all", Kind.INTEGER, Role.ACTIONABLE, lower=0),
    Feature("grade", Kind.ORDINAL, Role.ACTIONABLE, levels=("low", "middle", "high"), direction=Direction.UP),
    Feature("home", Kind.CATEGORICAL, Role.ACTIONABLE, levels=("rented", "owned", "free")),
    Feature("debt", role=Role.ACTIONABLE, lower=0.0, direction=Direction.DOWN),
)
RULES = (AtMost({"open": 1.0, "all": -1.0}), Implies("branch", (1, 3), "home", (1, 2)))


@dataclass(frozen=True)
class Scored:
    """Decisions by a score of each level and a factor of each number."""

    worth: tuple[Tensor, ...]
    categorical: Tensor
    least: float = 0.0

    def points(self, x: Tensor) -> Tensor:
        parts = [
            worth[x[..., j].long()] if self.categorical[j] else worth[0] * x[..., j]
            for j, worth in enumerate(self.worth)
        ]
        return torch.stack(parts, -1).double().sum(-1)

    def accepts(self, x: Tensor) -> Tensor:
        return self.points(x) >= self.least


def table_problem(seed: int, *, cost: str = "gower", rules: bool = True, strict: float = 0.7) -> Problem:
    """Return a table of people of whom a share is refused."""
    draws = torch.Generator().manual_seed(seed)
    chosen = random.Random(seed).sample(range(len(FEATURES)), len(FEATURES))
    features = FeatureTable(tuple(FEATURES[j] for j in chosen), RULES if rules else ())
    columns = {
        "branch": torch.randint(4, (300,), generator=draws),
        "open": torch.randint(4, (300,), generator=draws),
        "member": torch.randint(2, (300,), generator=draws),
        "grade": torch.randint(3, (300,), generator=draws),
        "home": torch.randint(3, (300,), generator=draws),
        "debt": torch.rand(300, generator=draws) * 3,
    }
    columns["all"] = columns["open"] + torch.randint(3, (300,), generator=draws)
    x = torch.stack([columns[name].float() for name in features.names], 1)
    worth = tuple(torch.randn(4 if f.kind is Kind.CATEGORICAL else 1, generator=draws) for f in features)
    decisions = Scored(worth, features.categorical)
    decisions = replace(decisions, least=float(decisions.points(x).quantile(strict)))
    accepted = decisions.accepts(x)
    return Problem(
        dataset="table",
        features=features,
        graph=CausalGraph(features.names, {}),
        decisions=decisions,
        cost=Cost.fitted(x, ~accepted, features, cost),
        box=Box.spanning(x[~accepted], features),
        training=People(x, accepted.float()),
        validation=People(x, accepted.float()),
        profile=PROFILES[random.Random(seed).choice(list(PROFILES))],
        draw=lambda people, draws: table_answers(people, features, draws),
        neighbours=Neighbours(Encoding.fitted(features, x), x[accepted]),
        without_effects=NoEffects(),
    )


def table_answers(people: int, features: FeatureTable, draws: torch.Generator, most: int = 4) -> Actionability:
    """Return answers of people who can act on up to `most` features."""
    ranks = torch.rand(people, len(features), generator=draws).argsort(1).argsort(1) + 1
    limits = torch.randint(1, most + 1, (people, 1), generator=draws)
    return Actionability(torch.where(ranks <= limits, ranks, len(features) + 1), levels=len(features))


def table_request(
    problem: Problem, people: int, *, seed: int = 0, most: int = 4, plausibility: bool = False
) -> Request:
    """Return the request of some of the refused."""
    factual = problem.asking(problem.training)[:people]
    answers = table_answers(len(factual), problem.features, torch.Generator().manual_seed(seed), most)
    return problem.request(factual, answers, plausibility=plausibility)
