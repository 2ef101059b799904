"""Recourse in the structures: models that fit, preferences over three features, solvers that agree."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from recourse_arena import ArenaError, NotApplicable, Recommendation, Request, Scenario, Solver
from recourse_arena.execution.worker.fitted_dataset import FittedDataset, prepare
from recourse_arena.models.causal.fitting import negative_log_likelihood
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena_certified import Certified
from recourse_arena_convex import Convex
from recourse_arena_grid import Grid

LINEAR, NONLINEAR = "collider", "triangle?equations=nonlinear"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return ArtefactCache(tmp_path_factory.mktemp("structures"))


@pytest.fixture(scope="module")
def linear(cache):
    return prepare(LINEAR, seed=0, data=Path(), cache=cache, registry=discover())


@pytest.fixture(scope="module")
def nonlinear(cache):
    """The world whose flow is the hardest to fit."""
    return prepare(NONLINEAR, seed=0, data=Path(), cache=cache, registry=discover())


def answered(solver: Solver, materials: FittedDataset, request: Request) -> Recommendation:
    solver.fit(materials.problem.seen_by(solver.knows), seed=0)
    return solver.recommend(request)


def costs(answer: Recommendation, request: Request) -> Tensor:
    """Return the weighted cost of each person's action, infinite without one."""
    return torch.where(answer.solved, request.cost(answer.values, answer.mask).double(), torch.inf)


def assert_attains(answer: Recommendation, materials: FittedDataset, request: Request) -> None:
    """Raise unless every action is allowed, leads to yes, and is as plausible as the request asks."""
    some, problem = answer.solved, materials.problem
    assert some.any()
    x, mask, values = request.factual[some], answer.mask[some], answer.values[some]
    assert not (mask & ~request.actionable[some]).any()
    assert problem.box.contains(values)[mask].all()
    after = problem.causal_model.counterfactual(x, mask, values)
    assert problem.decisions.accepts(after).all()
    if request.plausibility:
        density = problem.density(request)
        assert (density.log_density(after) >= density.log_density(x) - 1e-4).all()


def test_the_flow_is_nearly_as_likely_as_the_truth(nonlinear):
    people = nonlinear.splits.flow.test.x
    truth = float(-nonlinear.problem.true_scm.log_density(people).mean())
    assert negative_log_likelihood(nonlinear.problem.flow, people) == pytest.approx(truth, abs=0.06)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("scheme", ["", "score-", "binary-"])
def test_everybody_can_act_on_as_many_of_the_three_features_as_the_scenario_says(nonlinear, scheme, count):
    request = nonlinear.request(Scenario.parse(f"{scheme}hard-{count}"), 200)
    assert request.actionable.sum(1).unique().tolist() == [count]
    assert request.actionable.any(0).all()
    assert_attains(answered(Grid(), nonlinear, request), nonlinear, request)


def test_a_fourth_feature_to_act_on_is_refused(nonlinear):
    with pytest.raises(ArenaError, match="expected 1 to 3 actionable features"):
        nonlinear.request(Scenario.parse("hard-4"), 10)


def test_a_cause_alone_helps_and_an_effect_moves_nothing_else(nonlinear):
    request = nonlinear.request(Scenario.parse("hard-1!no-plausibility"), 300)
    answer = answered(Grid(), nonlinear, request)
    after = nonlinear.problem.causal_model.counterfactual(request.factual, answer.mask, answer.values)
    moved = after != request.factual
    for column, effects in enumerate([[True] * 3, [False, True, True], [False, False, True]]):
        some = answer.solved & answer.mask[:, column]
        assert int(some.sum()) > 5
        assert (moved[some] == torch.tensor(effects)).all(1).float().mean() > 0.95


@pytest.mark.parametrize("scenario", ["hard-3!scm-plausibility", "hard-1!no-plausibility"])
def test_linear_optima_are_proved_and_nobody_finds_cheaper_ones(linear, scenario):
    request = linear.request(Scenario.parse(scenario), 3)
    answer = answered(Certified(), linear, request)
    assert_attains(answer, linear, request)
    assert set(answer.outcomes) <= {"solved", "infeasible"}
    cost = costs(answer, request)
    for solver in (Grid(), Convex()):
        found = answered(solver, linear, request)
        assert_attains(found, linear, request)
        theirs = costs(found, request)
        assert (cost <= theirs * (1 + 1e-3)).all()
        assert (answer.lower_bound.nan_to_num(torch.inf) <= theirs * (1 + 1e-6)).all()
    assert float((theirs[answer.solved] / cost[answer.solved]).median()) < 1.001


def test_nonlinear_optima_are_skipped_with_the_reason(nonlinear):
    with pytest.raises(NotApplicable, match="piecewise linear equations; that of 'x2' does not say how it follows x1"):
        answered(Certified(), nonlinear, nonlinear.request(Scenario.parse("hard-2!scm-plausibility"), 2))


@pytest.mark.parametrize("scenario", ["hard-2", "hard-2!scm-plausibility", "soft-linear"])
def test_local_search_and_grid_agree_on_nonlinear_equations(nonlinear, scenario):
    """Neither is exact here: where both find an action, the local search's is rarely much dearer."""
    request = nonlinear.request(Scenario.parse(scenario), 40)
    grid, convex = (answered(solver, nonlinear, request) for solver in (Grid(), Convex()))
    for answer in (grid, convex):
        assert_attains(answer, nonlinear, request)
    both = grid.solved & convex.solved
    assert float(both.sum() / grid.solved.sum()) > 0.9
    ratio = costs(convex, request)[both] / costs(grid, request)[both]
    assert float((ratio <= 1.05).double().mean()) > 0.85
