"""DiCE under individual constraints: its counterfactuals become actions, its troubles outcomes."""

from __future__ import annotations

import logging
import random
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from straight_worlds import Straight, favourites, straight_problem, straight_request
from torch import Tensor

from recourse_arena import (
    Actionability,
    ArenaError,
    CausalGraph,
    Feature,
    FeatureTable,
    Kind,
    Knowledge,
    People,
    Problem,
    Request,
    Role,
)
from recourse_arena.people.box import Box
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.profile import PROFILES
from recourse_arena_dice import Dice
from recourse_arena_dice.explainer import Explainer
from recourse_arena_dice.quiet import quiet


@pytest.fixture
def installed():
    pytest.importorskip("dice_ml")


def solver(problem: Problem, **options: object) -> Dice:
    dice = Dice(**options)
    dice.fit(problem.seen_by(dice.knows), seed=0)
    return dice


def mixed_problem() -> Problem:
    """Return a problem with a number, a count, a yes or no and a category, all actionable; half are refused."""
    draws = torch.Generator().manual_seed(0)
    kinds = (Kind.CONTINUOUS, Kind.INTEGER, Kind.BINARY, Kind.CATEGORICAL)
    names = ("size", "size_2", "size_", "outcome")  # names that DiCE could mistake for one another
    levels = ((), (), (), ("a", "b", "c"))
    features = FeatureTable(
        tuple(
            Feature(name, kind=kind, role=Role.ACTIONABLE, levels=level)
            for name, kind, level in zip(names, kinds, levels, strict=True)
        )
    )
    high = torch.tensor([0, 9, 2, 3])
    whole = torch.stack([torch.randint(max(1, int(h)), (300,), generator=draws) for h in high], 1).float()
    x = torch.where(features.whole, whole, torch.randn(300, 4, generator=draws))
    decisions = Straight(torch.tensor([1.0, 0.5, 2.0, 1.0]), torch.tensor(-4.5))
    refused = ~decisions.accepts(x)
    return Problem(
        dataset="mixed",
        features=features,
        graph=CausalGraph(names, {}),
        decisions=decisions,
        cost=Cost.fitted(x, refused, features),
        box=Box.spanning(x[refused]),
        training=People(x, torch.ones(300)),
        validation=People(x[:50], torch.ones(50)),
        profile=PROFILES["constant"],
        draw=lambda people, draws: everything(people),
    )


def everything(people: int) -> Actionability:
    return Actionability(torch.ones(people, 4, dtype=torch.long), levels=4)


def mixed_request(problem: Problem, people: int) -> Request:
    return problem.request(problem.asking(problem.validation)[:people], everything(people), plausibility=False)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("method", ["random", "genetic"])
def test_every_kind_of_feature_keeps_its_values_and_the_decision_turns(method):
    problem = mixed_problem()
    request = mixed_request(problem, 8)
    request = replace(
        request, actionability=Actionability(torch.where(torch.eye(4, dtype=torch.bool)[[0, 1, 2, 3] * 2], 5, 1), 4)
    )
    answer = solver(problem, method=method, samples=100, counterfactuals=2).recommend(request)
    after = torch.where(answer.mask, answer.values, request.factual)
    problem.features.validate(after)
    assert not (answer.mask & ~request.actionable).any()
    assert (request.box.contains(after) | ~answer.mask).all()
    assert problem.decisions.accepts(after)[answer.solved].all()
    assert answer.solved.sum() >= 6
    assert answer.mask.any(0).all()


@pytest.mark.usefixtures("installed")
def test_gradients_are_followed_on_features_as_dice_encodes_them():
    problem = mixed_problem()
    request = mixed_request(problem, 1)
    dice = solver(problem, method="gradient", counterfactuals=1, calls=100_000)
    assert dice.knows == {Knowledge.CLASSIFIER}
    answer = dice.recommend(request)
    assert answer.solved.all()
    after = torch.where(answer.mask, answer.values, request.factual)
    problem.features.validate(after)
    assert problem.decisions.accepts(after).all()
    network = dice.explainer._model(dice.explainer.data).model
    encoded = torch.tensor(
        dice.explainer.data.get_ohe_min_max_normalized_data(dice.explainer.table.frame(request.factual)).to_numpy(
            dtype=float
        )
    ).float()
    torch.testing.assert_close(network(encoded)[:, 0], problem.classifier.logit(request.factual).sigmoid())


@pytest.mark.usefixtures("installed")
def test_weights_of_proximity_and_diversity_reach_dice(monkeypatch):
    from dice_ml.explainer_interfaces.dice_pytorch import DicePyTorch

    told = {}
    monkeypatch.setattr(DicePyTorch, "_generate_counterfactuals", lambda self, *_, **given: told.update(given))
    problem = mixed_problem()
    dice = solver(problem, method="gradient", diversity=3.0, proximity=0.25)
    dice.recommend(mixed_request(problem, 1))  # what is returned in place of counterfactuals is a failure of one person
    assert (told["proximity_weight"], told["diversity_weight"]) == (0.25, 3.0)


@pytest.mark.parametrize("weight", ["proximity", "diversity"])
def test_weights_that_dice_would_not_look_at_are_refused(weight):
    with pytest.raises(ArenaError, match=f"{weight} goes with method=gradient"):
        Dice(method="genetic", **{weight: 2.0})
    with pytest.raises(ArenaError, match=f"{weight} must be a number of at least 0"):
        Dice(method="gradient", **{weight: -1.0})


@pytest.mark.usefixtures("installed")
def test_the_cheapest_of_several_counterfactuals_is_taken(monkeypatch):
    problem = straight_problem(0)
    one = straight_request(problem, 1, plausibility=False)
    accepted = problem.training.x[problem.decisions.accepts(problem.training.x)][:40]
    found = torch.where(one.actionable, accepted, one.factual)
    monkeypatch.setattr(Explainer, "_counterfactuals", lambda self, one: found)
    answer = solver(problem).recommend(one)
    allowed = problem.decisions.accepts(found)
    cost = one.cost(one.snap(found), one.actionable.expand(40, -1))[allowed]
    assert float(one.cost(answer.values, answer.mask)) == pytest.approx(float(cost.min()), rel=1e-3)
    assert cost.max() > cost.min()


@pytest.mark.usefixtures("installed")
def test_what_dice_rounds_out_of_the_box_is_put_back_and_asked_about_again(monkeypatch):
    problem = straight_problem(0)
    one = straight_request(problem, 1, plausibility=False)
    best = torch.where(problem.decisions.slope > 0, one.box.upper, one.box.lower)
    beyond = torch.where(one.actionable, best + 0.01 * problem.decisions.slope.sign(), one.factual)
    monkeypatch.setattr(Explainer, "_counterfactuals", lambda self, one: beyond)
    answer = solver(problem).recommend(one)
    assert torch.equal(answer.values[answer.mask], best[answer.mask])
    near = Box(one.factual - 0.01, one.factual + 0.01)
    boxed = problem.request(one.factual, one.actionability, box=near, plausibility=False)
    assert "put into the box, are refused" in solver(problem).answers(boxed)[0].reason


@pytest.mark.usefixtures("installed")
def test_who_dice_finds_nothing_for_is_not_found_and_the_others_are_helped():
    problem = straight_problem(0)
    request = straight_request(problem, 3, plausibility=False)
    limits = problem.box.expand(3)
    lower, upper = limits.lower.clone(), limits.upper.clone()
    lower[1], upper[1] = request.factual[1] - 0.01, request.factual[1] + 0.01
    boxed = problem.request(request.factual, request.actionability, box=Box(lower, upper), plausibility=False)
    dice = solver(problem, samples=100)
    assert dice.recommend(boxed).outcomes == ("solved", "not_found", "solved")
    assert "No counterfactuals found" in dice.answers(boxed[1:2])[0].reason


@pytest.mark.usefixtures("installed")
def test_a_genetic_search_that_cannot_begin_ends_when_its_calls_are_used_up():
    problem = straight_problem(0)
    request = straight_request(problem, 1, plausibility=False)
    near = Box(request.factual - 0.01, request.factual + 0.01)
    boxed = problem.request(request.factual, request.actionability, box=near, plausibility=False)
    dice = solver(problem, method="genetic", calls=50)
    assert dice.recommend(boxed).outcomes == ("timed_out",)
    assert dice.answers(boxed)[0].reason == "asked the classifier 50 times"


@pytest.mark.usefixtures("installed")
def test_what_dice_raises_for_one_person_is_their_outcome_and_is_logged(monkeypatch, caplog):
    problem = straight_problem(0)
    request = favourites(straight_request(problem, 3, plausibility=False), 2)
    asked = Explainer._counterfactuals

    def broken(self: Explainer, one: Request) -> Tensor:
        if one.person == 1:
            raise KeyError("a trouble of DiCE's own")
        return asked(self, one)

    monkeypatch.setattr(Explainer, "_counterfactuals", broken)
    with caplog.at_level(logging.WARNING):
        answer = solver(problem, samples=100).recommend(request)
    assert answer.outcomes == ("solved", "failed", "solved")
    assert "1 of 3 people, first with KeyError" in caplog.text


def test_a_missing_package_is_a_recorded_outcome_that_says_what_to_install(arena, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "dice_ml", None)
    result = arena(out=tmp_path / "run", solvers=["dice", "top"])
    outcomes = result.summary.groupby("solver")["outcome"].unique().map(list).to_dict()
    assert outcomes == {"dice": ["failed"], "top": ["solved"]}
    reasons = {cell.get("reason") for cell in result.info["cells"] if cell["solver"] == "dice"}
    assert all("pip install 'recourse-arena[dice]'" in str(reason) for reason in reasons)


def test_whatever_happens_inside_global_state_is_as_it_was():
    root, level = list(logging.getLogger().handlers), logging.root.manager.disable
    before = random.getstate(), np.random.get_state()[1].copy(), torch.random.get_rng_state()

    def draw() -> tuple[float, float, float]:
        with quiet(5):
            logging.warning("not shown")
            return random.random(), float(np.random.rand()), float(torch.rand(1))

    def fail() -> None:
        with quiet(6):
            draw()
            raise ZeroDivisionError

    assert draw() == draw()
    with pytest.raises(ZeroDivisionError):
        fail()
    assert random.getstate() == before[0]
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert torch.equal(torch.random.get_rng_state(), before[2])
    assert logging.getLogger().handlers == root
    assert logging.root.manager.disable == level


@pytest.mark.parametrize("options", [{"counterfactuals": 0}, {"samples": 1.5}, {"calls": True}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ArenaError, match=f"solver dice: {next(iter(options))} must be a whole number"):
        Dice(**options)


def test_an_unknown_method_names_near_ones():
    with pytest.raises(ArenaError, match="Did you mean 'gradient'"):
        Dice(method="gradients")
