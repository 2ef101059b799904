"""Trying everything finds what a loop over all actions finds, or proves that there is nothing."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from one_person import Accepts, case, numbers

from recourse_arena import CausalGraph, Feature, FeatureTable, Kind, Mechanism, Role
from recourse_arena.advice.analysis.exhaustive import try_everything
from recourse_arena.models.causal.structural import StructuralCausalModel


def by_hand(one):
    """Return the cost of the cheapest action that works, of every way to leave alone or set each open feature."""
    box, best = one.request.box, math.inf
    options = [
        [None, *range(math.ceil(box.lower[0, j]), math.floor(box.upper[0, j]) + 1)] if open_ else [None]
        for j, open_ in enumerate(one.request.actionable[0].tolist())
    ]
    for picks in itertools.product(*options):
        mask = torch.tensor([[pick is not None for pick in picks]])
        values = torch.tensor([[0.0 if pick is None else float(pick) for pick in picks]])
        if one.works(mask, values)[0]:
            best = min(best, float(one.request.cost(values, mask)))
    return best


def mixed(yes, **parts):
    features = FeatureTable(
        (
            Feature("count", Kind.INTEGER, Role.ACTIONABLE),
            Feature("home", Kind.CATEGORICAL, Role.ACTIONABLE, levels=("a", "b", "c")),
            Feature("rank", Kind.ORDINAL, Role.ACTIONABLE, levels=("low", "high")),
            Feature("debt", role=parts.pop("debt", Role.MUTABLE)),
        )
    )
    return case(features, Accepts(yes), [3.0, 1.0, 0.0, 0.5], [0.0] * 4, [5.0, 2.0, 1.0, 1.0], **parts)


@pytest.mark.parametrize("seed", range(6))
def test_the_cheapest_action_is_found(seed):
    table = torch.rand((6, 3, 2), generator=torch.Generator().manual_seed(seed)) < 0.06 * seed
    table[3, 1, 0] = False
    one = mixed(lambda x: table[tuple(x[..., j].long() for j in range(3))])
    found, cost = try_everything(one), by_hand(one)
    assert found.count == 6 * 3 * 2
    assert found.cost == pytest.approx(cost)
    assert found.impossible == math.isinf(cost) == (not table.any())
    if not found.impossible:
        assert one.works(found.mask[None], found.values[None])[0]
        assert not found.mask[3]


def test_what_is_closed_is_not_tried():
    one = mixed(lambda x: x[..., 0] == 5, closed=("count",))
    found = try_everything(one)
    assert found.impossible
    assert found.count == 3 * 2
    assert try_everything(mixed(lambda x: x[..., 0] == 5, closed=("count", "home", "rank"))).count == 1


def test_own_bounds_hold():
    assert try_everything(mixed(lambda x: x[..., 0] == 5, own={"count": (1.5, 4.5)})).impossible
    assert not try_everything(mixed(lambda x: x[..., 0] == 4, own={"count": (1.5, 4.5)})).impossible


def test_it_is_not_tried_where_a_number_is_continuous_or_there_is_too_much():
    assert try_everything(mixed(lambda x: x[..., 0] == 5, debt=Role.ACTIONABLE)) is None
    assert try_everything(mixed(lambda x: x[..., 0] == 5), most=35) is None
    huge = case(numbers(3, kind=Kind.INTEGER), Accepts(lambda x: x[..., 0] > 1), [0.0] * 3, [0.0] * 3, [1e9] * 3)
    assert try_everything(huge) is None


def test_holding_a_feature_where_it_is_counts_as_an_action_where_there_are_effects():
    graph = CausalGraph(("effort", "hours"), {"hours": ("effort",)})
    scm = StructuralCausalModel(
        graph,
        {"effort": Mechanism.normal(1.0), "hours": Mechanism.normal(1.0, shift=lambda parents: parents["effort"])},
    )
    features = FeatureTable(tuple(Feature(name, Kind.INTEGER, Role.ACTIONABLE) for name in graph.names))
    yes = Accepts(lambda x: (x[..., 0] >= 2) & (x[..., 1] == 0))
    one = case(features, yes, [0.0, 0.0], [0.0, 0.0], [3.0, 3.0], scm=scm, graph=graph)
    found = try_everything(one)
    assert found.mask.tolist() == [True, True]
    assert found.values.tolist() == [2.0, 0.0]
    assert found.cost == pytest.approx(by_hand(one))
    assert found.count == 5 * 5


def test_of_equal_costs_the_one_that_acts_upon_least_is_taken():
    graph = CausalGraph(("a", "b"), {})
    scm = StructuralCausalModel(graph, {"a": Mechanism.normal(1.0), "b": Mechanism.normal(1.0)})
    features = FeatureTable(tuple(Feature(name, Kind.INTEGER, Role.ACTIONABLE) for name in graph.names))
    one = case(features, Accepts(lambda x: x[..., 1] == 1), [0.0, 0.0], [0.0, 0.0], [1.0, 1.0], scm=scm)
    assert try_everything(one).mask.tolist() == [False, True]


def test_who_is_accepted_already_needs_to_do_nothing():
    one = mixed(lambda x: x[..., 0] >= 0)
    assert try_everything(one).cost == 0
    assert not try_everything(one).mask.any()
