"""The cost of an action, against loops in plain Python."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recourse_arena import ArenaError, Feature, FeatureTable, Role
from recourse_arena.problem.cost import Cost

ACTIONABLE = [False, True, True, True]
TABLE = FeatureTable(
    tuple(
        Feature(name, role=Role.ACTIONABLE if free else Role.MUTABLE)
        for name, free in zip("abcd", ACTIONABLE, strict=True)
    )
)
PEOPLE = torch.randn(60, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * torch.tensor(
    [1, 5, 0.1, 30]
)
REFUSED = PEOPLE[:, 1] < 2


def table_of(elements: st.SearchStrategy, dtype: type = np.float64) -> st.SearchStrategy[torch.Tensor]:
    return arrays(dtype, (3, 4), elements=elements, fill=st.nothing()).map(torch.from_numpy)


moves = table_of(st.floats(-50, 50))
masks = table_of(st.booleans(), bool)
alphas = table_of(st.floats(1, 7))


def by_hand(factual, values, mask, weights):
    """Return the cost of one person by the definition: z-scores over everybody, range over the refused."""
    total = 0.0
    for j in range(4):
        if mask[j]:
            column = PEOPLE[:, j].tolist()
            mean, sd = statistics.fmean(column), statistics.stdev(column)
            z = [(value - mean) / sd for value, refused in zip(column, REFUSED.tolist(), strict=True) if refused]
            change = (values[j] - mean) / sd - (factual[j] - mean) / sd
            total += weights[j] * change**2 / (max(z) - min(z))
    return total / sum(ACTIONABLE)


@given(moves, moves, masks, alphas)
def test_the_cost_is_that_computed_by_hand(factual, values, mask, weights):
    cost = Cost.fitted(PEOPLE, REFUSED, TABLE)(factual, values, mask, weights)
    for person in range(3):
        args = (t[person].tolist() for t in (factual, values, mask, weights))
        assert float(cost[person]) == pytest.approx(by_hand(*args), rel=1e-9, abs=1e-9)


@given(moves, moves, masks)
def test_without_weights_every_weight_is_one(factual, values, mask):
    cost = Cost.fitted(PEOPLE, REFUSED, TABLE)
    assert torch.equal(cost(factual, values, mask), cost(factual, values, mask, torch.ones_like(values)))


@given(moves, moves, masks)
def test_what_is_not_acted_upon_is_free_whatever_it_does(factual, values, mask):
    cost = Cost.fitted(PEOPLE, REFUSED, TABLE)
    elsewhere = torch.where(mask, values, values + 17)
    assert torch.equal(cost(factual, elsewhere, mask), cost(factual, values, mask))
    assert (cost(factual, values, torch.zeros_like(mask)) == 0).all()


@given(moves, masks)
def test_staying_is_free_and_doubling_a_change_costs_four_times_as_much(change, mask):
    cost, here = Cost.fitted(PEOPLE, REFUSED, TABLE), torch.ones(3, 4, dtype=torch.float64)
    assert (cost(here, here, mask) == 0).all()
    torch.testing.assert_close(cost(here, here + 2 * change, mask), 4 * cost(here, here + change, mask))


@given(moves, moves, masks)
def test_the_cost_is_the_sum_of_moving_each_acted_feature_alone(factual, values, mask):
    cost = Cost.fitted(PEOPLE, REFUSED, TABLE)
    each = cost.per_feature(factual, values)
    torch.testing.assert_close(each, cost.curvature * (values - factual) ** 2)
    torch.testing.assert_close((each * mask).sum(1), cost(factual, values, mask))


@given(moves, masks)
def test_the_cost_does_not_depend_on_units(values, mask):
    scale, shift = torch.tensor([2.0, 0.1, 100, 7]).double(), torch.tensor([1.0, -5, 0, 3]).double()
    one = Cost.fitted(PEOPLE, REFUSED, TABLE)(PEOPLE[:3], values, mask)
    other = Cost.fitted(PEOPLE * scale + shift, REFUSED, TABLE)
    torch.testing.assert_close(other(PEOPLE[:3] * scale + shift, values * scale + shift, mask), one)


def test_the_cost_broadcasts_people_against_candidates():
    cost = Cost.fitted(PEOPLE, REFUSED, TABLE)
    mask = torch.tensor([True, False, True, True])
    grid = cost(PEOPLE[:5, None], PEOPLE[None, 5:8], mask)
    assert grid.shape == (5, 3)
    torch.testing.assert_close(grid[4, 2], cost(PEOPLE[4], PEOPLE[7], mask))


def test_an_actionable_feature_that_no_refused_person_varies_is_refused():
    still = torch.where((torch.arange(4) == 2) & REFUSED[:, None], 1.0, PEOPLE)
    with pytest.raises(ArenaError, match="'c' is actionable but takes one value only among refused people"):
        Cost.fitted(still, REFUSED, TABLE)


@pytest.mark.parametrize("everybody", [True, False])
def test_a_feature_that_does_not_vary_and_nobody_acts_on_leaves_cost_and_gradients_finite(everybody):
    still = PEOPLE.clone()
    still[slice(None) if everybody else REFUSED, 0] = 1.0
    cost = Cost.fitted(still, REFUSED, TABLE)
    values = (still[:3] + 1).requires_grad_()
    total = cost(still[:3], values, TABLE.actionable)
    (slope,) = torch.autograd.grad(total.sum(), values)
    assert total.isfinite().all()
    assert slope.isfinite().all()
    assert (slope[:, 0] == 0).all()


def test_a_decision_model_that_refuses_nobody_is_refused():
    features = FeatureTable((Feature("income", role=Role.ACTIONABLE),))
    with pytest.raises(ArenaError, match="nobody asks for recourse"):
        Cost.fitted(torch.randn(5, 1), torch.zeros(5, dtype=torch.bool), features)
