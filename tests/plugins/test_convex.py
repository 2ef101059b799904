"""Sequential convex programming finds the optimum where it is known, and never breaks a constraint anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cvxpy as cp
import numpy as np
import pandas as pd
import pytest
import torch
from cvxpy.reductions.dcp2cone.cone_matrix_stuffing import ConeMatrixStuffing
from frames import framed
from small_worlds import World, random_world
from straight_worlds import cheapest_plausible, cheapest_projection, straight_problem, straight_request
from torch import Tensor

from recourse_arena import Actionability, ArenaError, CausalGraph, Outcome, Problem, Recommendation, Request, Scenario
from recourse_arena.judging.judge import Judge
from recourse_arena.models.causal.structural import StructuralCausalModel
from recourse_arena.people.box import Box
from recourse_arena_convex import Convex
from recourse_arena_convex import subproblem as subproblems
from recourse_arena_convex.descent import Descent
from recourse_arena_convex.incumbents import Incumbents
from recourse_arena_convex.landscape import Landscape
from recourse_arena_convex.subproblem import SIZES, Block, Subproblem
from recourse_arena_convex.subsets import candidate_sets
from recourse_arena_grid import Grid

WORLDS = [seed for seed in range(9) if seed % 3]
"""Random worlds with continuous features; every third has whole numbers only."""


def solver(problem: Problem, **options: int) -> Convex:
    convex = Convex(**options)
    convex.fit(problem.seen_by(Convex.knows), seed=0)
    return convex


def judged(problem: Problem, request: Request, answer: Recommendation) -> pd.DataFrame:
    judge = Judge(problem.decisions, problem.causal_model, problem.flow, problem.true_scm)
    return framed(judge)(request, answer)


def costs(request: Request, answer: Recommendation) -> Tensor:
    return torch.where(answer.solved, request.cost(answer.values, answer.mask).double(), torch.inf)


def assert_truly_feasible(problem: Problem, request: Request, answer: Recommendation) -> None:
    records = judged(problem, request, answer)
    solved = answer.solved.numpy()
    assert not records["violations"].any()
    assert records["valid"][solved].all()
    if request.plausibility:
        assert records["plausible"][solved].all()
    assert not answer.mask[~answer.solved].any()


# Known optima


@pytest.mark.parametrize("seed", range(6))
def test_straight_line_is_met_where_the_closed_form_says(seed):
    problem = straight_problem(seed)
    request = straight_request(problem, 24, plausibility=False)
    answer = solver(problem).recommend(request)
    expected = torch.tensor([cheapest_projection(problem, request[i : i + 1]) for i in range(len(request))])
    assert answer.solved.all()
    torch.testing.assert_close(costs(request, answer), expected.double(), rtol=1e-3, atol=1e-9)
    assert (costs(request, answer) >= expected * (1 - 1e-6)).all()
    assert_truly_feasible(problem, request, answer)


@pytest.mark.parametrize("seed", range(2))
def test_convex_problem_is_solved_as_cvxpy_solves_it_directly(seed):
    problem = straight_problem(seed)
    request = straight_request(problem, 6, plausibility=True)
    answer = solver(problem).recommend(request)
    expected = torch.tensor([cheapest_plausible(problem, request[i : i + 1]) for i in range(len(request))])
    assert torch.equal(answer.solved, expected.isfinite())
    assert answer.solved.any()
    found = costs(request, answer)[answer.solved]
    torch.testing.assert_close(found, expected[answer.solved].double(), rtol=1e-3, atol=1e-9)
    assert_truly_feasible(problem, request, answer)


def test_plausibility_under_the_true_model_is_asked_of_the_true_model():
    problem = straight_problem(0)
    request = replace(straight_request(problem, 6, plausibility=True), density="scm")
    expected = solver(problem).recommend(replace(request, density="flow"))  # which is the true model there
    blind = replace(problem, causal_flow=None)
    answer = solver(blind).recommend(request)
    assert answer.solved.any()
    assert torch.equal(answer.values, expected.values)
    free = solver(blind).recommend(replace(request, plausibility=False, density="flow"))
    assert not torch.equal(answer.values, free.values)


@pytest.mark.parametrize("seed", WORLDS)
def test_random_worlds_are_solved_at_most_at_the_cost_of_a_fine_grid(seed):
    world = random_world(seed)
    grid = Grid(points=25)
    grid.fit(world.problem.seen_by(Grid.knows), seed=0)
    oracle = grid.recommend(world.request)
    answer = solver(world.problem).recommend(world.request)
    assert (costs(world.request, answer) <= costs(world.request, oracle) * (1 + 1e-4)).all()
    assert_truly_feasible(world.problem, world.request, answer)


@pytest.mark.parametrize("seed", range(0, 9, 3))
def test_whole_numbers_stay_whole(seed):
    world = random_world(seed)
    answer = solver(world.problem).recommend(world.request)
    assert_truly_feasible(world.problem, world.request, answer)


# Loan


@pytest.mark.parametrize("scenario", ["hard-2", "hard-1+soft-convex", "hard-3!no-plausibility"])
def test_loan_is_solved_wherever_the_grid_is_and_for_less(loan_materials, scenario):
    problem, request = loan_materials.problem, loan_materials.request(Scenario.parse(scenario), 60)
    grid = Grid()
    grid.fit(problem.seen_by(Grid.knows), seed=0)
    oracle, answer = costs(request, grid.recommend(request)), solver(problem).recommend(request)
    assert_truly_feasible(problem, request, answer)
    both = answer.solved & oracle.isfinite()
    assert both.sum() >= 0.95 * oracle.isfinite().sum()
    assert (costs(request, answer) / oracle)[both].median() < 0.9


def test_personal_bounds_hold_and_cost(loan_materials):
    problem, request = loan_materials.problem, loan_materials.request(Scenario.parse("hard-4!no-plausibility"), 30)
    wide = solver(problem).recommend(request)
    reach = 0.6 * (wide.values - request.factual).abs() + 1e-3
    narrow = Box(torch.maximum(request.box.lower, request.factual - reach), request.factual + reach)
    bounded = replace(request, box=request.box.personal(narrow.lower, narrow.upper, request.features))
    answer = solver(problem).recommend(bounded)
    assert_truly_feasible(problem, bounded, answer)
    assert (costs(bounded, answer) >= costs(request, wide) * (1 - 1e-3)).all()
    assert (costs(bounded, answer) > costs(request, wide) * 1.05).any()


def test_answer_does_not_depend_on_who_else_asks(loan_materials):
    request = loan_materials.request(Scenario.parse("hard-random+soft-linear"), 12)
    convex = solver(loan_materials.problem)
    together = convex.recommend(request)
    order = torch.randperm(len(request), generator=torch.Generator().manual_seed(0))
    shuffled = convex.recommend(request[order])
    alone = [convex.recommend(request[i : i + 1]) for i in range(len(request))]
    expected = costs(request, together)
    for other in (shuffled.outcome[order.argsort()], torch.cat([one.outcome for one in alone])):
        assert torch.equal(other, together.outcome)
    for other in (
        costs(request[order], shuffled)[order.argsort()],
        torch.cat([costs(request[i : i + 1], one) for i, one in enumerate(alone)]),
    ):
        torch.testing.assert_close(other, expected, rtol=1e-3, atol=1e-6)


def test_the_fitted_flow_serves_where_no_equations_are_known(loan_materials):
    problem = replace(loan_materials.problem, true_scm=None)
    request = loan_materials.request(Scenario.parse("hard-3"), 20)
    answer = solver(problem).recommend(request)
    assert answer.solved.any()
    assert_truly_feasible(problem, request, answer)


# Corner cases


@pytest.fixture
def world() -> World:
    return random_world(1)


def test_an_empty_batch_has_an_empty_answer(world):
    answer = solver(world.problem).recommend(world.request[:0])
    answer.check((0, len(world.problem.features)))


def test_only_who_can_act_on_nothing_is_infeasible(world):
    scores = world.request.actionability.scores.clone()
    scores[0] = world.request.actionability.levels + 1
    request = replace(world.request, actionability=replace(world.request.actionability, scores=scores))
    answer = solver(world.problem).recommend(request)
    assert [word == "infeasible" for word in answer.outcomes] == (~request.actionable.any(1)).tolist()


def test_who_is_accepted_already_does_nothing(world):
    problem = world.problem
    accepted = problem.training.x[problem.decisions.accepts(problem.training.x)][:2]
    nothing = Actionability(torch.full((2, len(problem.features)), 4), levels=3)
    answer = solver(problem).recommend(problem.request(accepted, nothing))
    assert answer.outcomes == ("solved", "solved")
    assert not answer.mask.any()


def test_nobody_accepted_in_training_leaves_the_factual_as_a_start(world):
    refused = ~world.problem.decisions.accepts(world.problem.training.x)
    training = replace(world.problem.training, x=world.problem.training.x[refused])
    answer = solver(replace(world.problem, training=training)).recommend(world.request)
    assert_truly_feasible(world.problem, world.request, answer)


@dataclass(frozen=True)
class Holed:
    """A density that is `inside` in half of the world."""

    model: StructuralCausalModel
    edge: Tensor
    inside: float

    def log_density(self, x: Tensor) -> Tensor:
        return torch.where(x[..., 0] > self.edge, self.inside, self.model.log_density(x))


def holed(world: World, inside: float) -> tuple[Problem, Request, Tensor]:
    """Return a world with a hole, its request, and who stands in the hole."""
    flow = Holed(world.problem.causal_flow, world.request.factual[:, 0].median(), inside)
    problem = replace(world.problem, true_scm=world.problem.causal_flow, causal_flow=flow)
    request = replace(world.request, plausibility=True)
    return problem, request, request.factual[:, 0] > flow.edge


@pytest.mark.parametrize("seed", range(1, 4))
def test_densities_that_are_not_numbers_are_no_actions(seed):
    problem, request, inside = holed(random_world(seed), torch.nan)
    answer = solver(problem).recommend(request)
    assert not answer.solved[inside].any()
    assert_truly_feasible(problem, request, answer)


@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize(("density", "enough"), [(-torch.inf, True), (torch.nan, False)])
def test_who_is_impossible_may_become_anything_possible(seed, density, enough):
    problem, request, inside = holed(random_world(seed), density)
    landscape = Landscape.of(problem, request, torch.arange(len(request)), request.actionable)
    outside = torch.maximum(landscape.lower, torch.minimum(landscape.upper, torch.full_like(landscape.lower, -9.0)))
    after = problem.causal_model.counterfactual(request.factual, request.actionable, landscape.values(outside))
    possible = inside & problem.flow.log_density(after).isfinite()
    assert ((landscape.margins(outside)[possible, 1] > 0) == enough).all()
    assert_truly_feasible(problem, request, solver(problem).recommend(request))


def test_options_are_checked():
    for wrong in ({"iterations": 0}, {"starts": 1.5}, {"subsets": True}):
        with pytest.raises(ArenaError, match=f"{next(iter(wrong))} must be a whole number of at least 1"):
            Convex(**wrong)


# Which features are acted upon


def sets_of(request: Request, graph: CausalGraph, most: int = 99) -> list[set[str]]:
    _, acted = candidate_sets(request, graph, most)
    return [{name for name, hit in zip(graph.names, row, strict=True) if hit} for row in acted.tolist()]


def loan_request(loan_materials, *, factual: Tensor | None = None) -> Request:
    request = loan_materials.request(Scenario.parse("hard-4"), 1)
    inside = request.snap(request.factual)
    return replace(request, factual=inside if factual is None else factual)


def test_causes_are_always_acted_upon_and_effects_need_not_be(loan_materials):
    request, graph = loan_request(loan_materials), loan_materials.problem.graph
    causes = {"loan_amount", "income"}
    everything = causes | {"duration", "savings"}
    assert sets_of(request, graph) == [everything, everything - {"duration"}, everything - {"savings"}, causes]
    assert sets_of(request, graph, most=2) == [everything, everything - {"duration"}]


def test_a_feature_that_cannot_stay_as_it_is_may_be_left_alone(loan_materials):
    factual = loan_request(loan_materials).factual.clone()
    factual[0, loan_materials.problem.features.index("income")] = 1e3
    sets = sets_of(loan_request(loan_materials, factual=factual), loan_materials.problem.graph)
    assert {"loan_amount", "duration", "savings"} in sets
    assert {"loan_amount", "duration"} not in sets


# The quadratic programs


def programs(rows: int, seed: int = 0) -> dict[str, Tensor]:
    """Return random quadratic programs, a few of which have opposed constraints or fixed columns."""
    draws = torch.Generator().manual_seed(seed)
    slope = torch.randn(rows, 2, 3, generator=draws, dtype=torch.double)
    slope /= slope.norm(dim=-1, keepdim=True)
    slope[::4, 1] = -slope[::4, 0]
    centre = torch.randn(rows, 3, generator=draws, dtype=torch.double)
    width = torch.rand(rows, 3, generator=draws, dtype=torch.double)
    width[::5, 0] = 0
    offset = torch.randn(rows, 2, generator=draws, dtype=torch.double) - 0.5
    return {"offset": offset, "slope": slope, "lower": centre - width, "upper": centre + width}


def test_each_row_is_its_own_program():
    tables, penalty = programs(40), 5.0
    together = Subproblem(3).solve(**tables, penalty=penalty)
    fixed = tables["lower"] == tables["upper"]
    assert torch.equal(together[fixed], tables["lower"][fixed])
    for i in range(40):
        offset, slope, lower, upper = (table[i].numpy() for table in tables.values())
        y = cp.Variable(3)
        missed = cp.sum(cp.pos(-(offset + slope @ y)))
        program = cp.Problem(cp.Minimize(cp.sum_squares(y) + penalty * missed), [y >= lower, y <= upper])
        program.solve(solver=cp.CLARABEL)
        np.testing.assert_allclose(together[i], y.value, atol=1e-4)


def test_blocks_are_compiled_once_whatever_the_number_of_people(world, monkeypatch):
    made = []

    class Counted(Block):
        def __init__(self, rows: int, features: int) -> None:
            made.append(rows)
            super().__init__(rows, features)

    monkeypatch.setattr(subproblems, "Block", Counted)
    convex = solver(world.problem)
    for people in (1, 3, 6, 2):
        convex.recommend(world.request[:people])
    assert sorted(made) == sorted(set(made) & set(SIZES))


def test_a_block_is_a_parametrised_program_that_cvxpy_compiles_once(monkeypatch):
    compiled, apply = [], ConeMatrixStuffing.apply
    monkeypatch.setattr(ConeMatrixStuffing, "apply", lambda self, problem: compiled.append(1) or apply(self, problem))
    block = Block(16, 3)
    assert block.problem.is_dpp()
    for seed in range(3):
        offset, slope, lower, upper = (table.numpy() for table in programs(16, seed).values())
        assert block.solve(offset, slope, lower - 1, upper + 1, penalty=5.0 + seed) is not None
    assert len(compiled) == 1


def test_a_row_that_cannot_be_solved_does_not_hurt_the_others(monkeypatch):
    tables = programs(40)
    healthy = Subproblem(3).solve(**tables, penalty=5.0)
    poison = float(tables["offset"][7, 0])
    solve = Block.solve

    def fails_on_poison(self, offset, *rest):
        return None if (offset[:, 0] == poison).any() else solve(self, offset, *rest)

    monkeypatch.setattr(Block, "solve", fails_on_poison)
    tables["slope"][11, 0, 1] = torch.nan
    sick = Subproblem(3).solve(**tables, penalty=5.0)
    lost = sick.isnan().any(1)
    assert lost.nonzero()[:, 0].tolist() == [7, 11]
    torch.testing.assert_close(sick[~lost], healthy[~lost], rtol=0, atol=1e-5)


# Steps


@dataclass(frozen=True)
class Cliff:
    """Rises towards acceptance and falls off a cliff before it."""

    edge: float

    def logit(self, x: Tensor) -> Tensor:
        return torch.where(x[..., 0] < self.edge, x[..., 0] - 2, -50 + 0 * x[..., 0])

    def accepts(self, x: Tensor) -> Tensor:
        return self.logit(x) >= 0


def test_a_step_that_breaks_its_promise_is_not_taken():
    world = next(world for world in map(random_world, range(1, 99)) if not world.problem.features.whole[0])
    problem = replace(world.problem, decisions=Cliff(0.3), box=Box.spanning(torch.tensor([[-3.0], [3.0]]).double()))
    request = world.request[:1]
    box = Box(request.factual - 3, request.factual + 3)
    request = replace(request, factual=torch.zeros_like(request.factual), box=box, plausibility=False)
    only = torch.zeros_like(request.actionable)
    only[:, 0] = True
    landscape = Landscape.of(problem, request, torch.arange(1), only)
    descent = Descent(Subproblem(problem.features.count_actionable), iterations=30)
    start = torch.zeros(1, problem.features.count_actionable, dtype=torch.double)
    y, _ = descent(landscape, start, Incumbents.none(request))
    assert 0.2 < float(landscape.values(y)[0, 0]) < 0.3


# Solvers that break down


def break_down(monkeypatch, fails) -> list[str]:
    """Let cvxpy fail whenever `fails(call number, solver)`; return the list of solvers called."""
    called, solve = [], cp.Problem.solve

    def broken(self, *args, solver=None, **options):
        called.append(solver)
        if fails(len(called), solver):
            raise cp.error.SolverError("numerical breakdown")
        return solve(self, *args, solver=solver, **options)

    monkeypatch.setattr(cp.Problem, "solve", broken)
    return called


@pytest.mark.parametrize("fails", [lambda call, solver: call == 1, lambda call, solver: call % 3 == 0])
def test_a_failing_solver_is_replaced(world, monkeypatch, fails):
    expected = solver(world.problem).recommend(world.request)
    called = break_down(monkeypatch, fails)
    answer = solver(world.problem).recommend(world.request)
    assert set(called) == {cp.CLARABEL, cp.OSQP}
    assert torch.equal(answer.outcome, expected.outcome)
    torch.testing.assert_close(costs(world.request, answer), costs(world.request, expected), rtol=1e-2, atol=1e-6)


@pytest.mark.parametrize("seed", range(2))
def test_when_every_solver_fails_people_have_outcomes_and_no_exception(monkeypatch, seed):
    world = random_world(seed)
    world = replace(world, request=replace(world.request, plausibility=True))
    called = break_down(monkeypatch, lambda call, solver: True)
    answer = solver(world.problem).recommend(world.request)
    assert called
    assert not set(answer.outcomes) & {Outcome.FAILED, Outcome.TIMED_OUT, Outcome.SKIPPED}
    assert_truly_feasible(world.problem, world.request, answer)


@pytest.mark.parametrize("status", [cp.UNBOUNDED, cp.INFEASIBLE, cp.USER_LIMIT])
def test_a_solver_that_ends_without_a_solution_counts_as_failed(monkeypatch, status):
    monkeypatch.setattr(cp.Problem, "status", status)
    assert Subproblem(3).solve(**programs(3), penalty=5.0).isnan().all()
