"""The exact course of a decision is the decision: on dense grids, for random networks and equations."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch
from hinge_worlds import hinge_problem, hinge_request
from one_person import Accepts, act, case, network, numbers, works_at

from recourse_arena import AtMost, CausalGraph, Feature, FeatureTable, Implies, Kind, Mechanism, PiecewiseLinear, Role
from recourse_arena.advice.analysis.case import Case
from recourse_arena.advice.analysis.sweeps.exact_course import ExactCourse
from recourse_arena.advice.analysis.sweeps.sweep import Sweep
from recourse_arena.judging.judge import Judge
from recourse_arena.models.causal.structural import StructuralCausalModel
from recourse_arena.testing.problems.worlds import worlds


def agrees(one: Case, mask, values, column, points=4001, slack=1e-9):
    """Return the pieces of one feature's course, after comparing them with the judge's word on a dense grid."""
    sweep = Sweep.of(one, column, mask, values)
    course = ExactCourse.of(one, sweep)
    assert course is not None
    pieces, at = course.pieces(), torch.linspace(sweep.low, sweep.high, points, dtype=torch.double)
    at = at.to(one.factual.dtype)
    said = works_at(one, sweep.mask, values, column, at).tolist()
    for value, yes in zip(at.tolist(), said, strict=True):
        inside = max((min(value - low, high - value) for low, high in pieces), default=-torch.inf)
        assert abs(inside) < slack or (inside > 0) == yes, (value, yes, pieces)
    return pieces


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_and_hinges_are_followed_exactly(seed):
    problem = hinge_problem(seed, actionable=("effort", "income", "savings"))
    request, judge = hinge_request(problem, 2), Judge(problem.decisions, problem.causal_model, None, None)
    draws, found = random.Random(seed), 0
    for i in range(len(request)):
        one = Case(problem, judge, request[i : i + 1])
        low, high = one.request.box.lower[0], one.request.box.upper[0]
        for column in (1, 2, 3):
            mask = torch.tensor([False, *(draws.random() < 0.5 for _ in range(3))])
            values = low + torch.tensor([draws.random() for _ in range(4)]).double() * (high - low)
            mask[column] = True
            found += len(agrees(one, mask, values, column, points=501))
            found += len(agrees(one, torch.zeros_like(mask), one.factual, column, points=501))
    assert found or seed in (5,)


@pytest.mark.parametrize("number", [0, 1, 3])
def test_fitted_networks_in_single_precision_are_followed_up_to_their_margin(number):
    world = worlds()[number]
    judge = Judge(world.problem.decisions, world.problem.causal_model, None, None)
    request = world.requests["unconstrained"]
    one = Case(world.problem, judge, request[:1])
    nothing = torch.zeros(len(request.features), dtype=torch.bool)
    for column in (one.request.actionable[0] & ~request.features.whole).nonzero()[:, 0].tolist():
        course = ExactCourse.of(one, Sweep.of(one, column, nothing, one.factual))
        assert course is not None
        assert 0 < course.margin < 1e-3
        agrees(one, nothing, one.factual, column, points=1001, slack=1e-4)


def test_a_network_of_two_bumps_has_two_pieces():
    pieces = agrees(two_bumps(), *act(two_bumps(), x0=3.0), column=0)
    assert pieces == [(pytest.approx(2.0), pytest.approx(4.0)), (pytest.approx(6.0), pytest.approx(9.0))]


def two_bumps():
    """Yes from 2 to 4 and from 6 on, where x1 is not above 0."""
    features = numbers(2)
    layer = [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [-1.0, -3.0, -5.0, -7.0, 0.0]
    return case(
        features,
        network(features, layer, ([[1.0, -2.0, 2.0, -1.0, -9.0]], [-1.0])),
        [0.0, 0.0],
        [0.0, -1.0],
        [9.0, 5.0],
    )


def test_rules_between_numbers_cut_the_course_unless_they_are_broken_already():
    features = numbers(2, rules=(AtMost({"x0": 1.0, "x1": -2.0}, 1.0),))
    yes = network(features, ([[1.0, 0.0]], [-1.0]))
    keeps = case(features, yes, [0.0, 1.0], [0.0, 0.0], [9.0, 9.0])
    assert agrees(keeps, *act(keeps, x0=2.0), column=0, slack=1e-3) == [(pytest.approx(1), pytest.approx(3))]
    breaks = case(features, yes, [0.0, -1.0], [0.0, -1.0], [9.0, 9.0])
    assert agrees(breaks, *act(breaks, x0=2.0), column=0) == [(pytest.approx(1), 9.0)]


def test_rules_follow_effects_at_the_points_where_these_bend():
    graph = CausalGraph(("x0", "x1"), {"x1": ("x0",)})
    normal = {"x0": Mechanism.normal(1.0), "x1": Mechanism.normal(1.0, piecewise=PiecewiseLinear(hinges={"x0": 2.0}))}
    features = numbers(2, rules=(AtMost({"x1": 1.0}, 4.0),))
    yes = network(features, ([[1.0, 0.0]], [3.0]))
    one = case(features, yes, [-4.0, 1.0], [-5.0, -9.0], [9.0, 9.0], scm=StructuralCausalModel(graph, normal))
    assert agrees(one, *act(one, x0=0.0), column=0, slack=1e-3) == [(pytest.approx(-3), pytest.approx(1.5))]


def test_no_course_is_given_where_something_moves_in_unknown_ways():
    graph = CausalGraph(("x0", "x1"), {"x1": ("x0",)})

    def given(decisions=None, features=None, **mechanism):
        features = features or numbers(2)
        scm = StructuralCausalModel(graph, {"x0": Mechanism.normal(1.0), "x1": Mechanism.normal(1.0, **mechanism)})
        yes = decisions or network(features, ([[1.0] * (2 if not features.mixed else 3)], [-1.0]))
        one = case(features, yes, [0.0, 0.0], [0.0, 0.0], [1.0, 1.0], scm=scm)
        return ExactCourse.of(one, Sweep.of(one, 0, *act(one, x0=1.0))) is not None

    linear = PiecewiseLinear(slopes={"x0": 1.0})
    assert given(piecewise=linear)
    assert not given(piecewise=linear, decisions=Accepts(lambda x: x[..., 0] > 0))
    assert not given(shift=lambda parents: parents["x0"])
    assert not given(piecewise=linear, transform=torch.distributions.ExpTransform())
    rules = (Implies("x1", (0,), "x0", (0,)),)
    assert not given(piecewise=linear, features=numbers(2, rules))
    category = Feature("x1", Kind.CATEGORICAL, Role.ACTIONABLE, levels=("a", "b"))
    assert not given(piecewise=linear, features=FeatureTable((Feature("x0", role=Role.ACTIONABLE), category)))


def test_what_is_set_as_well_follows_nothing():
    graph = CausalGraph(("x0", "x1"), {"x1": ("x0",)})
    unknown = {"x0": Mechanism.normal(1.0), "x1": Mechanism.normal(1.0, shift=lambda parents: parents["x0"] ** 2)}
    features = numbers(2)
    yes = network(features, ([[1.0, 1.0]], [-2.0]))
    one = case(features, yes, [0.0, 0.0], [0.0, 0.0], [3.0, 3.0], scm=StructuralCausalModel(graph, unknown))
    assert agrees(one, *act(one, x0=1.0, x1=1.0), column=0) == [(pytest.approx(1), 3.0)]
    assert ExactCourse.of(one, Sweep.of(one, 0, *act(one, x0=1.0))) is None


def test_a_wider_margin_asks_for_more():
    one = two_bumps()
    course = ExactCourse.of(one, Sweep.of(one, 0, *act(one, x0=3.0)))
    assert course.pieces(0.5) == [(pytest.approx(2.5), pytest.approx(3.5)), (pytest.approx(6.5), pytest.approx(9.0))]
    assert replace(course, margin=1.0).pieces(1.5) == []
