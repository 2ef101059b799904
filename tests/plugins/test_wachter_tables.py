"""Wachter's gradient search on tables with categories: legal, accepted, near, and blind to how levels are numbered."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from small_worlds import random_world

from recourse_arena import FeatureTable, Kind, NotApplicable, Problem, Recommendation, Request
from recourse_arena.people.box import Box
from recourse_arena.people.rules import AtMost, Implies
from recourse_arena.planning.applicability import Known, mismatch
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.scenario import Scenario
from recourse_arena.testing import worlds
from recourse_arena.testing.problems.renaming import Renaming
from recourse_arena.testing.problems.worlds import World
from recourse_arena_wachter import Wachter
from recourse_arena_wachter.aim import Aim
from recourse_arena_wachter.relaxation import Relaxation

COSTS = ("gower", "l1", "l2", "encoded", "encoded-1", "range")


@pytest.fixture(scope="module")
def problem() -> Problem:
    return worlds()[3].problem


@pytest.fixture(scope="module")
def request_() -> Request:
    return worlds()[3].requests["unconstrained"]


@pytest.fixture(scope="module")
def levels_only(problem: Problem, request_: Request) -> Request:
    """Return people who can act on nothing but levels."""
    own = request_.actionability
    scores = torch.full_like(own.scores, own.levels + 1)
    for score, name in enumerate(("member", "grade", "branch"), 1):
        scores[:, problem.features.index(name)] = score
    return replace(request_, actionability=replace(own, scores=scores))


def solve(problem: Problem, request: Request, **options: object) -> Recommendation:
    solver = Wachter(**{"rounds": 6, "steps": 10, **options})
    solver.fit(problem.seen_by(Wachter.knows), seed=0)
    return solver.recommend(request)


def priced(problem: Problem, request: Request, cost: str) -> tuple[Problem, Request]:
    refused = ~problem.decisions.accepts(problem.training.x)
    unit = Cost.fitted(problem.training.x, refused, problem.features, cost)
    return replace(problem, cost=unit), replace(request, unit_cost=unit)


def after(request: Request, answer: Recommendation) -> torch.Tensor:
    return torch.where(answer.mask, answer.values, request.factual)


def least_of_many(problem: Problem, one: Request, draws: int = 20_000) -> float:
    """Return the least cost of many random legal actions of one person."""
    seed = torch.Generator().manual_seed(0)
    share = torch.rand(draws, len(one.features), generator=seed)
    values = one.snap(one.box.lower + (one.box.upper - one.box.lower) * share)
    numbers = one.factual + (values - one.factual) * torch.rand(values.shape, generator=seed)
    values = one.snap(torch.where(one.features.categorical, values, numbers))
    acted = one.actionable & (torch.rand(values.shape, generator=seed) < 0.4)
    values = torch.where(acted, values, one.factual)
    cost = torch.where(problem.decisions.accepts(values), one.cost(values, acted), torch.inf)
    return float(cost.min())


@pytest.mark.parametrize("cost", COSTS)
def test_under_every_cost_actions_are_legal_accepted_and_hardly_dearer_than_the_best_of_many(problem, request_, cost):
    problem, request = priced(problem, request_, cost)
    answer = solve(problem, request)
    x = after(request, answer)
    problem.features.validate(x)
    assert answer.solved.all()
    assert problem.decisions.accepts(x).all()
    assert (request.box.contains(x, request.features.whole) | ~answer.mask).all()
    ratio = [
        float(request[i : i + 1].cost(x[i : i + 1])) / least_of_many(problem, request[i : i + 1])
        for i in range(len(request))
    ]
    assert max(ratio) < 1.5
    assert sorted(ratio)[len(ratio) // 2] < 1.1


@pytest.mark.parametrize("distance", ["cost", "mad"])
def test_how_levels_are_numbered_changes_nothing(problem, request_, levels_only, distance):
    renaming = Renaming(problem.features)
    assert not torch.equal(renaming.there(request_.factual), request_.factual)
    for request in (request_, levels_only):
        expected = solve(problem, request, distance=distance)
        other = renaming.world(World("renamed", problem, {"asked": request}))
        told = renaming.advice(solve(other.problem, other.requests["asked"], distance=distance))
        assert torch.equal(told.outcome, expected.outcome)
        assert torch.equal(told.mask, expected.mask)
        assert torch.equal(told.values[told.mask], expected.values[told.mask])
    assert expected.mask[:, problem.features.categorical].any()


def test_a_category_is_changed_to_the_level_that_helps_most_for_the_same_price(problem, request_):
    only = problem.features.index("branch")
    scores = torch.full_like(request_.actionability.scores, request_.actionability.levels + 1)
    scores[:, only] = 1
    request = replace(request_, actionability=replace(request_.actionability, scores=scores))
    answer = solve(problem, request)
    for i in range(len(request)):
        options = request.factual[i].repeat(4, 1)
        options[:, only] = torch.arange(4.0)
        assert bool(problem.decisions.accepts(options).any()) == bool(answer.solved[i])
    assert (answer.mask.sum(1) <= 1).all()


def test_levels_outside_personal_bounds_are_not_proposed(problem, request_):
    only = problem.features.index("branch")
    lower, upper = request_.box.lower.clone(), request_.box.upper.clone()
    lower[:, only] = upper[:, only] = request_.factual[:, only]
    answer = solve(problem, replace(request_, box=Box(lower, upper)))
    assert answer.solved.any()
    assert (after(request_, answer)[:, only] == request_.factual[:, only]).all()


@pytest.mark.parametrize("rule", [Implies("branch", (1,), "member", (0,)), AtMost({"savings": 1.0}, 0.8)])
def test_actions_that_break_a_rule_are_not_taken(problem, request_, levels_only, rule):
    asking = levels_only if isinstance(rule, Implies) else request_
    features = FeatureTable(problem.features.features, (rule,))
    ruled, request = replace(problem, features=features), replace(asking, features=features)
    free, answer = solve(problem, asking), solve(ruled, request)
    broken = features.broken_rules(request.factual, after(request, free)).any(1)
    kept = ~features.broken_rules(request.factual, after(request, answer)).any(1)
    assert Wachter.keeps_rules
    assert kept[answer.solved].all()
    assert answer.solved.any()
    assert broken.any()


def test_a_cost_that_is_a_root_has_no_slope_at_the_factual_and_is_minimised_all_the_same():
    world = random_world(1)
    problem, request = priced(world.problem, replace(world.request, plausibility=False), "l2")
    answer = solve(problem, request)
    assert answer.solved.sum() >= solve(world.problem, replace(world.request, plausibility=False)).solved.sum()


def test_shares_are_projected_onto_those_that_sum_to_one(problem, request_):
    relaxation = Relaxation(Aim(problem.seen_by(Wachter.knows), request_, mad=False))
    place = torch.randn(len(request_), len(relaxation), generator=torch.Generator().manual_seed(0))
    shares = relaxation._projected(place)
    own = problem.classifier.encoding.columns_of("branch")
    torch.testing.assert_close(shares[:, own].sum(1), torch.ones(len(request_)))
    assert (shares[:, own] >= 0).all()
    for row, found in zip(place[:, own], shares[:, own], strict=True):
        others = torch.distributions.Dirichlet(torch.ones(4)).sample((500,))
        assert ((others - row).norm(dim=1) >= (found - row).norm() - 1e-5).all()
    again = relaxation._projected(shares)
    torch.testing.assert_close(again, shares)


def test_it_is_skipped_where_there_are_no_gradients(problem, request_):
    known = replace(Known.of_problem(problem), decision="forest", differentiable=False)
    assert "needs gradients" in mismatch(Wachter(), Scenario("asked"), known)
    assert not mismatch(Wachter(), Scenario("asked"), Known.of_problem(problem))


def test_a_classifier_without_columns_between_categories_is_no_case_for_it(problem, request_):
    class Bare:
        def logit(self, x):
            return problem.classifier.logit(x)

        def accepts(self, x):
            return problem.decisions.accepts(x)

    with pytest.raises(NotApplicable, match="no logit between two categories"):
        solve(replace(problem, decisions=Bare()), request_)


def test_the_world_has_what_is_tested(problem):
    assert {Kind.CATEGORICAL, Kind.ORDINAL, Kind.BINARY} <= {feature.kind for feature in problem.features}
