"""The frontier on tables without effects: what enumeration finds, and never anything that is not allowed."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
import torch
from network_tables import BOTH, asked, cheapest, features, table_problem

from recourse_arena import NotApplicable, Outcome, Problem, Request, Scenario
from recourse_arena.models.plausibility.neighbours import Neighbours
from recourse_arena.people.box import Box
from recourse_arena.people.encoding import Encoding
from recourse_arena.people.rules import AtMost
from recourse_arena.planning.applicability import Known, mismatch
from recourse_arena.problem.cost import Cost
from recourse_arena.testing import worlds
from recourse_arena.testing.problems.renaming import Renaming
from recourse_arena.testing.problems.worlds import World
from recourse_arena_frontier import Frontier
from recourse_arena_frontier.models.decision import AnyScore, NetworkLogit
from recourse_arena_frontier.program import allocate
from recourse_arena_frontier.tables import options, plausible, search, terrain
from recourse_arena_frontier.tables.candidates import first_of_alike
from recourse_arena_frontier.tables.numbers import Numbers
from recourse_arena_frontier.tables.options import cheapest as cheapest_combinations

COSTS = ("gower", "l1", "encoded-1", "l2", "encoded", "range")


def advised(problem: Problem, request: Request, **how):
    solver = Frontier(train=0, **how)
    solver.fit(problem.seen_by(solver.knows), seed=0)
    return solver.recommend(request)


def after(request: Request, answer) -> torch.Tensor:
    return torch.where(answer.mask & answer.solved[:, None], answer.values, request.factual)


def assert_allowed(problem: Problem, request: Request, answer) -> None:
    found = after(request, answer)
    assert problem.decisions.accepts(found)[answer.solved].all()
    assert not (answer.mask & ~request.actionable).any()
    assert torch.equal(answer.mask, answer.values != request.factual)
    assert request.box.contains(found, request.features.whole)[answer.mask].all()
    assert ((found - request.factual) * request.features.directed * answer.mask >= 0).all()
    assert not request.features.broken_rules(request.factual, found).any()
    request.features.validate(found)


def ratios(problem: Problem, request: Request, answer, *, steps: int = 1) -> list[float]:
    """Return how much dearer answers are than the cheapest of enumeration; infinite for who is helped by that alone."""
    cost, found = request.cost(after(request, answer), answer.mask), []
    for i in range(len(request)):
        least = cheapest(problem, request[i : i + 1], steps=steps)
        if answer.solved[i] or least < math.inf:
            found.append(float(cost[i]) / least if answer.solved[i] else math.inf)
    return found


@pytest.mark.parametrize(("cost", "rules"), [(cost, BOTH if i % 2 else ()) for i, cost in enumerate(COSTS)])
def test_where_everything_is_a_level_nothing_is_cheaper(cost, rules):
    problem = table_problem(1, cost=cost, rules=rules)
    request = asked(problem, 8)
    answer = advised(problem, request)
    assert_allowed(problem, request, answer)
    found = ratios(problem, request, answer)
    assert len(found) >= 4
    assert max(found) <= 1 + 1e-5


@pytest.fixture
def along_slopes(monkeypatch):
    """All but categories and binaries is moved along slopes, from nowhere but levels."""
    monkeypatch.setattr(terrain, "_FEW", 1)
    monkeypatch.setattr(search, "_COMBINATIONS", 1)
    monkeypatch.setattr(search, "_MORE", 2)
    monkeypatch.setattr(options, "_SHARES", (1.0,))


@pytest.mark.parametrize(("cost", "rules"), [("gower", ()), ("gower", BOTH), ("l2", ()), ("l2", BOTH)])
def test_numbers_end_next_to_the_cheapest(cost, rules, along_slopes):
    found = []
    for seed in (1, 2):
        problem = table_problem(seed, cost=cost, rules=rules, whole=False)
        request = asked(problem, 6)
        answer = advised(problem, request)
        assert_allowed(problem, request, answer)
        found += ratios(problem, request, answer, steps=4)
    assert len(found) >= 6
    assert sum(ratio <= 1.01 for ratio in found) >= 0.9 * len(found), sorted(found)[-4:]


def test_whoever_needs_more_of_a_limited_sum_takes_the_limit_along(along_slopes):
    """Only late payments count, of which nobody has more than trades: who is at that limit must make new trades."""
    table = features((AtMost({"late": 1.0, "trades": -1.0}),))
    columns = [table.index(name) for name in ("late", "trades")]
    upwards = tuple(replace(feature, direction="any") for feature in table)
    problem = table_problem(0)
    problem = replace(problem, features=replace(table, features=upwards))
    model, late = problem.decisions, columns[0]
    weight = (model.encoding.owner == late).float()[None] * 1.0
    line = type(model)(problem.features, ())
    line.set_scale(model.encoding)
    line.layers[0].weight.data = weight * model.sd[late]
    line.layers[0].bias.data = model.mean[late : late + 1] - 3.5
    problem = replace(problem, decisions=line.eval().requires_grad_(False))
    factual = problem.training.x[:6].clone()
    factual[:, columns] = 2.0
    problem = replace(problem, validation=replace(problem.validation, x=factual, y=torch.zeros(6)))
    request = asked(problem, 6, actionable="all")
    answer = advised(problem, request)
    assert answer.solved.all()
    assert_allowed(problem, request, answer)
    assert (after(request, answer)[:, columns] == 4).all()


# Plausibility by neighbours


def with_neighbours(problem: Problem) -> Problem:
    x = problem.training.x
    return replace(
        problem, neighbours=Neighbours(Encoding.fitted(problem.features, x), x[problem.decisions.accepts(x)])
    )


def test_nobody_is_led_where_people_stand_out_and_who_can_be_helped_is():
    """By all that people can do, one after the other."""
    problem = with_neighbours(table_problem(2))
    request = replace(asked(problem, 8), plausibility=True, density="neighbours")
    answer = advised(problem, request)
    assert_allowed(problem, request, answer)
    assert (problem.neighbours.score(after(request, answer)) >= 0)[answer.solved].all()
    for i in range(len(request)):
        one = request[i : i + 1]
        ends = zip(one.factual[0].tolist(), one.box.lower[0].tolist(), one.box.upper[0].tolist(), strict=True)
        every = [
            {now, *map(float, range(int(lower), int(upper) + 1))} if can else {now}
            for (now, lower, upper), can in zip(ends, one.actionable[0].tolist(), strict=True)
        ]
        every = torch.tensor(list(itertools.product(*every)))
        good = every[problem.decisions.accepts(every)]
        good = good[problem.neighbours.score(good) >= 0]
        assert bool(answer.solved[i]) == (len(good) > 0)
        if len(good):
            least = one.unit_cost(one.factual, good, good != one.factual, one.weights).min()
            assert float(one.cost(answer.values[i : i + 1], answer.mask[i : i + 1])) <= float(least) * 1.001


def test_dearer_candidates_are_looked_at_evenly(monkeypatch):
    monkeypatch.setattr(plausible, "_SPREAD", 3)
    rank = plausible._ranks(torch.tensor([0] * 10 + [1] * 4), 2)
    assert rank[rank < 99].tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3]
    assert (rank < 99).nonzero()[:, 0].tolist() == [0, 1, 2, 5, 8, 10, 11, 12, 13]


# Laws


def test_other_codes_of_categories_change_nothing():
    problem = table_problem(3)
    request, renaming = asked(problem, 8), Renaming(problem.features)
    answer = advised(problem, request)
    other = renaming.world(World("renamed", problem, {"asked": request}))
    again = renaming.advice(advised(other.problem, other.requests["asked"]))
    assert answer.solved.any()
    assert torch.equal(answer.mask, again.mask)
    assert torch.equal(answer.outcome, again.outcome)
    assert torch.equal(answer.values[answer.mask], again.values[answer.mask])


def test_each_is_answered_as_if_alone(along_slopes):
    problem = with_neighbours(table_problem(1, whole=False))
    free = asked(problem, 6)
    for request in (free, replace(free, plausibility=True, density="neighbours")):
        together = advised(problem, request)
        turned = advised(problem, request[torch.arange(5, -1, -1)])[torch.arange(5, -1, -1)]
        assert together.solved.any()
        for other, some in ((turned, slice(0, 6)), (advised(problem, request[3:5]), slice(3, 5))):
            assert torch.equal(together.values[some], other.values)
            assert torch.equal(together.outcome[some], other.outcome)


def test_where_nobody_can_be_accepted_nothing_is_claimed():
    problem = table_problem(0, harder=100.0)
    request = asked(problem)
    assert set(advised(problem, request).outcomes) == {Outcome.NOT_FOUND.value}
    stuck = replace(request, actionability=request.actionability.without(request.actionable))
    assert set(advised(problem, stuck).outcomes) == {Outcome.INFEASIBLE.value}


def test_a_person_s_own_bounds_are_kept_by_levels_and_numbers():
    problem = table_problem(1)
    request = asked(problem, 8, actionable="all")
    lower, upper = request.box.lower.clone(), request.box.upper.clone()
    for name in ("trades", "job"):
        lower[:, request.features.index(name)] = upper[:, request.features.index(name)] = 1.0
    bounded = replace(request, box=Box(lower, upper))
    answer = advised(problem, bounded)
    assert_allowed(problem, bounded, answer)
    found = ratios(problem, bounded, answer)
    assert max(found) <= 1 + 1e-5


# Parts


def test_the_cheapest_combinations_are_those_of_sorting_all():
    draws = torch.Generator().manual_seed(0)
    costs = [torch.rand(3, width, generator=draws, dtype=torch.double).cumsum(1) for width in (2, 5, 4, 3)]
    for cost in costs:
        cost[:, 0] = 0.0
    costs[1][:, 3:] = torch.inf
    found, digits = cheapest_combinations(costs, 20)
    for person in range(3):
        every = sorted(map(sum, itertools.product(*(cost[person].tolist() for cost in costs))))
        torch.testing.assert_close(found[person], torch.tensor(every[:20], dtype=torch.double))
        paid = sum(cost[person, digits[person, :, j].long()] for j, cost in enumerate(costs))
        torch.testing.assert_close(paid, found[person])
        assert len({tuple(row) for row in digits[person].tolist()}) == 20


def test_the_closed_form_is_the_optimum_of_the_program():
    import cvxpy

    draws = torch.Generator().manual_seed(0)
    slope = torch.randn(5, 12, generator=draws, dtype=torch.double)
    centre, width = (torch.rand(5, 12, generator=draws, dtype=torch.double) for _ in range(2))
    offset = -2 * torch.rand(12, generator=draws, dtype=torch.double)
    lower, upper = centre - 0.5 - width, centre - 0.5 + width
    found = allocate(offset, slope, lower, upper, 3.0)
    for i in range(12):
        y, short = cvxpy.Variable(5), cvxpy.Variable(nonneg=True)
        limits = [float(offset[i]) + slope[:, i].numpy() @ y + short >= 0]
        limits += [y >= lower[:, i].numpy(), y <= upper[:, i].numpy()]
        best = cvxpy.Problem(cvxpy.Minimize(cvxpy.norm1(y) + 3.0 * short), limits).solve(solver=cvxpy.CLARABEL)
        missed = (-(offset[i] + slope[:, i] @ found[:, i])).clamp(min=0)
        assert float(found[:, i].abs().sum() + 3.0 * missed) == pytest.approx(best, rel=1e-6)


def test_a_network_among_categories_is_read_and_says_the_same(monkeypatch):
    monkeypatch.setattr(terrain, "_FEW", 1)
    problem = table_problem(4)
    numbers = Numbers.of(problem)
    assert isinstance(numbers.world.decision, NetworkLogit)
    people, moving = problem.training.x[:64].T.contiguous(), numbers.world.moving
    change = torch.randn(len(moving.columns), 64, generator=torch.Generator().manual_seed(0))
    other = AnyScore(problem.classifier.logit, moving)
    constants = tuple(each.to(people) for each in numbers.world.decision.constants(people))
    found, expected = numbers.world.decision.slopes(change, constants), other.slopes(change, other.constants(people))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_alike_rows_are_found_wherever_they_stand():
    values = torch.rand(300, 3, generator=torch.Generator().manual_seed(0)).mul(3).floor()
    person = torch.arange(300) % 4
    seen, expected = set(), []
    for row, key in enumerate(zip(person.tolist(), map(tuple, values.tolist()), strict=True)):
        if key not in seen:
            expected.append(row)
        seen.add(key)
    assert first_of_alike(person, values).tolist() == expected


def test_it_is_meant_for_tables_and_where_actions_have_effects_for_one_cost():
    for scenario in ("hard-2", "hard-2!no-plausibility"):
        assert mismatch(Frontier(), Scenario.parse(scenario), Known.of_problem(worlds()[3].problem)) == ""
    problem = worlds()[0].problem
    x = problem.training.x
    other = Cost.fitted(x, ~problem.decisions.accepts(x), problem.features, "l1")
    with pytest.raises(NotApplicable, match="minimises the cost range of numbers, not l1"):
        Frontier().fit(replace(problem, cost=other), seed=0)
    names = [feature.name for feature in problem.features][:2]
    ruled = replace(problem.features, rules=(AtMost(dict.fromkeys(names, 1.0), 1e9),))
    with pytest.raises(NotApplicable, match="does not keep rules"):
        Frontier().fit(replace(problem, features=ruled), seed=0)
