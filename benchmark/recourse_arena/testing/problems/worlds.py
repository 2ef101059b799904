"""Small recourse problems on which solvers are tried: their models are fitted within a second."""

from __future__ import annotations

__all__ = ["World", "worlds"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Generator, Tensor

from recourse_arena.base.arithmetic import one_thread
from recourse_arena.base.randomness import generator
from recourse_arena.elicitation.sampler import PreferenceSampler
from recourse_arena.elicitation.schemes import Ranking
from recourse_arena.interfaces.recipes import DecisionRecipe, FlowRecipe
from recourse_arena.models.causal.fitting import fit_flow
from recourse_arena.models.causal.no_effects import NoEffects
from recourse_arena.models.decision.fitting import fit_classifier
from recourse_arena.models.plausibility.neighbours import Neighbours
from recourse_arena.people.box import Box
from recourse_arena.people.encoding import Encoding
from recourse_arena.people.features import FeatureTable
from recourse_arena.people.people import People, Split
from recourse_arena.problem.actionability import Actionability
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.graph import CausalGraph
from recourse_arena.problem.model_protocols import CausalModel
from recourse_arena.problem.problem import Problem
from recourse_arena.problem.profile import profile
from recourse_arena.problem.request import Request
from recourse_arena.testing.problems.populations import chain, counts, mixed, table

_PEOPLE = {"train": 600, "validation": 150, "test": 150}
_ASKING = 4
"""People of each request; solvers that prove something need up to a second for each."""

_DECISION = DecisionRecipe(hidden=(6,), optimizer="adam", learning_rate=0.03, epochs=10, batch=100)
_FLOW = FlowRecipe(hidden=(16,), epochs=5, batch=100)


@dataclass(frozen=True)
class World:
    """A small problem and people who ask in it.

    Arguments:
        name: Its name.
        problem: The problem, with nothing withheld.
        requests: Requests by name; `usual` comes first: individual masks and preferences, plausibility under the flow.
    """

    name: str
    problem: Problem
    requests: Mapping[str, Request]


@cache
def worlds() -> tuple[World, ...]:
    """Return the problems.

    Features of all kinds that have an order, a chain of causes, counts whose equations are unknown, and a table with
    categories of whose causes nothing is known.
    """
    return (
        _world("every kind of feature", *mixed()),
        _world("a chain of causes", *chain()),
        _world("unknown equations", *counts(), flow=replace(_FLOW, transform="spline")),
        _world("a table with categories", *table()),
    )


def _world(
    name: str,
    features: FeatureTable,
    graph: CausalGraph,
    scm: CausalModel | None,
    draw: Callable[[int, Generator], People],
    *,
    flow: FlowRecipe = _FLOW,
) -> World:
    people = {part: draw(count, generator(0, "testing", name, part)) for part, count in _PEOPLE.items()}
    causes = any(graph.parents.values())
    with one_thread():
        recipe = replace(_DECISION, standardise_binaries=causes)
        classifier = fit_classifier(recipe, people["train"], seed=0, features=features)
        fitted = fit_flow(features, graph, flow, Split(**people), seed=0) if causes else None
    train = people["train"].x
    refused = ~classifier.accepts(train)
    neighbours = None if causes else Neighbours(Encoding.fitted(features, train), train[~refused])
    problem = Problem(
        dataset=name,
        features=features,
        graph=graph,
        decisions=classifier,
        cost=Cost.fitted(train, refused, features, "range" if causes else "gower"),
        box=Box.spanning(train[refused], features),
        training=people["train"],
        validation=people["validation"],
        profile=profile("linear"),
        draw=PreferenceSampler(Ranking(), features),
        true_scm=scm,
        causal_flow=fitted,
        neighbours=neighbours,
        without_effects=None if causes else NoEffects(),
    )
    return World(name, problem, _requests(problem, problem.asking(people["test"])[:_ASKING]))


def _ranked(features: FeatureTable, people: int, draws: Generator, actionable: str = "random") -> Actionability:
    return Ranking().population(people, features, actionable=actionable, draws=draws)


def _requests(problem: Problem, asking: Tensor) -> dict[str, Request]:
    draws = generator(0, "testing", problem.dataset, "preferences")

    def ask(actionable: str, **how: Any) -> Request:
        answers = _ranked(problem.features, len(asking), draws, actionable)
        return problem.request(asking, answers, **how)

    requests = {
        "usual": ask("random"),
        "unconstrained": ask("all", profile=profile("constant"), plausibility=False),
        "personal bounds": ask("2", box=_personal(problem, asking, draws), plausibility=False),
    }
    if problem.true_scm is not None:
        requests["plausible by the equations"] = ask("all", density="scm")
    requests["few features"] = ask("all", plausibility=False, sparsity=1)
    return requests


def _personal(problem: Problem, asking: Tensor, draws: Generator) -> Box:
    """Return bounds of each person's own that hold a whole number; some leave out the person as they are now.

    They narrow no category, whose codes have no order, and leave the factual inside where there is one way only.
    """
    box, features = problem.box.expand(len(asking)), problem.features
    centre = (asking + torch.randn(asking.shape, generator=draws) * problem.cost.sd).round()
    centre = torch.minimum(torch.maximum(centre, box.lower.ceil()), box.upper.floor())
    reach = problem.cost.sd * torch.rand(asking.shape, generator=draws) + 0.01
    free = features.categorical | (features.directed != 0)
    return Box(torch.where(free, box.lower, centre - reach), torch.where(free, box.upper, centre + reach))
