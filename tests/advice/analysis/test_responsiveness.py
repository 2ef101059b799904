"""The share of what a person could do to one feature that changes the decision, counted by hand."""

from __future__ import annotations

import pytest
import torch
from hinge_worlds import hinge_problem, hinge_request
from one_person import Accepts, case, network, numbers, works_at
from test_exact_course import two_bumps
from test_ranges import black

from recourse_arena import AtMost, Direction, Feature, FeatureTable, Kind, Role
from recourse_arena.advice.analysis.case import Case
from recourse_arena.advice.analysis.responsiveness import Responsiveness, responsiveness
from recourse_arena.judging.judge import Judge


def test_the_share_of_the_length_is_exact_where_the_structure_is_known():
    first, second = responsiveness(two_bumps())
    assert first == Responsiveness("x0", pytest.approx((2 + 3) / 9), "certified", 0, True)
    assert second == Responsiveness("x1", 0.0, "certified", 0, False)


def test_elsewhere_evenly_spaced_values_are_tried_the_ends_among_them():
    first, second = responsiveness(black(two_bumps()))
    assert (first.how, first.count, first.any_works) == ("checked", 199, True)  # of 200 one is what it is now
    assert first.share == pytest.approx((2 + 3) / 9, abs=0.02)
    assert (second.share, second.count, second.any_works) == (0.0, 200, False)
    end = case(numbers(1), Accepts(lambda x: x[..., 0] >= 9), [0.0], [0.0], [9.0])
    assert responsiveness(end)[0].any_works


@pytest.mark.parametrize("seed", range(4))
def test_shares_agree_with_dense_grids_in_random_worlds(seed):
    problem = hinge_problem(seed)
    request = hinge_request(problem, 2)
    judge = Judge(problem.decisions, problem.causal_model, None, None)
    nothing = torch.zeros(4, dtype=torch.bool)
    for i in range(len(request)):
        one = Case(problem, judge, request[i : i + 1])
        for it in responsiveness(one):
            column = problem.features.index(it.feature)
            at = torch.linspace(
                *(float(bound[0, column]) for bound in (one.request.box.lower, one.request.box.upper)), 4001
            )
            mask = nothing.clone()
            mask[column] = True
            good = works_at(one, mask, one.factual, column, at.double())
            assert it.how == "certified"
            assert it.share == pytest.approx(float(good.double().mean()), abs=2e-3)
            assert it.any_works == bool(good.any())


def test_all_whole_values_but_todays_are_counted():
    features = FeatureTable(
        (
            Feature("count", Kind.INTEGER, Role.ACTIONABLE),
            Feature("home", Kind.CATEGORICAL, Role.ACTIONABLE, levels=tuple("abcd")),
            Feature("fixed"),
        )
    )
    yes = Accepts(lambda x: (x[..., 0] >= 30) | (x[..., 1] == 2))
    counted = responsiveness(case(features, yes, [5.0, 1.0, 0.0], [0.0, 0.0, 0.0], [37.0, 3.0, 0.0]))
    assert counted == (
        Responsiveness("count", 8 / 37, "all values", 37, True),
        Responsiveness("home", 1 / 3, "all values", 3, True),
    )


def test_very_many_whole_values_are_counted_exactly_where_the_structure_is_known():
    features = numbers(1, kind=Kind.INTEGER)
    one = case(features, network(features, ([[1.0]], [-999_000.5])), [7.0], [0.0], [1e6])
    assert responsiveness(one) == (Responsiveness("x0", 1000 / 1e6, "certified", 0, True),)
    (it,) = responsiveness(black(one))
    assert (it.how, it.count, it.any_works) == ("checked", 200, True)


def test_what_breaks_a_rule_does_not_count():
    features = numbers(2, rules=(AtMost({"x0": 1.0, "x1": -1.0}, 0.0),))
    one = case(features, network(features, ([[1.0, 0.0]], [-1.0])), [0.0, 3.0], [0.0, 0.0], [4.0, 4.0])
    assert [it.share for it in responsiveness(one)] == [pytest.approx((3 - 1) / 4), 0.0]
    beyond = case(features, network(features, ([[1.0, 0.0]], [-3.5])), [0.0, 3.0], [0.0, 0.0], [4.0, 4.0])
    assert not any(it.any_works for it in responsiveness(beyond))


def test_what_the_person_closed_or_bounded_is_said_as_if_it_were_open():
    features = numbers(3)
    yes = network(features, ([[1.0, 1.0, 0.0]], [-3.0]))
    one = case(features, yes, [0.0] * 3, [0.0] * 3, [4.0] * 3, closed=("x1",), own={"x0": (-torch.inf, 2.0)})
    assert responsiveness(one) == (
        Responsiveness("x0", 0.0, "certified", 0, False),
        Responsiveness("x0", 0.25, "certified", 0, True, if_open=True),
        Responsiveness("x1", 0.25, "certified", 0, True, if_open=True),
        Responsiveness("x2", 0.0, "certified", 0, False),
    )


def test_where_nothing_is_feasible_there_is_no_share():
    up = {"role": Role.ACTIONABLE, "direction": Direction.UP}
    features = FeatureTable((Feature("top", **up), Feature("beyond", **up), Feature("level", Kind.INTEGER, **up)))
    one = case(features, Accepts(lambda x: x[..., 0] > 99), [4.0, 7.0, 4.0], [0.0] * 3, [4.0] * 3)
    assert [(it.share, it.count, it.any_works, it.if_open) for it in responsiveness(one)] == [
        (None, 0, False, False)
    ] * 3


def test_where_rounding_decides_nothing_is_called_certified():
    flat = network(numbers(1), ([[1.0]], [-5.0]), ([[-1.0]], [0.0]))  # a logit of 0 up to 5
    (it,) = responsiveness(case(numbers(1), flat, [9.0], [0.0], [9.0]))
    assert (it.how, it.any_works) == ("checked", True)
    assert it.share == pytest.approx(5 / 9, abs=0.01)
