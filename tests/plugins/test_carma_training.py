"""Training of CARMA and iCARMA: slopes that are written out, against autograd through the whole models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from causal_cases import shaken
from tiny import Tiny
from torch import Tensor

from recourse_arena import CausalFlow, Cost, FeatureTable, FlowRecipe, Kind, Scenario
from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena_carma.networks import Policy
from recourse_arena_carma.objective import Multiplier, choose, divergence, excess, hinge, lost_density
from recourse_arena_carma.people import Everybody
from recourse_arena_carma.settings import Settings
from recourse_arena_carma.steps.frozen import Frozen
from recourse_arena_carma.steps.perceptron import Perceptron
from recourse_arena_carma.steps.slopes import Slopes
from recourse_arena_carma.steps.visits import Visit, Visits


@pytest.fixture(scope="module")
def tiny():
    """A chain of causes: effort, income, and savings, which nobody can set; in double precision."""
    registry = discover()
    registry.datasets["tiny"] = Tiny
    materials = prepare("tiny", seed=0, data=Path(), cache=ArtefactCache(None), registry=registry)
    problem = materials.problem_for(Scenario.parse("hard-random"))
    training = replace(problem.training, x=problem.training.x.double())
    return replace(problem, training=training, decisions=problem.decisions.double().requires_grad_(False))


def world(tiny, transform: str, *, cost: str, whole: bool):
    """Return the problem with an untrained flow with strong effects."""
    features = tiny.features
    if whole:
        table = tuple(replace(f, kind=Kind.INTEGER) if f.name == "effort" else f for f in features)
        features = FeatureTable(table)
    with torch.random.fork_rng():
        torch.manual_seed(2)
        flow = shaken(CausalFlow(features, tiny.graph, FlowRecipe(transform=transform, hidden=(16, 16))))
    x = tiny.training.x
    flow.mean.copy_(x.mean(0))
    flow.sd.copy_(x.std(0))
    refused = ~tiny.decisions.accepts(x)
    return replace(tiny, features=features, causal_flow=flow, cost=Cost.fitted(x, refused, features, cost))


def by_autograd(problem, policy: Policy, settings: Settings, visit: Visit, multiplier: Multiplier) -> Tensor:
    """Return the loss of a batch by whole networks, flow and classifier, every feature in its column."""
    count, columns = len(problem.features), Frozen(problem).actionable
    mask, weights, odds, noise = (
        torch.zeros(len(visit.seen), count, dtype=torch.double).index_copy(1, columns, part.T)
        for part in (visit.mask, visit.weights, visit.prior_odds, visit.noise)
    )
    x, told = visit.constants[:, :count], visit.seen[:, policy.described :]
    blocks = told.split(len(columns), 1) if policy.individual else ()
    spread = [torch.zeros_like(mask).index_copy(1, columns, part) for part in blocks]
    seen = torch.cat([visit.seen[:, : policy.described], *spread], 1)
    log_odds = policy.log_odds(seen)
    chosen = choose(log_odds, noise, mask, settings.temperature)
    box, acted = problem.box, chosen > 0.5

    def feasible(wanted: Tensor) -> Tensor:
        within = torch.minimum(torch.maximum(wanted, box.lower), box.upper)
        nearest = box.snap(wanted, problem.features.whole)
        return torch.where(acted, nearest.detach() + within - within.detach(), wanted)

    u = problem.flow.abduct(x) + chosen * policy.shift(seen, chosen)
    after, wanted, density = problem.flow.latent_intervention_with_density(x, u, mask > 0, feasible)
    soft = (
        settings.cost * (chosen * weights * problem.cost.per_feature(x, after)).sum(1)
        + settings.kl * divergence(log_odds, odds, mask)
        + settings.plausibility
        * lost_density(visit.log_density, density, settings.plausibility_margin, settings.saturation)
        + settings.feasibility * excess(wanted, box.lower, box.upper, acted)
    )
    violation = hinge(problem.classifier.logit(after), settings.margin).mean()
    return soft.mean() + multiplier.penalty(violation)


@pytest.mark.parametrize("transform", ["affine", "spline"])
@pytest.mark.parametrize(
    ("cost", "whole", "saturation", "individual"),
    [("range", False, 1.0, True), ("l1", True, 0.0, True), ("range", True, 0.3, False)],
)
def test_slopes_are_those_of_autograd_through_the_whole_models(tiny, transform, cost, whole, saturation, individual):
    problem = world(tiny, transform, cost=cost, whole=whole)
    settings = Settings(batch=60, width=8, feasibility=2.0, saturation=saturation, reach=0.7)
    draws = torch.Generator().manual_seed(0)
    policy = Policy(problem, settings, individual=individual)
    policy.initialise(draws)
    people = Everybody.of(problem, problem.asking(problem.training))
    frozen, multiplier = Frozen(problem), Multiplier(3.0, 1.0, 80.0, 20.0)
    visit = next(iter(Visits(people, frozen, individual, settings, draws)))
    slopes = Slopes.of(policy, frozen, settings)
    with torch.no_grad():
        _, loss = slopes(visit, multiplier)

    expected = by_autograd(problem, policy, settings, visit, multiplier)
    expected.backward()
    torch.testing.assert_close(loss(), expected.detach(), rtol=1e-6, atol=1e-6)
    for network in slopes.networks:
        assert network.weights.grad.abs().max() > 1e-3
        before = [parameter.detach().clone() for parameter in network.network.parameters()]
        network.weights.data += network.weights.grad
        network.write_back()
        for parameter, old in zip(network.network.parameters(), before, strict=True):
            torch.testing.assert_close(parameter.detach() - old, parameter.grad, rtol=1e-5, atol=1e-6)


def test_only_given_inputs_and_asked_outputs_are_trained():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    before = [parameter.detach().clone() for parameter in network.parameters()]
    part = Perceptron.of(network, torch.tensor([2, 0]), torch.tensor([1]))
    x = torch.randn(5, 2)
    expected = network(torch.stack([x[:, 1], torch.zeros(5), x[:, 0]], 1))[:, 1:2].detach()
    with torch.no_grad():
        torch.testing.assert_close(part(x)[0], expected)
    part.weights.data += 1
    part.write_back()
    changed = [(after.detach() - old).abs() > 0.5 for after, old in zip(network.parameters(), before, strict=True)]
    assert changed[0].all(0).tolist() == [True, False, True]
    assert changed[1].all()
    assert changed[2].any(1).tolist() == changed[3].tolist() == [False, True, False]
