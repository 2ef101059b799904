"""DiCE on tables with categories: any decision model, directions, rules, and blind to how levels are numbered."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from recourse_arena import FeatureTable, Kind, Problem, Recommendation, Request
from recourse_arena.models.decision.offers import Boosting, Forest
from recourse_arena.people.rules import Implies
from recourse_arena.testing import worlds
from recourse_arena.testing.problems.renaming import Renaming
from recourse_arena.testing.problems.worlds import World
from recourse_arena_dice import Dice

pytest.importorskip("dice_ml")


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
    solver = Dice(**{"samples": 200, **options})
    solver.fit(problem.seen_by(solver.knows), seed=0)
    return solver.recommend(request)


def after(request: Request, answer: Recommendation) -> torch.Tensor:
    return torch.where(answer.mask, answer.values, request.factual)


@pytest.mark.parametrize("model", [None, Forest(trees=10), Boosting(trees=10)])
@pytest.mark.parametrize("method", ["random", "genetic"])
def test_actions_are_legal_and_accepted_whatever_decides(problem, request_, model, method):
    if model is not None:
        pytest.importorskip("onnxruntime")
        fitted = model.fit(problem.features, problem.training, problem.validation, seed=0)
        problem = replace(problem, decisions=fitted)
    factual = problem.asking(problem.validation)[: len(request_)]
    request = problem.request(factual, request_.actionability, plausibility=False)
    answer = solve(problem, request, method=method, counterfactuals=2)
    x = after(request, answer)
    problem.features.validate(x)
    assert answer.solved.sum() >= len(request) - 1
    assert problem.decisions.accepts(x)[answer.solved].all()
    assert (request.box.contains(x, request.features.whole) | ~answer.mask).all()  # and with it, directions


@pytest.mark.parametrize("renamed", [False, True])
def test_the_network_that_dice_follows_is_the_classifier(problem, renamed):
    if renamed:
        problem = Renaming(problem.features).world(World("renamed", problem, {})).problem
    dice = Dice(method="gradient")
    dice.fit(problem.seen_by(dice.knows), seed=0)
    explainer = dice.explainer
    frame = explainer.table.frame(problem.training.x[:20])
    encoded = torch.tensor(explainer.data.get_ohe_min_max_normalized_data(frame).to_numpy(dtype=float)).float()
    probability = explainer._model(explainer.data).model(encoded)[:, 0]
    expected = problem.classifier.logit(problem.training.x[:20]).sigmoid()
    torch.testing.assert_close(probability, expected, rtol=1e-4, atol=1e-5)


def test_what_breaks_a_rule_is_refused(problem, levels_only):
    rule = Implies("branch", (1,), "member", (0,))
    features = FeatureTable(problem.features.features, (rule,))
    ruled, request = replace(problem, features=features), replace(levels_only, features=features)
    free, answer = solve(problem, levels_only), solve(ruled, request)
    assert Dice.keeps_rules
    assert features.broken_rules(request.factual, after(request, free)).any()
    assert answer.solved.any()
    assert not features.broken_rules(request.factual, after(request, answer)).any()


def test_who_has_a_level_that_no_training_person_has_is_helped_and_nobody_is_sent_there(problem, request_):
    branch = problem.features.index("branch")
    rare = 3.0
    seen = problem.training.x[problem.training.x[:, branch] != rare]
    training = replace(problem.training, x=seen, y=torch.ones(len(seen)))
    factual = request_.factual.clone()
    factual[0, branch] = rare
    answer = solve(replace(problem, training=training), replace(request_, factual=factual))
    assert not set(answer.outcomes) & {"failed"}
    assert answer.solved.any()
    assert not (answer.mask[:, branch] & (answer.values[:, branch] == rare)).any()


def test_the_world_has_what_is_tested(problem):
    assert {Kind.CATEGORICAL, Kind.ORDINAL, Kind.BINARY} <= {feature.kind for feature in problem.features}
