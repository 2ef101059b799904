"""The certified solver finds the global optimum, proves it, and says so when it cannot."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace

import cvxpy as cp
import pytest
import torch
from frames import framed
from hinge_worlds import cheapest_on_a_fine_grid, costs_if_allowed, hinge_problem, hinge_request, likes
from straight_worlds import straight_problem

from recourse_arena import ArenaError, NotApplicable, Outcome, Scenario
from recourse_arena.judging.judge import Judge
from recourse_arena.models.causal.structural import Mechanism, StructuralCausalModel
from recourse_arena.people.box import Box
from recourse_arena_certified import Certified, backend, exact, proof, start
from recourse_arena_certified.backend import Answer, Status
from recourse_arena_certified.exact import Action
from recourse_arena_certified.limits import Limits
from recourse_arena_certified.person import Person
from recourse_arena_certified.tighten import tighten
from recourse_arena_certified.world import World
from recourse_arena_convex import Convex
from recourse_arena_grid import Grid

SEEDS = range(4)


def fitted(solver, problem):
    solver.fit(problem.seen_by(solver.knows), seed=0)
    return solver


def certify(problem, request, **options):
    return fitted(Certified(**options), problem).certify(request)


def assert_truly_feasible(problem, request, answer):
    judge = Judge(problem.decisions, problem.true_scm, problem.true_scm, problem.true_scm)
    records, solved = framed(judge)(request, answer), answer.solved.numpy()
    assert not records["violations"].any()
    assert records["valid"][solved].all()
    if request.plausibility:
        assert records["plausible_scm"][solved].all()
    assert (records["lower_bound"][solved] <= records["weighted_cost"][solved] * (1 + 1e-6)).all()


def nothing_known(monkeypatch):
    """Let neither `frontier` nor the search for a first action find one."""
    monkeypatch.setattr(start, "starter", lambda problem, seed: lambda request: None)
    nothing = lambda self, draws: Action(torch.zeros_like(self.one.actionable[0]), self.one.factual[0])  # noqa: E731
    monkeypatch.setattr(exact.Exact, "search", nothing)


def in_one_program(monkeypatch):
    """Let there be too many pieces, so that a mixed-integer program of all that a person can do is left."""
    monkeypatch.setattr(proof, "pieces", lambda world, person, limits: None)


# Against exhaustive enumeration


@pytest.mark.parametrize("plausibility", [True, False])
@pytest.mark.parametrize(("seed", "program"), [(0, True), (1, False), (2, False), (3, False), (4, True)])
def test_the_optimum_is_what_a_fine_grid_closes_in_on(seed, plausibility, program, monkeypatch):
    nothing_known(monkeypatch)
    if program:
        in_one_program(monkeypatch)
    problem = hinge_problem(seed, whole="effort" if seed % 4 == 3 else "")
    request = hinge_request(problem, plausibility=plausibility)
    for i, one in enumerate(certify(problem, request)):
        best, _ = cheapest_on_a_fine_grid(problem, request[i : i + 1], 401)
        if one.outcome is Outcome.INFEASIBLE:
            assert best == math.inf
            continue
        assert one.outcome is Outcome.SOLVED
        assert one.cost <= best * (1 + 1e-4) + 1e-6
        assert one.lower_bound <= best
        assert one.lower_bound >= one.cost * (1 - 1e-3) - 1e-5
        if best < math.inf:  # a grid may miss a small feasible place altogether
            assert best <= one.cost * 1.1 + 1e-3
    assert_truly_feasible(problem, request, fitted(Certified(), problem).recommend(request))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_dense_search_around_the_optimum_finds_nothing_cheaper(seed):
    problem = hinge_problem(seed, actionable=("effort", "income", "savings"))
    request, draws = hinge_request(problem), torch.Generator().manual_seed(0)
    for i, one in enumerate(certify(problem, request)):
        if one.outcome is Outcome.SOLVED:
            person, factual = request[i : i + 1], request.factual[i]
            size = 10 ** -(1 + 4 * torch.rand(20000, 1, generator=draws))
            away = torch.randn(20000, 4, generator=draws, dtype=torch.double) * size
            values = person.snap(torch.where(one.mask, one.values, factual) + away)
            assert costs_if_allowed(problem, person, one.mask, values).min() >= one.lower_bound * (1 - 1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_optima_next_to_the_boundary_are_proved_as_closely_as_others(seed):
    problem = hinge_problem(seed)
    request = hinge_request(problem, plausibility=False)
    answer = fitted(Certified(), problem).recommend(request)
    after = problem.true_scm.counterfactual(request.factual, answer.mask, answer.values)
    near = (after + 1e-2 * (request.factual - after))[answer.solved]
    near = near[~problem.decisions.accepts(near)]
    for one in certify(problem, problem.request(near, likes(len(near), problem.features), plausibility=False)):
        assert one.outcome is Outcome.SOLVED
        assert 0 < one.cost < 1e-4
        assert one.gap <= 2e-3  # what the solver tolerates in the logit, which is tiny there, remains


@pytest.mark.parametrize("seed", SEEDS)
def test_limits_hold_for_everything_a_person_can_do(seed):
    problem = hinge_problem(seed, actionable=("effort", "income", "savings"))
    request, draws = hinge_request(problem, 1, plausibility=False), torch.Generator().manual_seed(0)
    world = World.of(problem)
    person = Person.of(request, world, math.inf)
    loose = Limits.of(world, person, math.inf)
    tight = tighten(world, person, loose, margin=-1e-6, deadline=time.monotonic() + 60)
    share = torch.rand(5000, 4, generator=draws, dtype=torch.double)
    mask = request.actionable & (torch.rand(5000, 4, generator=draws) < 0.7)
    after = problem.true_scm.counterfactual(
        request.factual, mask, request.box.lower + share * (request.box.upper - request.box.lower)
    )
    accepted = problem.decisions.accepts(after)
    for limits, rows in ((loose, after), (tight, after[accepted])):
        signal = rows
        assert_between(limits.value, signal)
        for (weight, bias), ends in zip(problem.decisions.affine_maps, limits.layers, strict=False):
            signal = signal @ weight.T + bias
            assert_between(ends, signal)
            signal = signal.clamp(min=0)
    assert tight.undecided <= loose.undecided


def assert_between(ends, rows):
    lower, upper = (torch.from_numpy(end) for end in ends)
    assert (rows >= lower - 1e-9).all()
    assert (rows <= upper + 1e-9).all()


# Constraints


@pytest.mark.parametrize("whole", ["effort", "savings"])
def test_whole_numbers_stay_whole_and_personal_bounds_hold(whole):
    for seed in range(4):
        problem = hinge_problem(seed, whole=whole, actionable=("effort", "income", "savings"))
        factual = hinge_request(problem).factual
        box = Box(factual - torch.tensor([0, 1.3, 1.6, 2.5]), factual + torch.tensor([0, 1.6, 1.3, 2.5]))
        request = hinge_request(problem, box=box)
        assert_truly_feasible(problem, request, fitted(Certified(), problem).recommend(request))


@pytest.mark.parametrize("seed", SEEDS)
def test_personal_bounds_are_part_of_the_proof(seed):
    problem = hinge_problem(seed)
    factual = hinge_request(problem).factual
    reach = torch.tensor([0, 1.5, 0.7, 0], dtype=torch.double)
    request = hinge_request(problem, plausibility=False, box=Box(factual - reach, factual + reach))
    for i, one in enumerate(certify(problem, request)):
        best, _ = cheapest_on_a_fine_grid(problem, request[i : i + 1], 401)
        assert (one.outcome is Outcome.INFEASIBLE) == (best == math.inf)
        if one.outcome is Outcome.SOLVED:
            assert one.cost <= best * (1 + 1e-4)
            assert one.gap < 1e-3 or one.cost - one.lower_bound < 1e-5


def test_a_person_outside_the_box_may_stay_there_or_come_in():
    problem = hinge_problem(1)
    outside = problem.box.upper[1] + torch.linspace(0.1, 2, 40, dtype=torch.double)
    factual = hinge_request(problem, 40).factual[: len(outside)].clone()
    factual[:, 1] = outside[: len(factual)]
    factual = factual[~problem.decisions.accepts(factual)][:4]
    request = replace(hinge_request(problem, len(factual), plausibility=False), factual=factual)
    for i, one in enumerate(certify(problem, request)):
        best, _ = cheapest_on_a_fine_grid(problem, request[i : i + 1], 401)
        assert one.cost <= best * (1 + 1e-4)
        assert one.lower_bound <= best
        assert best <= one.cost * 1.1 + 1e-3 or best == math.inf
    assert_truly_feasible(problem, request, fitted(Certified(), problem).recommend(request))


def test_where_nobody_is_ever_accepted_that_is_proved():
    problem = hinge_problem(4)
    for layer in problem.decisions.layers[::2]:
        layer.weight.zero_()
        layer.bias.fill_(-1.0)
    request = hinge_request(problem)
    certificates = certify(problem, request)
    assert {one.outcome for one in certificates} == {Outcome.INFEASIBLE}
    assert all(one.lower_bound == math.inf for one in certificates)
    answer = fitted(Certified(), problem).recommend(request)
    assert answer.lower_bound.isnan().all()
    assert not answer.mask.any()


def test_who_can_act_on_nothing_has_no_recourse_and_who_is_accepted_needs_none():
    problem = hinge_problem(2)
    request = hinge_request(problem, 2)
    request = replace(request, actionability=replace(request.actionability, scores=torch.full((2, 4), 5)))
    assert {one.outcome for one in certify(problem, request)} == {Outcome.INFEASIBLE}
    accepted = problem.training.x[problem.decisions.accepts(problem.training.x)][:2]
    for one in certify(problem, replace(hinge_request(problem, 2), factual=accepted)):
        assert (one.outcome, one.cost, one.lower_bound, one.gap) == (Outcome.SOLVED, 0.0, 0.0, 0.0)


# Loan


@pytest.mark.parametrize("scenario", ["hard-2!no-plausibility", "hard-3+soft-convex"])
def test_loan_costs_no_more_than_on_the_grid_or_after_a_local_search(loan_materials, scenario):
    problem = replace(loan_materials.problem, causal_flow=loan_materials.problem.true_scm)
    request = loan_materials.request(Scenario.parse(scenario), 7)[5:7]
    answer = fitted(Certified(), problem).recommend(request)
    assert_truly_feasible(problem, request, answer)
    cost = torch.where(answer.solved, request.cost(answer.values, answer.mask).double(), torch.inf)
    for other in (fitted(Grid(), problem), fitted(Convex(), problem)):
        found = other.recommend(request)
        theirs = torch.where(found.solved, request.cost(found.values, found.mask).double(), torch.inf)
        assert (cost <= theirs * (1 + 1e-3)).all()
        bound = answer.lower_bound.nan_to_num(math.inf)
        assert (bound <= theirs * (1 + 1e-6)).all()
    assert answer.solved.any()
    assert all(outcome in ("solved", "infeasible") for outcome in answer.outcomes)


def test_loan_answers_do_not_depend_on_who_else_asks(loan_materials):
    request = loan_materials.request(Scenario.parse("hard-2"))[4:6]
    solver = fitted(Certified(), loan_materials.problem)
    together, alone = solver.recommend(request), solver.recommend(request[1:2])
    assert torch.equal(together.values[1:2], alone.values)
    assert torch.equal(together.lower_bound[1:2], alone.lower_bound)
    assert together.solved[1]


def test_the_time_limit_holds_and_leaves_the_best_action_with_its_gap(loan_materials, monkeypatch):
    problem, request = loan_materials.problem, loan_materials.request(Scenario.parse("hard-4"), 5)[4:5]
    in_one_program(monkeypatch)
    monkeypatch.setattr(start, "starter", lambda problem, seed: lambda request: None)
    (one,) = certify(problem, request, time_limit=0.5)
    assert one.seconds < 3
    assert one.outcome is Outcome.SOLVED
    assert one.gap > 0.01
    nothing_known(monkeypatch)
    (one,) = certify(problem, request, time_limit=0.2)
    assert one.outcome is Outcome.TIMED_OUT
    assert not one.mask.any()
    assert "timelimit" in one.reason


# What it is not for


def test_a_dataset_without_equations_is_not_for_it():
    problem = replace(hinge_problem(0), true_scm=None)
    with pytest.raises(NotApplicable, match=r"those of dataset hinges are unknown"):
        fitted(Certified(), problem)


def test_an_equation_of_unknown_form_is_not_for_it_unless_it_cannot_move():
    problem = hinge_problem(0)
    income = replace(problem.true_scm.mechanisms["income"], shift=lambda p: p["effort"] ** 2)
    opaque = Mechanism(income.noise, income.draw, income.shift)
    scm = StructuralCausalModel(problem.graph, {**problem.true_scm.mechanisms, "income": opaque})
    with pytest.raises(NotApplicable, match=r"'income' does not say how it follows effort"):
        fitted(Certified(), replace(problem, true_scm=scm))
    fitted(Certified(), replace(hinge_problem(0, actionable=("income",)), true_scm=scm))


def test_a_classifier_that_hides_its_layers_is_not_for_it():
    problem = replace(hinge_problem(0), decisions=straight_problem(0).decisions)
    with pytest.raises(NotApplicable, match=r"the classifier of dataset hinges is a Straight"):
        fitted(Certified(), problem)


def test_plausibility_under_other_noise_is_not_for_it_but_the_rest_is():
    problem = hinge_problem(0)
    laplace = torch.distributions.Laplace(torch.zeros((), dtype=torch.double), 1.0)
    effort = replace(problem.true_scm.mechanisms["effort"], noise=laplace)
    scm = StructuralCausalModel(problem.graph, {**problem.true_scm.mechanisms, "effort": effort})
    problem = replace(problem, true_scm=scm)
    with pytest.raises(NotApplicable, match="not so for effort"):
        certify(problem, hinge_request(problem))
    assert certify(problem, hinge_request(problem, plausibility=False))


def test_a_run_skips_it_with_the_reason_where_it_does_not_apply(arena, plugged, tmp_path):
    plugged("recourse_arena_certified")
    summary = arena(solvers=["certified", "top"], scenarios=["hard-2"], out=tmp_path / "run").summary
    assert summary.set_index("solver")["outcome"].to_dict() == {"certified": "skipped", "top": "solved"}
    cells = json.loads((tmp_path / "run" / "run.json").read_text())["cells"]
    assert (
        "'income' does not say how it follows effort" in next(c for c in cells if c["solver"] == "certified")["reason"]
    )


# Trouble


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(cp, "installed_solvers", lambda: ["HIGHS", "CLARABEL"])
    with pytest.raises(ArenaError, match=r"SCIP is not installed; `pip install pyscipopt`, or .*\[certified\]"):
        fitted(Certified(), hinge_problem(0))
    with pytest.raises(ArenaError, match=r"GUROBI is not installed; `pip install gurobipy`$"):
        fitted(Certified(solver="gurobi"), hinge_problem(0))
    with pytest.raises(ArenaError, match="Did you mean 'SCIP'"):
        fitted(Certified(solver="skip"), hinge_problem(0))


@pytest.mark.parametrize("options", [{"time_limit": 0}, {"time_limit": True}, {"gap": 1.0}, {"gap": "small"}])
def test_an_option_that_makes_no_sense_is_refused(options):
    with pytest.raises(ArenaError, match=f"solver certified: {next(iter(options))} must be a number"):
        Certified(**options)


def test_numerical_trouble_is_an_outcome_with_its_reason_and_spoils_nobody_else(monkeypatch):
    problem = hinge_problem(0)
    request = hinge_request(problem)
    request.factual[1, 1] = torch.inf
    certificates = certify(problem, request)
    assert certificates[1].outcome is Outcome.FAILED
    assert "must be finite" in certificates[1].reason
    assert {certificates[i].outcome for i in (0, 2)} <= {Outcome.SOLVED, Outcome.INFEASIBLE}


def test_a_solver_in_trouble_proves_nothing(monkeypatch):
    in_one_program(monkeypatch)
    problem = hinge_problem(5)
    request = hinge_request(problem)
    solver = fitted(Certified(), problem)
    solver.backend = lambda problem, seconds, gap: Answer(Status.TROUBLE, 0.0, False, "SCIP: memlimit")
    for one in solver.certify(request):
        assert one.outcome in (Outcome.SOLVED, Outcome.NOT_FOUND)
        assert math.isnan(one.lower_bound)
        assert one.reason == "SCIP: memlimit"
    solver.backend = lambda problem, seconds, gap: {}["unheard-of"]
    assert {one.outcome for one in solver.certify(request)} == {Outcome.FAILED}
    assert not solver.recommend(request).mask.any()


def test_a_solver_known_only_through_cvxpy_gives_the_same_optimum(monkeypatch):
    in_one_program(monkeypatch)
    problem = hinge_problem(5)
    request, solver = hinge_request(problem), fitted(Certified(), problem)
    monkeypatch.setattr(backend, "_options", lambda name, seconds, gap: {"scip_params": {"limits/time": seconds}})
    expected = solver.certify(request)
    solver.backend = lambda problem, seconds, gap: backend._other("SCIP", problem, seconds, gap)
    for one, other in zip(solver.certify(request), expected, strict=True):
        assert one.outcome == other.outcome
        assert one.cost == pytest.approx(other.cost, rel=1e-4)
