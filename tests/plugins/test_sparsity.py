"""Where advice may act on few features only, solvers that declare it do, hardly dearer than the best of all sets."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from recourse_arena import Recommendation, Request, Scenario
from recourse_arena.judging.constraints import violated, violations
from recourse_arena.planning.applicability import Known, mismatch
from recourse_arena.planning.plan import Cell
from recourse_arena.planning.task_graph import _Maker
from recourse_arena.registry.discovery import discover
from recourse_arena.testing import worlds
from recourse_arena_convex import Convex
from recourse_arena_grid import Grid
from recourse_arena_growing_spheres import GrowingSpheres
from recourse_arena_projected import Projected
from recourse_arena_wachter import Wachter

KEEPING = [
    Grid(points=9),
    Convex(iterations=6, starts=1, subsets=4),
    Wachter(rounds=6, steps=8),
    Projected(steps=40),
    GrowingSpheres(samples=100, layers=5),
]
TABLE = worlds()[3]


def solve(solver, request: Request) -> Recommendation:
    solver.fit(TABLE.problem.seen_by(solver.knows), seed=0)
    return solver.recommend(request)


def best_of_sets(solver, request: Request, count: int) -> torch.Tensor:
    """Return the least cost over all sets of so many features, asked for one after the other, `(people,)`."""
    width, best = len(request.features), torch.full((len(request),), torch.inf)
    for kept in itertools.combinations(range(width), count):
        closed = torch.ones(len(request), width, dtype=torch.bool)
        closed[:, list(kept)] = False
        answer = solver.recommend(replace(request, actionability=request.actionability.without(closed)))
        cost = request.cost(answer.values, answer.mask)
        best = torch.where(answer.solved, torch.minimum(best, cost.float()), best)
    return best


@pytest.mark.parametrize("solver", KEEPING, ids=lambda solver: solver.name)
@pytest.mark.parametrize("count", [1, 2])
def test_advice_acts_on_few_features_and_is_accepted(solver, count):
    request = replace(TABLE.requests["unconstrained"], sparsity=count)
    answer = solve(solver, request)
    assert answer.solved.any()
    assert (answer.mask.sum(1) <= count).all()
    assert not violated(request, answer.mask, answer.values).any()
    after = torch.where(answer.mask, answer.values, request.factual)
    assert TABLE.problem.decisions.accepts(after)[answer.solved].all()


@pytest.mark.parametrize("solver", [KEEPING[0], KEEPING[3]], ids=lambda solver: solver.name)
def test_the_cheapest_set_of_features_is_found(solver):
    request = TABLE.requests["unconstrained"]
    answer = solve(solver, replace(request, sparsity=1))
    best = best_of_sets(solver, request, 1)
    assert torch.equal(answer.solved, best.isfinite())
    exact = solver.name == "grid"
    cost = request.cost(answer.values, answer.mask)[answer.solved]
    assert (cost <= best[answer.solved] * (1 + 1e-5 if exact else 1.1)).all()


def test_without_a_limit_and_with_one_that_is_no_limit_advice_is_the_same():
    request = TABLE.requests["unconstrained"]
    for solver in KEEPING:
        free, wide = solve(solver, request), solve(solver, replace(request, sparsity=len(request.features)))
        assert torch.equal(free.mask, wide.mask)
        assert torch.equal(free.values[free.mask], wide.values[wide.mask])


def test_more_features_than_allowed_are_violations():
    request = replace(TABLE.requests["unconstrained"], sparsity=1)
    acted = request.actionable.clone()
    values = request.snap(request.factual)
    broken = violations(request, acted, values)["too many"]
    assert torch.equal(broken.sum(1), acted.sum(1) - 1)
    assert torch.equal(violated(request, acted, values), broken)
    assert not violated(replace(request, sparsity=None), acted, values).any()


def test_solvers_that_do_not_declare_it_are_skipped():
    known, registry = Known.of_problem(TABLE.problem), discover()
    few = Scenario.parse("sparse-2!no-plausibility")
    for name in ("dice", "carma", "certified"):
        assert "at most" in mismatch(registry.solver(name), few, known)
    assert not any(mismatch(solver, few, known) for solver in KEEPING)


def asked_of(name: str) -> dict[str, object]:
    """Return what the key of a cell says of its scenario."""
    return _Maker(None, discover(), Path(), "portable", "run")._asked(
        Cell("loan", 0, "grid", Scenario.parse(name), None)
    )


def test_keys_of_scenarios_without_a_limit_are_those_of_before_there_was_one():
    said = {name: asked_of(name)["scenario"] for name in ("hard-2", "hard-2+sparse-1")}
    before = {"name", "scheme", "actionable", "profile", "distribution", "plausibility", "answers", "density"}
    assert set(said["hard-2"]) == before
    assert set(said["hard-2+sparse-1"]) == {*before, "sparsity"}
