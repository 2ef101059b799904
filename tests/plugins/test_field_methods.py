"""NICE, FACE, flipsets, COLS, FeatureTweak and MCCE: what they have in common, on tables with rules and categories."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import torch
from network_tables import BOTH, asked, table_problem

from recourse_arena import ArenaError, NotApplicable, Problem, Recommendation, Request, Solver
from recourse_arena.models.decision.offers import Boosting, Forest
from recourse_arena.testing.problems.other_models import with_model
from recourse_arena_cols import Cols
from recourse_arena_face import Face
from recourse_arena_feature_tweak import FeatureTweak
from recourse_arena_flipset import Flipset
from recourse_arena_mcce import Mcce
from recourse_arena_nice import Nice

METHODS = (
    Nice(),
    Nice(reward="proximity"),
    Nice(reward="plausibility"),
    Nice(reward="none"),
    Face(people=200, neighbours=10),
    Face(people=200, radius=2.0, graph="eps", weight="distance", constraints="borrow"),
    Flipset(points=10),
    Flipset(points=10, answers=3),
    Cols(functions=20, rounds=15),
    FeatureTweak(),
    Mcce(samples=100),
)
SHOWN = {"ids": lambda solver: "-".join(map(str, (solver.name, *solver.made_with.values())))}


@cache
def linear(rules=BOTH) -> Problem:
    return table_problem(0, rules=rules, hidden=())


def problem_for(solver: Solver) -> Problem:
    """Return a table whose model the solver can read: a linear one, or a forest that imitates it."""
    return trees() if isinstance(solver, FeatureTweak) else linear()


@cache
def trees() -> Problem:
    pytest.importorskip("skl2onnx")
    return with_model(linear(), Forest(trees=10))


def solve(problem: Problem, request: Request, solver: Solver) -> Recommendation:
    solver.fit(problem.seen_by(solver.knows), seed=0)
    return solver.recommend(request)


@pytest.mark.parametrize("solver", METHODS, **SHOWN)
def test_advice_is_accepted_keeps_rules_and_bounds_and_nothing_fixed_moves(solver):
    problem = problem_for(solver)
    request = asked(problem, 25, seed=1, actionable="5")
    answer = solve(problem, request, solver)
    solved = answer.solved
    end = torch.where(answer.mask, answer.values, request.factual)
    assert solved.sum() >= (1 if solver.name == "face" else 5)
    assert problem.decisions.accepts(end)[solved].all()
    assert not problem.features.broken_rules(request.factual, end)[solved].any()
    assert not (answer.mask & ~request.actionable).any()
    assert request.box.contains(end, request.features.whole)[answer.mask].all()
    assert (end == end.round())[:, request.features.whole].all()


@pytest.mark.parametrize("solver", METHODS, **SHOWN)
def test_rules_decide_what_is_advised(solver):
    """Somebody is advised otherwise than without rules: they are not kept by chance."""
    problem = problem_for(solver)
    free = replace(problem, features=replace(problem.features, rules=()))
    request = asked(problem, 12, actionable="all")
    answer = solve(free, replace(request, features=free.features), solver)
    end = torch.where(answer.mask, answer.values, request.factual)
    broken = problem.features.broken_rules(request.factual, end).any(1) & answer.solved
    kept = solve(problem, request, solver)
    end = torch.where(kept.mask, kept.values, request.factual)
    assert not (problem.features.broken_rules(request.factual, end).any(1) & kept.solved).any()
    assert broken.any() or solver.name in ("face", "flipset")


ORIGINALS = (
    Nice(constraints="ignore"),
    Face(people=200, neighbours=10, constraints="ignore"),
    Flipset(points=10, constraints="ignore"),
    Cols(functions=20, rounds=15, constraints="ignore"),
    FeatureTweak(constraints="ignore"),
    Mcce(samples=100, constraints="ignore"),
)


@pytest.mark.parametrize("solver", ORIGINALS, **SHOWN)
def test_the_original_helps_everybody_and_moves_what_is_fixed(solver):
    problem = problem_for(solver)
    request = asked(problem, 12, seed=1, actionable="1")
    answer = solve(problem, request, solver)
    end = torch.where(answer.mask, answer.values, request.factual)
    assert answer.solved.float().mean() > 0.9
    assert problem.decisions.accepts(end)[answer.solved].all()
    problem.features.validate(end)
    assert (answer.mask & ~request.actionable).any()


@pytest.mark.parametrize("model", [Forest(trees=5), Boosting(trees=5)], ids=lambda model: model.name)
def test_flipsets_refuse_what_is_not_linear(model):
    pytest.importorskip("skl2onnx")
    for problem in (with_model(linear(), model), table_problem(0, hidden=(3,))):
        solver = Flipset()
        with pytest.raises(NotApplicable, match=r"affine layers|linear"):
            solver.fit(problem.seen_by(solver.knows), seed=0)


def test_feature_tweak_refuses_what_has_no_trees():
    solver = FeatureTweak()
    with pytest.raises(NotApplicable, match="no trees that could be read"):
        solver.fit(linear().seen_by(solver.knows), seed=0)


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        (Nice, {"explained": 2}, "explained must be a number from 0 to 1"),
        (Nice, {"causal": "yes"}, "causal must be true or false"),
        (Face, {"weight": "heavy"}, "unknown weight of solver face"),
        (Cols, {"constraints": "some"}, "unknown constraints of solver cols"),
        (FeatureTweak, {"epsilon": -1}, "epsilon must be a number"),
        (Mcce, {"samples": 1.5}, "samples must be a whole number"),
        (Flipset, {"answers": True}, "answers must be a whole number"),
    ],
)
def test_wrong_options_are_told(kind, options, words):
    with pytest.raises(ArenaError, match=words):
        kind(**options)
