"""Laws that every solver of the literature keeps here: Wachter's, Growing Spheres and DiCE."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_worlds import random_world
from straight_worlds import straight_problem, straight_request

from recourse_arena import Actionability, Problem, Recommendation, Request, Solver
from recourse_arena.judging.constraints import violated
from recourse_arena.people.box import Box
from recourse_arena_dice import Dice
from recourse_arena_growing_spheres import GrowingSpheres
from recourse_arena_wachter import Wachter

SOLVERS = {
    "wachter": lambda: Wachter(rounds=4, steps=8),
    "wachter?distance=mad": lambda: Wachter(rounds=4, steps=8, distance="mad"),
    "growing-spheres": lambda: GrowingSpheres(samples=100),
    "growing-spheres?causal=false": lambda: GrowingSpheres(samples=100, causal=False),
    "dice": lambda: Dice(samples=50, counterfactuals=2),
}
WORLDS = (1, 2, 3, 4, 6, 8)
"""Small random worlds, some of whole numbers only, some without a known causal model, some with personal boxes."""


@pytest.fixture(params=SOLVERS)
def solver(request) -> Solver:
    if request.param.startswith("dice"):
        pytest.importorskip("dice_ml")
    return SOLVERS[request.param]()


def fitted(solver: Solver, problem: Problem, seed: int = 0) -> Solver:
    solver.fit(problem.seen_by(solver.knows), seed=seed)
    return solver


def same(one: Recommendation, other: Recommendation) -> None:
    assert one.outcomes == other.outcomes
    assert torch.equal(one.mask, other.mask)
    torch.testing.assert_close(torch.where(one.mask, one.values, 0.0), torch.where(other.mask, other.values, 0.0))


def test_actions_break_no_constraint_and_lead_where_the_solver_looked(solver):
    solved = 0
    for seed in WORLDS:
        world = random_world(seed)
        answer = fitted(solver, world.problem).recommend(world.request)
        answer.check((len(world.request), len(world.problem.features)))
        assert not violated(world.request, answer.mask, answer.values).any()
        assert answer.mask.any(1).equal(answer.solved)
        independent = getattr(solver, "causal", isinstance(solver, Wachter)) is False
        after = torch.where(answer.mask, answer.values, world.request.factual)
        if not independent:
            model = world.problem.causal_model
            after = model.counterfactual(world.request.factual, answer.mask, answer.values)
        assert world.problem.decisions.accepts(after)[answer.solved].all()
        solved += int(answer.solved.sum())
    assert solved >= 10


def test_advice_does_not_depend_on_who_else_asks_or_in_which_order(solver):
    for seed in WORLDS[1:4]:
        world = random_world(seed)
        fitted(solver, world.problem)
        together, people = solver.recommend(world.request), len(world.request)
        order = torch.arange(people).flip(0)
        alone = [solver.recommend(world.request[i : i + 1]) for i in range(people)]
        parts = [[getattr(one, name) for one in alone] for name in ("mask", "values", "outcome")]
        same(Recommendation(*map(torch.cat, parts)), together)
        shuffled = solver.recommend(world.request[order])
        same(Recommendation(shuffled.mask[order], shuffled.values[order], shuffled.outcome[order]), together)


def test_advice_repeats_and_touches_neither_global_random_state_nor_the_request(solver):
    world = random_world(4)
    request = world.request
    kept = [t.clone() for t in (request.factual, request.actionability.scores, request.box.lower, request.box.upper)]
    before = random.getstate(), np.random.get_state(), torch.random.get_rng_state()
    first = fitted(solver, world.problem).recommend(request)
    assert random.getstate() == before[0]
    assert all(np.array_equal(a, b) for a, b in zip(np.random.get_state(), before[1], strict=True))
    assert torch.equal(torch.random.get_rng_state(), before[2])
    for tensor, copy in zip(
        (request.factual, request.actionability.scores, request.box.lower, request.box.upper), kept, strict=True
    ):
        assert torch.equal(tensor, copy)
    torch.rand(3), np.random.rand(3), random.random()
    again = fitted(solver, world.problem).recommend(request)
    assert all(torch.equal(getattr(first, name), getattr(again, name)) for name in ("mask", "values", "outcome"))
    assert not first.values.requires_grad


def test_nobody_asks(solver):
    world = random_world(1)
    answer = fitted(solver, world.problem).recommend(world.request[:0])
    answer.check((0, len(world.problem.features)))


def test_who_can_act_on_nothing_is_told_so_and_nobody_else(solver):
    world = random_world(2)
    scores = world.request.actionability.scores.clone()
    scores[1] = 4
    request = replace(world.request, actionability=Actionability(scores, levels=3))
    answer = fitted(solver, world.problem).recommend(request)
    nothing = ~request.actionable.any(1)
    assert nothing[1]
    assert (torch.tensor([outcome == "infeasible" for outcome in answer.outcomes]) == nothing).all()


def test_where_the_box_holds_nobody_accepted_nothing_is_found(solver):
    problem = straight_problem(0)
    request = straight_request(problem, 3, plausibility=False)
    near = Box(request.factual - 1e-6, request.factual + 1e-6)
    answer = fitted(solver, problem).recommend(problem.request(request.factual, request.actionability, box=near))
    assert set(answer.outcomes) == {"not_found"}


def test_nothing_is_printed_nor_warned_of(solver, capfd, recwarn):
    world = random_world(2)
    fitted(solver, world.problem).recommend(world.request)
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def moved(request: Request, answer: Recommendation) -> float:
    return float(request.cost(answer.values, answer.mask)[answer.solved].mean())


@pytest.mark.parametrize("name", ["wachter", "growing-spheres"])
def test_preferences_are_followed_where_that_costs_less(name):
    problem = straight_problem(1)
    request = straight_request(problem, 12, plausibility=False)
    flat = replace(request, actionability=Actionability(torch.where(request.actionable, 1, 5), 4))
    solver = fitted(SOLVERS[name](), problem)
    asked, ignored = solver.recommend(request), solver.recommend(flat)
    assert moved(request, asked) < 0.8 * moved(request, ignored)
