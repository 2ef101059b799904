"""The ends of a range work, what lies between works, and one step further does not."""

from __future__ import annotations

import pytest
import torch
from one_person import Accepts, act, case, network, numbers, works_at
from test_exact_course import two_bumps

from recourse_arena import AtMost, Direction, Feature, FeatureTable, Implies, Kind, Role
from recourse_arena.advice.analysis.case import Case
from recourse_arena.advice.analysis.ranges import Range, ranges
from recourse_arena.advice.analysis.steps import Steps
from recourse_arena.judging.judge import Judge
from recourse_arena.testing.problems.worlds import worlds


def found(one, **values):
    return ranges(one, *act(one, **values), Steps.of(one.problem))


def ends(it: Range):
    return it.low, it.high, it.open_low, it.open_high, it.how


def black(one: Case) -> Case:
    """Return the same person before the same decisions, of which nothing is known."""
    hidden = Accepts(one.judge.decisions.accepts)
    return Case(one.problem, Judge(hidden, one.judge.reference, None, None), one.request)


def as_told(one: Case, mask, values, it: Range, steps: Steps):
    """Assert that a range keeps its word, by the judge, with no idea how it was found."""
    column = one.request.features.index(it.feature)
    low, high, whole = (
        one.request.box.lower[0, column],
        one.request.box.upper[0, column],
        bool(one.request.features.whole[column]),
    )
    between = torch.linspace(it.low, it.high, 101)
    between = between.round() if whole else between.clamp(torch.tensor(it.low), torch.tensor(it.high))
    assert works_at(one, mask, values, column, between).all()
    assert it.low <= values[column] + 1e-6
    assert values[column] - 1e-6 <= it.high
    step = float(steps.size[column])
    for end, side, opened in ((it.low, -1, it.open_low), (it.high, 1, it.open_high)):
        number = round(end / step, 4)
        number = side * int(side * number // 1)  # the step next to the end, inwards: an end may be the advised value
        further = steps.at(torch.tensor(number + side), column).to(values.dtype)
        if low <= further <= high:
            assert not opened
            assert not works_at(one, mask, values, column, further[None])[0]


def test_the_connected_piece_is_told_and_not_another_one():
    one = two_bumps()
    assert [ends(it) for it in found(one, x0=3.0)] == [(2.0, 4.0, False, False, "certified")]
    assert [ends(it) for it in found(one, x0=7.0)] == [(6.0, 9.0, False, True, "certified")]
    assert [ends(it) for it in found(black(one), x0=3.0)] == [(2.0, 4.0, False, False, "checked")]
    assert [ends(it) for it in found(black(one), x0=7.0)] == [(6.0, 9.0, False, True, "checked")]
    assert found(black(one), x0=7.0)[0].checked >= 1001


def test_the_rest_stays_as_advised():
    pieces = found(two_bumps(), x0=3.0, x1=0.05)
    assert [ends(it) for it in pieces] == [
        (2.45, 3.55, False, False, "certified"),  # 9 * 0.05 less
        (-1.0, 0.11, True, False, "certified"),
    ]


def test_what_does_not_work_has_no_ranges():
    assert found(two_bumps(), x0=5.0) == ()


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("hidden", [False, True])
def test_ranges_keep_their_word_in_fitted_worlds(number, hidden):
    world = worlds()[number]
    judge = Judge(world.problem.decisions, world.problem.causal_model, None, None)
    steps, told = Steps.of(world.problem), 0
    draws = torch.Generator().manual_seed(number)
    for request in (world.requests["unconstrained"], world.requests["personal bounds"]):
        for i in range(2):
            one = Case(world.problem, judge, request[i : i + 1])
            one = black(one) if hidden else one
            low, high = one.request.box.lower[0], one.request.box.upper[0]
            tried = low + torch.rand(60, len(low), generator=draws) * (high - low)
            tried = one.request.box.snap(tried, request.features.whole)
            masks = one.request.actionable & (torch.rand(60, len(low), generator=draws) < 0.7)
            for k in one.works(masks, tried).nonzero()[:2, 0].tolist():
                for it in ranges(one, masks[k], tried[k], steps, grid=301):
                    told += 1
                    known = not hidden and number != 2
                    whole = bool(request.features.whole[request.features.index(it.feature)])
                    assert it.how == ("all values" if whole else "certified" if known else "checked")
                    if it.values:
                        column, codes = request.features.index(it.feature), torch.arange(len(low) * 0 + 4.0)
                        good = works_at(one, masks[k], tried[k], column, codes)
                        assert torch.tensor(it.values).equal(good.nonzero()[:, 0])
                    else:
                        as_told(one, masks[k], tried[k], it, steps)
    assert told


@pytest.mark.parametrize("hidden", [False, True])
def test_a_value_at_the_bound_is_told_as_it_is(hidden):
    features = numbers(1)
    one = case(features, network(features, ([[1.0]], [-3.1234])), [0.0], [0.0], [3.1234])
    one = black(one) if hidden else one
    (it,) = found(one, x0=3.1234)
    assert (it.low, it.high, it.open_high) == (3.1234, 3.1234, True)
    one = case(features, network(features, ([[1.0]], [-3.0])), [0.0], [0.0], [3.004])
    (it,) = found(black(one) if hidden else one, x0=3.004)
    assert (it.low, it.high, it.open_low, it.open_high) == (3.0, 3.004, False, True)


def test_what_may_move_one_way_only_stays_on_that_side():
    features = FeatureTable((Feature("debt", role=Role.ACTIONABLE, direction=Direction.DOWN),))
    one = case(features, network(features, ([[-1.0]], [9.0])), [5.0], [0.0], [20.0])
    (it,) = found(one, debt=3.0)
    assert ends(it) == (0.0, 5.0, True, True, "certified")


def test_own_bounds_end_a_range_as_those_of_the_dataset_do():
    features = numbers(1)
    one = case(features, network(features, ([[1.0]], [-1.0])), [0.0], [0.0], [9.0], own={"x0": (0.5, 4.009)})
    assert ends(*found(one, x0=2.0)) == (1.0, 4.0, False, True, "certified")


def test_a_rule_between_numbers_ends_a_range():
    features = numbers(2, rules=(AtMost({"x0": 1.0, "x1": -1.0}, 0.0),))
    one = case(features, network(features, ([[1.0, 0.0]], [-1.0])), [0.0, 2.0], [0.0, 0.0], [9.0, 9.0])
    assert ends(*found(one, x0=1.5)) == (1.0, 2.0, False, False, "certified")
    assert [ends(it)[:2] for it in found(one, x0=1.5, x1=4.0)] == [(1.0, 4.0), (1.5, 9.0)]


def test_whole_numbers_are_tried_one_by_one():
    features = numbers(1, kind=Kind.INTEGER)
    good = torch.tensor([2.0, 3.0, 4.0, 6.0])
    one = case(features, Accepts(lambda x: torch.isin(x[..., 0], good)), [0.0], [0.0], [30.0])
    (it,) = found(one, x0=3.0)
    assert (*ends(it), it.checked) == (2.0, 4.0, False, False, "all values", 31)
    assert ends(*found(one, x0=6.0))[:2] == (6.0, 6.0)


def test_of_very_many_whole_numbers_some_are_tried_unless_the_structure_is_known():
    features = numbers(1, kind=Kind.INTEGER)
    one = case(features, network(features, ([[1.0]], [-31_415.5])), [0.0], [0.0], [1e6])
    assert ends(*found(one, x0=40_000.0)) == (31_416.0, 1e6, False, True, "certified")
    (it,) = found(black(one), x0=40_000.0)
    assert ends(it) == (31_416.0, 1e6, False, True, "checked")
    assert 1000 <= it.checked <= 1002


def test_of_a_category_the_levels_are_told_that_work():
    rule = Implies("home", (2,), "job", (0,))
    home = Feature("home", Kind.CATEGORICAL, Role.ACTIONABLE, levels=tuple("abcde"))
    job = Feature("job", Kind.BINARY, Role.ACTIONABLE, levels=("no", "yes"))
    features = FeatureTable((home, job), (rule,))
    one = case(features, Accepts(lambda x: x[..., 0] != 1), [1.0, 1.0], [0.0, 0.0], [4.0, 1.0])
    (it,) = found(one, home=3.0)
    assert (it.values, it.low, it.high, it.how, it.checked) == ((0, 3, 4), 3.0, 3.0, "all values", 5)
    first, second = found(one, home=2.0, job=0.0)
    assert first.values == (0, 2, 3, 4)
    assert ends(second) == (0.0, 0.0, True, False, "all values")


def test_a_decision_that_is_no_network_is_followed_by_bisection():
    features = numbers(2)
    one = case(features, Accepts(lambda x: (x[..., 0] > 1.2345) & (x[..., 1] <= 0.5)), [0.0, 0.0], [-9, -9], [9.0, 9.0])
    first, second = found(one, x0=2.0, x1=0.0)
    assert ends(first) == (1.24, 9.0, False, True, "checked")
    assert ends(second) == (-9.0, 0.5, True, False, "checked")


def test_where_rounding_decides_nothing_is_called_certified():
    features = numbers(1)
    steep = network(features, ([[1.0], [-1.0]], [-2.5, 2.5]), ([[-1.0, -1.0]], [0.0]))  # yes at 2.5 alone
    one = case(features, steep, [0.0], [0.0], [9.0])
    assert ends(*found(one, x0=2.5)) == (2.5, 2.5, False, False, "checked")
    flat = network(features, ([[1.0]], [-5.0]), ([[-1.0]], [0.0]))  # a logit of 0 up to 5
    one = case(features, flat, [9.0], [0.0], [9.0])
    assert ends(*found(one, x0=2.5)) == (0.0, 5.0, True, False, "checked")


@pytest.mark.parametrize("hidden", [False, True])
def test_an_end_is_open_only_if_the_advice_works_up_to_the_bound(hidden):
    features = numbers(1)
    one = case(features, network(features, ([[-1.0]], [9.002])), [9.003], [0.0], [9.004])
    (it,) = found(black(one) if hidden else one, x0=3.0)
    assert ends(it)[:4] == (0.0, 9.0, True, False)
