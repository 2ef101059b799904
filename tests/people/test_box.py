"""Feasible values: the global box and personal ones inside it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recourse_arena import ArenaError, Feature, FeatureTable, Kind
from recourse_arena.people.box import Box

TABLE = FeatureTable((Feature("income"), Feature("children", kind=Kind.INTEGER)))


def pairs(low: float = -100, high: float = 100) -> st.SearchStrategy[torch.Tensor]:
    shape = (4, 2)
    return arrays(np.float64, shape, elements=st.floats(low, high), fill=st.nothing()).map(torch.from_numpy)


@given(pairs())
def test_the_box_spanning_people_holds_them_and_touches_them(x):
    box = Box.spanning(x)
    assert box.contains(x, tolerance=0).all()
    for j in range(2):
        assert float(box.lower[j]) == min(x[:, j].tolist())
        assert float(box.upper[j]) == max(x[:, j].tolist())


@given(pairs(), pairs())
def test_a_personal_box_is_the_overlap(lower, upper):
    glob = Box(torch.tensor([-20.0, -20.0]), torch.tensor([20.0, 20.0]))
    lower, upper = torch.minimum(lower, upper), torch.maximum(lower, upper).ceil() + 1
    assume(((lower <= 19) & (upper >= -19)).all())
    box = glob.personal(lower, upper, TABLE)
    for value in torch.linspace(-25, 25, 101):
        inside = (value >= lower) & (value <= upper) & (value >= -20) & (value <= 20)
        assert torch.equal(box.contains(value.expand(4, 2), tolerance=0), inside)


def test_personal_bounds_that_say_nothing_change_nothing():
    glob = Box(torch.zeros(2), torch.ones(2))
    box = glob.personal(torch.full((3, 2), -math.inf), torch.full((3, 2), math.inf), TABLE)
    assert torch.equal(box.lower, torch.zeros(3, 2))
    assert torch.equal(box.upper, torch.ones(3, 2))


@pytest.mark.parametrize(
    ("name", "lower", "upper", "message"),
    [
        ("income", math.nan, 3, "a bound is not a number"),
        ("income", 0, math.nan, "a bound is not a number"),
        ("income", 3, 2, "has no value"),
        ("children", 1.2, 1.8, "has no value"),
    ],
)
def test_impossible_personal_bounds_are_named_with_their_row_and_feature(name, lower, upper, message):
    low, high = torch.zeros(3, 2), torch.full((3, 2), 9.0)
    low[1, TABLE.index(name)], high[1, TABLE.index(name)] = lower, upper
    with pytest.raises(ArenaError, match=rf"^personal bounds: row 1, feature '{name}': \[.*\]: {message}$"):
        Box(torch.zeros(2), torch.full((2,), 10.0)).personal(low, high, TABLE)


def test_bounds_that_do_not_meet_leave_an_empty_box_there_only():
    low, high = torch.tensor([[0.0, -5.0], [11.0, 3.4]]), torch.tensor([[9.0, -1.0], [12.0, 4.0]])
    box = Box(torch.zeros(2), torch.tensor([10.0, 3.9])).personal(low, high, TABLE)
    assert box.empty(TABLE.whole).tolist() == [[False, True], [True, True]]


def test_a_fractional_interval_is_possible_where_values_need_not_be_whole():
    box = Box(torch.zeros(2), torch.full((2,), 10.0)).personal(
        torch.tensor([[1.2, 1.0]]), torch.tensor([[1.8, 1.0]]), TABLE
    )
    assert box.lower.tolist() == [[pytest.approx(1.2), 1]]


@given(pairs(), pairs(-10, 10), pairs(0.999, 20))
def test_snapping_finds_the_nearest_feasible_value(values, lower, width):
    """Every interval is at least as wide as a whole number needs, and its ends are fractions."""
    lower = lower + 0.25
    upper = torch.maximum(lower + width, lower.ceil())
    snapped = Box(lower, upper).snap(values, TABLE.whole)
    for value, low, high, found in zip(*(t.tolist() for t in (values, lower, upper, snapped)), strict=True):
        assert found[0] == min(max(value[0], low[0]), high[0])
        whole = range(math.ceil(low[1]), math.floor(high[1]) + 1)
        assert found[1] in whole
        assert abs(found[1] - value[1]) == min(abs(number - value[1]) for number in whole)


@given(pairs(), pairs(-10, 10), pairs(1, 20))
def test_snapping_twice_is_snapping_once(values, lower, width):
    box = Box(lower, lower + width)
    once = box.snap(values, TABLE.whole)
    assert box.contains(once, tolerance=0).all()
    assert torch.equal(box.snap(once, TABLE.whole), once)


def test_bounds_give_way_by_rounding_alone():
    box = Box(torch.tensor([0.0, 0.0]), torch.tensor([1e6, 1.0]))
    eps = torch.finfo(torch.float32).eps
    assert box.contains(torch.tensor([1e6 + 0.5, 1 + 4 * eps])).tolist() == [True, True]
    assert box.contains(torch.tensor([-0.5, -4 * eps])).tolist() == [True, True]
    assert box.contains(torch.tensor([1e6 + 9, 1 + 1e-5])).tolist() == [False, False]
    assert box.contains(torch.tensor([-9.0, -1e-5])).tolist() == [False, False]


def test_whole_numbers_have_no_slack_at_all():
    box, whole = Box(torch.tensor([0.0, 0.0]), torch.tensor([1e6, 1e6])), torch.tensor([True, False])
    assert box.contains(torch.tensor([1e6 + 0.5, 1e6 + 0.5]), whole).tolist() == [False, True]
    assert box.contains(torch.tensor([1e6, 0.0]), whole).tolist() == [True, True]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_box_contains_what_is_not_a_finite_number(value):
    assert not Box(torch.zeros(2), torch.ones(2)).contains(torch.full((2,), value)).any()


def test_a_half_open_box_has_an_end():
    box = Box(torch.tensor([0.0, -math.inf]), torch.tensor([math.inf, 0.0]))
    assert box.contains(torch.tensor([[5.0, -5.0], [-5.0, 5.0]])).tolist() == [[True, True], [False, False]]


def test_expanding_gives_everybody_the_same_bounds():
    box = Box(torch.zeros(2), torch.tensor([1.0, 2.0])).expand(3)
    assert box.lower.tolist() == [[0, 0]] * 3
    assert box.upper.tolist() == [[1, 2]] * 3
