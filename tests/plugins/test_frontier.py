"""The frontier finds optima where they are known, keeps to everybody's bounds, and answers each as if alone."""

from __future__ import annotations

from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest
import torch
from small_worlds import random_world
from straight_worlds import cheapest_plausible, cheapest_projection, straight_problem, straight_request
from torch import Tensor

from recourse_arena import ArenaError, NotApplicable, Outcome, Problem, Recommendation, Request
from recourse_arena.testing import worlds
from recourse_arena_convex import Convex
from recourse_arena_frontier import Frontier
from recourse_arena_frontier.descent import Descent
from recourse_arena_frontier.program import solve
from recourse_arena_frontier.rows import Rows, padded
from recourse_arena_frontier.subsets import candidate_sets
from recourse_arena_grid import Grid


def solver(problem: Problem, **options: int) -> Frontier:
    frontier = Frontier(**{"train": 0, **options})
    frontier.fit(problem.seen_by(Frontier.knows), seed=0)
    return frontier


def costs(request: Request, answer: Recommendation) -> Tensor:
    return torch.where(answer.solved, request.cost(answer.values, answer.mask).double(), torch.inf)


def assert_truly_feasible(problem: Problem, request: Request, answer: Recommendation) -> None:
    solved, mask = answer.solved, answer.mask
    after = problem.causal_model.counterfactual(request.factual, mask, answer.values)
    assert problem.decisions.accepts(after)[solved].all()
    assert not (mask & ~request.actionable).any()
    inside = request.box.contains(answer.values, request.features.whole)
    assert inside[mask].all()
    assert not mask[~solved].any()
    if request.plausibility:
        density = problem.density(request)
        lost = density.log_density(request.factual) - density.log_density(after)
        assert (lost[solved] <= 1e-6).all()


# Known optima


def test_straight_line_is_met_where_the_closed_form_says():
    problem = straight_problem(1)
    request = straight_request(problem, 12, plausibility=False)
    answer = solver(problem).recommend(request)
    expected = torch.tensor([cheapest_projection(problem, request[i : i + 1]) for i in range(len(request))])
    assert answer.solved.all()
    torch.testing.assert_close(costs(request, answer), expected.double(), rtol=1e-3, atol=1e-9)
    assert_truly_feasible(problem, request, answer)


def test_convex_problem_is_solved_as_a_conic_solver_solves_it():
    problem = straight_problem(0)
    request = straight_request(problem, 3, plausibility=True)
    answer = solver(problem).recommend(request)
    expected = torch.tensor([cheapest_plausible(problem, request[i : i + 1]) for i in range(len(request))])
    assert torch.equal(answer.solved, expected.isfinite())
    assert answer.solved.any()
    found = costs(request, answer)[answer.solved]
    torch.testing.assert_close(found, expected[answer.solved].double(), rtol=1e-3, atol=1e-9)
    assert_truly_feasible(problem, request, answer)


@pytest.mark.parametrize("seed", range(1, 7))
def test_nothing_on_a_grid_is_cheaper_also_of_whole_numbers(seed):
    world = random_world(seed)
    grid = Grid(points=15)
    grid.fit(world.problem.seen_by(Grid.knows), seed=0)
    oracle = grid.recommend(world.request)
    answer = solver(world.problem).recommend(world.request)
    assert (costs(world.request, answer) <= costs(world.request, oracle) * (1 + 1e-4)).all()
    assert_truly_feasible(world.problem, world.request, answer)


# Who else asks


@pytest.fixture(scope="module")
def chained() -> tuple[Problem, Request]:
    """A chain of causes with a fitted flow, and those who ask there, in single precision."""
    problem = worlds()[1].problem
    asking = problem.asking(problem.validation)[:60]
    answers = problem.draw(len(asking), torch.Generator().manual_seed(4))
    return problem, problem.request(asking, answers)


def test_whole_numbers_of_others_do_not_matter_to_who_acts_on_none():
    """In a world with whole numbers and a spline flow, whose flow is read by hand."""
    problem = worlds()[2].problem
    asking = problem.asking(problem.validation)[:8]
    request = problem.request(asking, problem.draw(8, torch.Generator().manual_seed(4)))
    whole = request.features.whole.expand_as(request.actionable)
    first = (torch.arange(8) < 4)[:, None]
    mixed = replace(request, actionability=request.actionability.without(whole & first))
    frontier = solver(problem)
    together, alone = frontier.recommend(mixed), frontier.recommend(mixed[:4])
    assert together.solved[:4].any()
    assert torch.equal(together[:4].outcome, alone.outcome)
    assert torch.equal(together[:4].values, alone.values)


def test_each_is_answered_as_if_alone_to_the_last_bit(chained):
    problem, request = chained
    frontier, last = solver(problem, train=5), len(request) - 1
    together = frontier.recommend(request)
    turned = frontier.recommend(request[torch.arange(last, -1, -1)])[torch.arange(last, -1, -1)]
    some = frontier.recommend(request[40:43])
    assert together.solved.any()
    for first, second in ((together, turned), (together[40:43], some)):
        assert torch.equal(first.mask, second.mask)
        assert torch.equal(first.values, second.values)
        assert torch.equal(first.outcome, second.outcome)


def test_what_fills_a_block_changes_nothing(chained):
    problem, request = chained
    search = solver(problem).search
    rows = search._sets(Rows.of(search.world, request[padded(torch.arange(50))]), torch.arange(50))
    descent, start = Descent(12, best=((3, 1),)), torch.zeros_like(rows.lower)
    few = int((rows.person < 37).sum())
    found = [descent(rows[which], start[:, which]) for which in (torch.arange(few), torch.arange(len(rows)))]
    assert few % 64
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other[..., :few])


# Options and limits


def test_careful_answers_cost_at_most_as_much():
    world = random_world(2)
    plain = costs(world.request, solver(world.problem).recommend(world.request))
    careful = costs(world.request, solver(world.problem, careful=True).recommend(world.request))
    assert (careful <= plain * (1 + 1e-6)).all()


def test_what_is_learnt_is_kept_as_tensors_and_starts_searches(chained):
    problem, request = chained
    frontier = solver(problem, train=150)
    answer = frontier.recommend(request)
    again = Frontier()
    again.restore(problem.seen_by(Frontier.knows), frontier.state())
    assert torch.equal(again.recommend(request).values, answer.values)
    search, factual = frontier.search, request.factual
    rows = Rows.of(search.world, request)
    still, guessed = search.starts.first(rows)
    values = torch.where(answer.mask, answer.values, factual).T[search.world.actionable]
    ends, found = rows.points(values), answer.solved
    assert not still.any()
    assert (guessed - ends).norm(dim=0)[found].median() < ends.norm(dim=0)[found].median()


def test_advice_leaves_the_margin_that_is_asked_for_and_none_changes_nothing(chained):
    """Of convex, too, which shares the densities."""
    problem, request = chained
    request = request[:24]
    plain, same = (solver(problem, **how).recommend(request) for how in ({}, {"margin": 0.0}))
    assert torch.equal(plain.values, same.values)
    assert torch.equal(plain.outcome, same.outcome)
    convex = Convex(margin=0.4)
    convex.fit(problem.seen_by(Convex.knows), seed=0)
    cheapest = costs(request, plain)
    eased, strict = solver(problem, margin=0.4).recommend(request), convex.recommend(request[:6])
    for asked, answer in ((request, eased), (request[:6], strict)):
        assert (costs(asked, answer) >= cheapest[: len(asked)] * (1 - 1e-3)).all()
    left = gained(problem, request, eased)
    assert (gained(problem, request[:6], strict)[strict.solved] >= 0.4 - 1e-5).all()
    assert (left[:6][strict.solved] >= 0.4 - 1e-5).all(), "who can have the margin has it"
    assert torch.equal(eased.solved, plain.solved), "who cannot have it is helped all the same"
    reached = [int((left[eased.solved] >= least - 1e-5).sum()) for least in (0.4, 0.2, 0.1, 0.0)]
    assert reached[0] > int(strict.solved.any())
    assert reached[-1] == int(eased.solved.sum()) > reached[0]


def test_nobody_ends_a_rounding_short_of_the_density_they_need(chained, monkeypatch):
    """Where what is searched with says a hair more than the model does, those who fall short are searched for again."""
    problem, request = chained
    monkeypatch.setattr("recourse_arena_frontier.rows._DENSITY_ERROR", -2000)
    mended = solver(problem).recommend(request)
    monkeypatch.setattr("recourse_arena_frontier.search._SHORT", ())
    short = solver(problem).recommend(request)
    fallen = short.solved & (gained(problem, request, short) < 0)
    assert fallen.any()
    assert (gained(problem, request, mended)[mended.solved] >= 0).all()
    same = ~fallen
    assert torch.equal(mended.values[same], short.values[same])
    assert torch.equal(mended.solved, short.solved)
    assert (costs(request, mended)[fallen] < costs(request, short)[fallen] + 2e-3).all()  # near what they were told


def gained(problem, request, answer):
    """Return by how much the log-density of each person's action exceeds theirs, `(people,)`."""
    density = problem.density(request)
    after = problem.causal_model.counterfactual(request.factual, answer.mask, answer.values)
    return density.log_density(after) - density.log_density(request.factual)


@pytest.mark.parametrize("options", [{"careful": 1}, {"subsets": 0}, {"train": -1}, {"train": True}, {"margin": -0.1}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ArenaError, match=f"solver frontier: {next(iter(options))} must be"):
        Frontier(**options)


def test_who_can_act_on_nothing_is_told_so_and_other_costs_are_not_its_own():
    problem = straight_problem(0)
    request = straight_request(problem, 3, plausibility=False)
    stuck = replace(request, actionability=request.actionability.without(torch.ones_like(request.actionable)))
    assert set(solver(problem).recommend(stuck).outcomes) == {Outcome.INFEASIBLE.value}
    other = replace(problem, cost=replace(problem.cost, categorical=torch.zeros(len(problem.features)).bool()))
    with pytest.raises(NotApplicable, match="minimises the cost range"):
        solver(other)


# Sets


def test_sets_leave_out_what_follows_and_what_cannot_stay():
    reach = torch.zeros(3, 3, dtype=torch.bool)
    reach[0, 1] = True  # the second follows from the first, the third from nothing
    can, rests = torch.ones(3, 2, dtype=torch.bool), torch.ones(3, 2, dtype=torch.bool)
    rests[2, 1] = False
    person, acted = candidate_sets(can, rests, reach, 16)
    found = {(p, *row) for p, row in zip(person.tolist(), acted.T.tolist(), strict=True)}
    everything, without = (True, True, True), (True, False, True)
    expected = {(0, *everything), (0, *without), (1, *everything), (1, *without), (1, True, True, False)}
    assert found == expected | {(1, True, False, False)}
    assert candidate_sets(can, rests, reach, 1)[0].tolist() == [0, 1]


# The programs of a step


def programs(rows: int, features: int) -> dict[str, Tensor]:
    """Return random programs, some with opposed or equal constraints, some with fixed columns."""
    draws = torch.Generator().manual_seed(features)
    slope = torch.randn(2, features, rows, generator=draws, dtype=torch.double)
    slope /= slope.norm(dim=1, keepdim=True)
    slope[1, :, ::4] = -slope[0, :, ::4]
    slope[1, :, 1::8] = slope[0, :, 1::8]
    centre = torch.randn(features, rows, generator=draws, dtype=torch.double)
    width = torch.rand(features, rows, generator=draws, dtype=torch.double)
    width[0, ::5] = 0
    offset = torch.randn(2, rows, generator=draws, dtype=torch.double) - 0.5
    return {"offset": offset, "slope": slope, "lower": centre - width, "upper": centre + width}


@pytest.mark.parametrize("features", [1, 3, 6])
@pytest.mark.parametrize("price", [5.0, 60.0])
def test_the_dual_leads_to_what_a_conic_solver_finds(features, price):
    rows, tables = 120, programs(120, features)
    found, multipliers = solve(**tables, price=price, rounds=8, start=torch.zeros(2, rows, dtype=torch.double))
    offset, slope, lower, upper = (table.movedim(-1, 0).numpy() for table in tables.values())
    y, slack = cp.Variable((rows, features)), cp.Variable((rows, 2), nonneg=True)
    linear = cp.vstack([cp.sum(cp.multiply(slope[:, i], y), axis=1) for i in range(2)]).T
    limits = [offset + linear + slack >= 0, y >= lower, y <= upper]
    problem = cp.Problem(cp.Minimize(cp.sum_squares(y) + price * cp.sum(slack)), limits)
    problem.solve(solver=cp.CLARABEL, tol_gap_rel=1e-10, tol_gap_abs=1e-10)
    np.testing.assert_allclose(found.T, y.value, atol=2e-4)
    warm, _ = solve(**tables, price=price, rounds=0, start=multipliers)
    assert torch.equal(warm, found)
