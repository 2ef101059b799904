"""Advice that has to pass several networks is certified as any other, and how far two of them are apart is exact."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
import torch
from network_tables import BOTH, asked, cheapest, table_problem

from recourse_arena import NotApplicable, Outcome
from recourse_arena.judging.transfer import reach, transfer_bound
from recourse_arena.models.changes.networks import QuantizedRelu, linear_layers
from recourse_arena.models.changes.training.quantizers import uniform
from recourse_arena.models.decision.demanding import demanding
from recourse_arena.testing.problems.worlds import worlds
from recourse_arena_certified import Certified


def quantized(model, bits):
    """Return a network with weights of a few bits."""
    layers = linear_layers(model)
    coded = [uniform(layer.weight, bits) for layer in layers]
    return QuantizedRelu.of(model, coded, [layer.bias for layer in layers], [bits] * len(layers))


def certified(problem, model, request):
    solver = Certified()
    asking = replace(problem, decisions=model)
    solver.fit(asking.seen_by(solver.knows), seed=0)
    return solver.certify(request)


@pytest.mark.parametrize(("cost", "margin"), [("encoded-1", 0.0), ("encoded", 0.2)])
@pytest.mark.parametrize("seed", range(3))
def test_the_cheapest_advice_that_lasts_is_what_enumeration_finds(seed, cost, margin):
    problem = table_problem(seed, cost=cost, hidden=((5, 4), (6, 6), (8,))[seed], rules=BOTH)
    few = quantized(problem.decisions, 3)
    models = problem.decisions, few, demanding([problem.decisions, few], [margin, 0.0])
    request = asked(problem, 3, seed=seed, actionable="4")
    costs = []
    for model in models:
        found = certified(problem, model, request)
        best = [cheapest(replace(problem, decisions=model), request[i : i + 1]) for i in range(len(request))]
        for one, least in zip(found, best, strict=True):
            assert one.outcome is (Outcome.SOLVED if math.isfinite(least) else Outcome.INFEASIBLE)
            assert one.cost == pytest.approx(least, rel=1e-4)
            assert one.lower_bound <= least * (1 + 1e-6)
        costs.append(torch.tensor([one.cost for one in found]))
    assert (costs[2] >= torch.maximum(costs[0], costs[1]) * (1 - 1e-4)).all()
    assert margin == 0 or (costs[2] > costs[0] * (1 + 1e-3)).any()


def test_where_effects_are_known_the_same_network_twice_asks_for_no_more():
    world = next(world for world in worlds() if world.problem.true_scm is not None)
    model, request = world.problem.decisions, replace(world.requests["usual"][:2], plausibility=False)
    once, twice = (certified(world.problem, asks, request) for asks in (model, demanding([model, model], [0.0, 0.0])))
    for one, other in zip(once, twice, strict=True):
        assert one.outcome is other.outcome is Outcome.SOLVED
        assert one.cost == pytest.approx(other.cost, rel=1e-3)
        assert max(one.lower_bound, other.lower_bound) <= min(one.cost, other.cost) * (1 + 1e-6)


def everybody(problem, one):
    """Return all whom one person can become and who keep the rules, `(rows, features)`."""
    choices = []
    for j in range(len(problem.features)):
        here, lower, upper = (float(t[0, j]) for t in (one.factual, one.box.lower, one.box.upper))
        inside = range(math.ceil(lower), math.floor(upper) + 1) if one.actionable[0, j] else ()
        choices.append(sorted({here, *map(float, inside)}))
    values = torch.tensor(list(itertools.product(*choices)))
    return values[~one.features.broken_rules(one.factual, values).any(1)]


@pytest.mark.parametrize("rules", [(), BOTH], ids=["free", "rules"])
@pytest.mark.parametrize("seed", range(3))
def test_how_far_networks_are_apart_is_what_enumeration_finds(seed, rules):
    problem = table_problem(seed, hidden=((5, 4), (8,), ())[seed], rules=rules)
    few, request = quantized(problem.decisions, 4), asked(problem, 3, seed=seed, actionable="4")
    solver = Certified()
    solver.fit(problem.seen_by(solver.knows), seed=0)
    bound = transfer_bound(problem.decisions, few, *reach(request))
    for i, found in enumerate(solver.farthest(request, few)):
        x = everybody(problem, request[i : i + 1])
        most = float((few.exact_logit(x) - problem.decisions.exact_logit(x)).abs().max())
        assert found.proved
        assert found.attained == pytest.approx(most, rel=1e-3, abs=1e-6)
        assert most <= found.bound + 1e-9
        assert found.attained <= float(bound[i]) + 1e-9


def test_without_time_nothing_is_proved_of_how_far_networks_are_apart():
    problem = table_problem(0, hidden=(32, 32))
    solver = Certified(time_limit=1e-6)
    solver.fit(problem.seen_by(solver.knows), seed=0)
    for found in solver.farthest(asked(problem, actionable="all"), quantized(problem.decisions, 4)):
        assert not found.proved
        assert found.attained <= found.bound == math.inf


def test_where_something_follows_from_actions_it_says_that_this_is_not_for_it():
    world = next(world for world in worlds() if world.problem.true_scm is not None)
    solver = Certified()
    solver.fit(world.problem.seen_by(solver.knows), seed=0)
    with pytest.raises(NotApplicable, match="tables without effects"):
        solver.farthest(world.requests["usual"], world.problem.decisions)
