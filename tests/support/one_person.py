"""One person before a judge, in a world that is made by hand."""

from __future__ import annotations

import torch
from torch import Tensor

from recourse_arena import Actionability, CausalGraph, Feature, FeatureTable, People, Problem, Role
from recourse_arena.advice.analysis.case import Case
from recourse_arena.judging.judge import Judge
from recourse_arena.models.causal.no_effects import NoEffects
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.people.box import Box
from recourse_arena.problem.cost import RangeCost
from recourse_arena.problem.profile import PROFILES


class Accepts:
    """A decision model that is a function and nothing more."""

    def __init__(self, function) -> None:
        self.function = function

    def accepts(self, x: Tensor) -> Tensor:
        return self.function(x)


def network(features: FeatureTable | int, *layers: tuple) -> ReluClassifier:
    """Return a network of given layers, each weights `(outputs, inputs)` and biases, with a ReLU between two."""
    made = ReluClassifier(features, tuple(len(bias) for _, bias in layers[:-1])).requires_grad_(False)
    for layer, (weight, bias) in zip(list(made.layers)[::2], layers, strict=True):
        layer.weight.copy_(torch.tensor(weight))
        layer.bias.copy_(torch.tensor(bias))
    return made


def numbers(count: int, rules: tuple = (), **parts) -> FeatureTable:
    """Return features x0, x1, ... that can be acted upon."""
    return FeatureTable(tuple(Feature(f"x{i}", role=Role.ACTIONABLE, **parts) for i in range(count)), rules)


def case(features, decisions, factual, low, high, *, closed=(), own=None, sd=1.0, scm=None, graph=None) -> Case:
    """Return a person at `factual` who can act on everything actionable that is not `closed`, within `low` and `high`.

    `own` are their own bounds by feature's name.
    """
    count, names = len(features), features.names
    people = People(torch.tensor([low, high]).float(), torch.ones(2))
    problem = Problem(
        dataset="by hand",
        features=features,
        graph=graph or CausalGraph(names, {}),
        decisions=decisions,
        cost=RangeCost(torch.full((count,), sd), torch.ones(count), features.count_actionable),
        box=Box(*people.x),
        training=people,
        validation=people,
        profile=PROFILES["linear"],
        draw=lambda people, draws: None,
        true_scm=scm,
        without_effects=NoEffects() if scm is None else None,
    )
    never = ~features.actionable | torch.tensor([name in closed for name in names])
    bounds = torch.tensor([(own or {}).get(name, (-torch.inf, torch.inf)) for name in names])
    request = problem.request(
        torch.tensor([factual]).float(),
        Actionability(torch.where(never, 5, 1)[None], 4),
        box=None if own is None else Box(bounds[None, :, 0], bounds[None, :, 1]),
    )
    return Case(problem, Judge(decisions, problem.causal_model, None, None), request)


def act(one: Case, **values: float) -> tuple[Tensor, Tensor]:
    """Return mask and values `(features,)` of an action by features' names."""
    names = one.request.features.names
    mask = torch.tensor([name in values for name in names])
    return mask, torch.where(mask, torch.tensor([float(values.get(name, 0)) for name in names]), one.factual)


def works_at(one: Case, mask: Tensor, values: Tensor, column: int, points: Tensor) -> Tensor:
    """Return for each value of one feature, put into an action one at a time, whether it works."""
    rows = values.repeat(len(points), 1)
    rows[:, column] = points
    return one.works(mask.expand(len(points), -1), rows)
