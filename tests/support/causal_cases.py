"""The causal models that laws are tested on, with people they describe."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from recourse_arena.interfaces.recipes import FlowRecipe
from recourse_arena.models.causal.flow import CausalFlow
from recourse_arena.models.causal.structural import Mechanism, StructuralCausalModel
from recourse_arena.people.features import Feature, FeatureTable, Kind
from recourse_arena.problem.graph import CausalGraph
from recourse_arena.problem.model_protocols import CausalModel
from recourse_arena.registry.discovery import discover

FLOWS = ("loan-flow", "spline-flow")
STRUCTURES = ("chain?equations=nonlinear", "collider?equations=nonlinear", "triangle")
MODELS = ("loan-scm", "linear-scm-1", "linear-scm-2", *STRUCTURES, *FLOWS)


@dataclass(frozen=True)
class Case:
    """A causal model, people it describes, in double precision, and how far rounding may carry it."""

    model: CausalModel
    graph: CausalGraph
    people: Tensor
    tolerance: float = 1e-6

    def effects(self, causes: Iterable[str]) -> set[str]:
        """Return `causes` and all their descendants, by walking from child to child."""
        found, waiting = set(), list(causes)
        while waiting:
            name = waiting.pop()
            found.add(name)
            waiting += [child for child, parents in self.graph.parents.items() if name in parents]
        return found

    def interventions(self) -> st.SearchStrategy[tuple[Tensor, Tensor, Tensor]]:
        """Return a strategy for people, masks and values inside the people's range, `(people, features)` each."""
        lower, upper = self.people.amin(0), self.people.amax(0)

        @st.composite
        def draw_all(draw):
            rows = draw(st.lists(st.integers(0, len(self.people) - 1), min_size=1, max_size=5))
            shape = (len(rows), len(self.graph.names))
            mask = draw(arrays(bool, shape, fill=st.nothing()))
            share = draw(arrays(np.float64, shape, elements=st.floats(0, 1), fill=st.nothing()))
            return self.people[rows], torch.from_numpy(mask), lower + (upper - lower) * torch.from_numpy(share)

        return draw_all()

    def close(self, one: Tensor, other: Tensor) -> None:
        """Raise where the two differ by more than rounding."""
        torch.testing.assert_close(one, other, rtol=self.tolerance, atol=self.tolerance)


def random_graph(seed: int, size: int = 6) -> CausalGraph:
    """Return a random graph whose column order is not a causal order."""
    draws = random.Random(seed)
    names = tuple("abcdefghij"[:size])
    order = draws.sample(names, size)
    parents = {
        child: tuple(cause for cause in order[:place] if draws.random() < 0.5) for place, child in enumerate(order)
    }
    graph = CausalGraph(names, parents)
    assert graph.order != names
    return graph


def linear_scm(seed: int) -> StructuralCausalModel:
    """Return a linear structural causal model over a random graph."""
    graph, draws = random_graph(seed), random.Random(seed)

    def mechanism(name: str) -> Mechanism:
        slopes = {parent: draws.uniform(-2, 2) for parent in graph.parents[name]}
        sd = draws.uniform(0.5, 2)
        return Mechanism(
            torch.distributions.Normal(0.0, sd),
            lambda people, generator: sd * torch.randn(people, generator=generator),
            lambda parents: 1 + sum((slope * parents[p] for p, slope in slopes.items()), torch.tensor(0.0)),
        )

    return StructuralCausalModel(graph, {name: mechanism(name) for name in graph.names})


def shaken(flow: CausalFlow) -> CausalFlow:
    """Return an untrained flow in double precision with strong effects, away from the standard scale."""
    generator = torch.Generator().manual_seed(1)
    for parameter in flow.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.4
    flow.mean.copy_(torch.randn(flow.mean.shape, generator=generator) * 5)
    flow.sd.copy_(torch.rand(flow.sd.shape, generator=generator) * 3 + 0.5)
    return flow.double().requires_grad_(False)


def spline_flow() -> tuple[CausalFlow, FeatureTable]:
    """Return an untrained spline flow over a random graph, and its features, some of which are counts."""
    graph = random_graph(0)
    kinds = (Kind.CONTINUOUS, Kind.INTEGER, Kind.CONTINUOUS, Kind.ORDINAL, Kind.CONTINUOUS, Kind.INTEGER)
    features = FeatureTable(tuple(Feature(name, kind=kind) for name, kind in zip(graph.names, kinds, strict=True)))
    return shaken(CausalFlow(features, graph, FlowRecipe(transform="spline", hidden=(32, 32)))), features


def case_called(name: str, request: pytest.FixtureRequest) -> Case:
    """Return the case of a name; only those of Loan pay for Loan's fixtures."""
    draws = torch.Generator().manual_seed(0)
    if name.startswith("linear-scm-"):
        model = linear_scm(int(name[-1]))
        return Case(model, model.graph, model.sample(200, draws).double())
    if name in STRUCTURES:
        model = discover().dataset(name).scm()
        return Case(model, model.graph, model.sample(200, draws).double())
    if name == "spline-flow":
        flow, features = spline_flow()
        people = flow.sample(200, draws)
        return Case(flow, flow.graph, torch.where(features.whole, people.round(), people))
    graph = request.getfixturevalue("loan").graph
    people = request.getfixturevalue("loan_splits").recourse.test.x[:200].double()
    if name == "loan-scm":
        return Case(request.getfixturevalue("loan_scm"), graph, people)
    return Case(copy.deepcopy(request.getfixturevalue("loan_flow")).double(), graph, people)
