"""Who lives in the small problems: features, graph, equations and labels."""

from __future__ import annotations

__all__ = ["Population", "chain", "counts", "mixed", "table"]

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Generator, Tensor
from torch.distributions import Bernoulli, Categorical, Normal, Poisson

from recourse_arena.models.causal.piecewise import PiecewiseLinear
from recourse_arena.models.causal.structural import Mechanism, StructuralCausalModel
from recourse_arena.people.features import Direction, Feature, FeatureTable, Kind, Role
from recourse_arena.people.people import People
from recourse_arena.problem.graph import CausalGraph
from recourse_arena.problem.model_protocols import CausalModel

Population: TypeAlias = tuple[FeatureTable, CausalGraph, CausalModel | None, Callable[[int, Generator], People]]
"""Features, causal graph, true causal model if it is known, and how people are drawn."""


def mixed() -> Population:
    """Return people with features of all kinds that have an order, three of them immutable or moved by causes only."""
    features = FeatureTable(
        (
            Feature("member", Kind.BINARY, Role.IMMUTABLE, levels=("no", "yes"), sensitive=True),
            Feature("age", Kind.INTEGER, Role.IMMUTABLE, lower=0),
            Feature("grade", Kind.ORDINAL, Role.ACTIONABLE, levels=("low", "middle", "high")),
            Feature("branch", Kind.ORDINAL, Role.ACTIONABLE, levels=("small", "large", "huge")),
            Feature("effort", role=Role.ACTIONABLE),
            Feature("income", role=Role.ACTIONABLE),
            Feature("savings"),
        )
    )
    graph = CausalGraph(
        features.names,
        {"effort": ("age",), "income": ("member", "grade", "effort"), "savings": ("income",)},
    )
    scm = StructuralCausalModel(
        graph,
        {
            "member": Mechanism(Bernoulli(torch.tensor(0.4), validate_args=False), _coin),
            "age": Mechanism(Poisson(torch.tensor(8.0), validate_args=False), _poisson),
            "grade": Mechanism(Categorical(torch.tensor([0.4, 0.4, 0.2]), validate_args=False), _level),
            "branch": Mechanism(Categorical(torch.tensor([0.4, 0.4, 0.2]), validate_args=False), _level),
            "effort": Mechanism(Normal(0.0, 1.0), _normal, shift=lambda p: 0.1 * (p["age"] - 8)),
            "income": Mechanism(
                Normal(0.0, 1.0),
                _normal,
                shift=lambda p: 0.5 * p["member"],
                piecewise=PiecewiseLinear(slopes={"effort": 0.8, "grade": 0.5}),
            ),
            "savings": Mechanism(Normal(0.0, 1.0), _normal, piecewise=PiecewiseLinear(hinges={"income": 1.5})),
        },
    )

    def draw(people: int, draws: Generator) -> People:
        x = scm.sample(people, draws)
        return People(x, (x[:, 5] + x[:, 6] + 0.5 * (x[:, 3] == 2) > 2).float())

    return features, graph, scm, draw


def table() -> Population:
    """Return people with features of every kind, of whose causes nothing is known; two may be moved one way only."""
    features = FeatureTable(
        (
            Feature("member", Kind.BINARY, Role.ACTIONABLE, levels=("no", "yes")),
            Feature("age", Kind.INTEGER, Role.IMMUTABLE, lower=0),
            Feature("grade", Kind.ORDINAL, Role.ACTIONABLE, levels=("low", "middle", "high"), direction=Direction.UP),
            Feature("branch", Kind.CATEGORICAL, Role.ACTIONABLE, levels=("west", "north", "south", "east")),
            Feature("home", Kind.CATEGORICAL, Role.IMMUTABLE, levels=("rented", "owned"), sensitive=True),
            Feature("debt", role=Role.ACTIONABLE, lower=0.0, direction=Direction.DOWN),
            Feature("savings", role=Role.ACTIONABLE),
        )
    )

    def draw(people: int, draws: Generator) -> People:
        grade = torch.multinomial(torch.tensor([0.4, 0.4, 0.2]), people, replacement=True, generator=draws).float()
        branch = torch.multinomial(torch.tensor([0.3, 0.3, 0.2, 0.2]), people, replacement=True, generator=draws)
        age, member, home = _poisson(people, draws), _coin(people, draws), _coin(people, draws)
        debt, savings = _normal(people, draws).abs() * 2, _normal(people, draws) + 0.1 * (age - 8)
        x = torch.stack([member, age, grade, branch.float(), home, debt, savings], 1)
        worth = torch.tensor([0.0, 1.0, -0.5, 0.5])[branch] + 0.8 * member + 0.7 * grade + 0.3 * home
        return People(x, (worth + savings - 0.8 * debt > 1.0).float())

    return features, CausalGraph(features.names, {}), None, draw


def chain() -> Population:
    """Return people whose every feature is caused by the one before, linearly and with Gaussian noise."""
    names = ("health", "effort", "skill", "income")
    roles = (Role.IMMUTABLE, Role.ACTIONABLE, Role.ACTIONABLE, Role.ACTIONABLE)
    features = FeatureTable(tuple(Feature(name, role=role) for name, role in zip(names, roles, strict=True)))
    graph = CausalGraph(names, {"effort": ("health",), "skill": ("effort",), "income": ("skill",)})
    caused = {child: PiecewiseLinear(slopes=dict.fromkeys(causes, 0.7)) for child, causes in graph.parents.items()}
    scm = StructuralCausalModel(
        graph,
        {name: Mechanism(Normal(0.0, 1.0), _normal, piecewise=caused.get(name, PiecewiseLinear())) for name in names},
    )

    def draw(people: int, draws: Generator) -> People:
        x = scm.sample(people, draws)
        return People(x, (x[:, 2] + x[:, 3] > 0.5).float())

    return features, graph, scm, draw


def counts() -> Population:
    """Return people with counts and amounts whose equations nobody knows."""
    features = FeatureTable(
        (
            Feature("age", Kind.INTEGER, Role.IMMUTABLE, lower=18, upper=90),
            Feature("hours", Kind.INTEGER, Role.ACTIONABLE, lower=0, upper=80),
            Feature("debt", role=Role.ACTIONABLE, lower=0.0),
            Feature("loans", Kind.INTEGER, lower=0),
        )
    )
    graph = CausalGraph(features.names, {"hours": ("age",), "debt": ("age", "hours"), "loans": ("debt",)})

    def draw(people: int, draws: Generator) -> People:
        noise = torch.randn(4, people, generator=draws)
        age = (45 + 12 * noise[0]).clamp(18, 90).round()
        hours = (38 - 0.2 * (age - 45) + 8 * noise[1]).clamp(0, 80).round()
        debt = torch.exp(0.5 * noise[2] + 0.02 * (age - 45) - 0.01 * hours)
        loans = (2 * debt + noise[3].abs()).floor()
        x = torch.stack([age, hours, debt, loans], 1)
        return People(x, (0.1 * (hours - 38) - debt - 0.2 * loans > -1.4).float())

    return features, graph, None, draw


def _normal(people: int, draws: Generator) -> Tensor:
    return torch.randn(people, generator=draws)


def _coin(people: int, draws: Generator) -> Tensor:
    return (torch.rand(people, generator=draws) < 0.4).float()


def _poisson(people: int, draws: Generator) -> Tensor:
    return torch.poisson(torch.full((people,), 8.0), generator=draws)


def _level(people: int, draws: Generator) -> Tensor:
    return torch.multinomial(torch.tensor([0.4, 0.4, 0.2]), people, replacement=True, generator=draws).float()
