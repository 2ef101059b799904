"""The grid oracle on tables with categories, directions and rules, and where there are too many combinations."""

from __future__ import annotations

import itertools
import logging
from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from permuted_codes import assert_codes_do_not_matter
from small_tables import table_problem, table_request
from torch import Tensor

from recourse_arena import (
    Actionability,
    ArenaError,
    Feature,
    FeatureTable,
    Kind,
    Outcome,
    People,
    Problem,
    Request,
    Role,
)
from recourse_arena.people.box import Box
from recourse_arena.problem.cost import Cost
from recourse_arena.testing.problems.worlds import worlds
from recourse_arena_grid import Grid
from recourse_arena_grid.few import combined, count, few_changes, numbered
from recourse_arena_grid.options import Options
from recourse_arena_grid.oracle import cheapest_actions
from recourse_arena_grid.search import Search

POINTS = 5
COSTS = ("gower", "l1", "l2", "encoded", "range")
TABLE = worlds()[3]


def values_by_hand(problem: Problem, one: Request, j: int) -> list[float]:
    """Return what somebody may set a feature to, in the order in which ties are broken."""
    feature = problem.features.features[j]
    factual = float(one.factual[0, j])
    if not one.actionable[0, j]:
        return []
    if feature.kind is Kind.CATEGORICAL:
        return [float(feature.levels.index(name)) for name in sorted(feature.levels) if name != feature.word(factual)]
    x, lower, upper = (Fraction(v) for v in (factual, float(problem.box.lower[j]), float(problem.box.upper[j])))
    ends = 2 * lower - x, 2 * upper - x
    points = [ends[0] + (ends[1] - ends[0]) * Fraction(k, POINTS - 1) for k in range(POINTS)]
    values = sorted({float(round(p)) if feature.whole else float(torch.tensor(float(p))) for p in points})
    start = factual if feature.direction == "up" else -torch.inf
    end = factual if feature.direction == "down" else torch.inf
    return [v for v in values if max(float(lower), start) <= v <= min(float(upper), end)]


def by_hand(problem: Problem, one: Request) -> tuple[Tensor, Tensor] | None:
    """Return mask and values of the best combination of one person, each in turn."""
    columns = range(len(problem.features))
    options = [[None, *values_by_hand(problem, one, j)] for j in columns]
    parts = [
        [0.0, *(float(one.unit_cost.per_feature(one.factual, torch.full_like(one.factual, v))[0, j] * one.weights[0, j])
                for v in values[1:])]
        for j, values in enumerate(options)
    ]  # fmt: skip
    picks = list(itertools.product(*(range(len(values)) for values in options)))
    keys = [(sum(parts[j][p] for j, p in enumerate(pick)), sum(p > 0 for p in pick), pick) for pick in picks]
    mask = torch.tensor(picks) > 0
    values = torch.tensor([[options[j][p] or 0.0 for j, p in enumerate(pick)] for pick in picks])
    after = torch.where(mask, values, one.factual)
    fine = problem.decisions.accepts(after) & ~problem.features.broken_rules(one.factual, after).any(-1)
    if one.plausibility:
        fine &= problem.neighbours.score(after) >= 0
    allowed = [i for i in range(len(picks)) if fine[i]]
    if not allowed:
        return None
    best = min(allowed, key=keys.__getitem__)
    return mask[best], values[best]


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("plausibility", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_answer_on_tables_is_what_trying_every_combination_gives(seed, cost, plausibility):
    problem = table_problem(seed, cost=cost)
    request = table_request(problem, 8, seed=seed, plausibility=plausibility)
    solver = Grid(points=POINTS)
    solver.fit(problem.seen_by(Grid.knows), seed=0)
    answer = solver.recommend(request)
    for i in range(len(request)):
        expected = by_hand(problem, request[i : i + 1])
        assert bool(answer.solved[i]) == (expected is not None)
        if expected is not None:
            mask, values = expected
            assert torch.equal(answer.mask[i], mask)
            assert torch.equal(answer.values[i][mask], values[mask])


def test_small_tables_have_what_makes_them_hard():
    """Some people are solved and some are not, and rules and plausibility change who and how."""
    ruled = lawless = plausible = free = 0
    for seed in range(6):
        problem = table_problem(seed)
        request = table_request(problem, 60, seed=seed)
        answer = cheapest_actions(problem, request, POINTS)
        after = torch.where(answer.mask, answer.values, request.factual)
        assert not problem.features.broken_rules(request.factual, after).any()
        free += int(answer.solved.sum())
        plausible += int(cheapest_actions(problem, replace(request, plausibility=True), POINTS).solved.sum())
        other = table_problem(seed, rules=False)
        wild = cheapest_actions(other, replace(request, features=other.features), POINTS)
        broken = problem.features.broken_rules(request.factual, torch.where(wild.mask, wild.values, request.factual))
        ruled, lawless = ruled + int(broken.any(1).sum()), lawless + int(wild.solved.sum())
    assert ruled > 10
    assert lawless >= free > plausible > 20


@pytest.mark.parametrize("sums", [1, 20, 300])
@pytest.mark.parametrize("seed", range(4))
def test_budgets_do_not_change_the_answer_on_tables(seed, sums):
    problem = table_problem(seed)
    request = table_request(problem, 20, seed=seed, plausibility=bool(seed % 2))
    one = cheapest_actions(problem, request, POINTS, rows=7, sums=sums)
    other = cheapest_actions(problem, request, POINTS)
    assert all(torch.equal(getattr(one, name), getattr(other, name)) for name in ("mask", "values", "outcome"))


@pytest.mark.parametrize("name", ["usual", "unconstrained"])
def test_codes_of_categories_do_not_matter_in_the_small_world(name):
    advice = assert_codes_do_not_matter(Grid(points=7), TABLE.problem, TABLE.requests[name])
    assert advice.solved.any()


@pytest.mark.parametrize("seed", range(4))
def test_codes_of_categories_do_not_matter(seed):
    problem = table_problem(seed, cost=COSTS[seed])
    advice = assert_codes_do_not_matter(
        Grid(points=POINTS), problem, table_request(problem, 40, seed=seed, plausibility=bool(seed % 2))
    )
    changed = advice.mask & advice.solved[:, None] & problem.features.categorical
    assert changed.any()


def test_whoever_may_not_change_a_category_keeps_it():
    problem = table_problem(0)
    request = table_request(problem, 20, most=7)
    fixed = replace(request, box=Box(request.factual.clone(), request.factual.clone()))
    assert not cheapest_actions(problem, fixed, POINTS).mask.any()


class Sum:
    """Accepts whose features sum to a limit."""

    def __init__(self, limit: float) -> None:
        self.limit, self.asked = limit, 0

    def accepts(self, x: Tensor) -> Tensor:
        self.asked += x[..., 0].numel()
        return x.sum(-1) >= self.limit


def wide(columns: int, limit: float, people: int = 2) -> tuple[Problem, Request]:
    """Return a problem of many features between 0 and 10, all actionable, and people at 0."""
    features = FeatureTable(tuple(Feature(f"f{j}", Kind.INTEGER, Role.ACTIONABLE) for j in range(columns)))
    x = torch.cat([torch.zeros(50, columns), torch.full((50, columns), 10.0)])
    problem = replace(
        table_problem(0, rules=False),
        features=features,
        decisions=Sum(limit),
        cost=Cost.fitted(x, torch.ones(len(x), dtype=torch.bool), features, "gower"),
        box=Box(torch.zeros(columns), torch.full((columns,), 10.0)),
        training=People(x, torch.zeros(len(x))),
        neighbours=None,
    )
    answers = Actionability(torch.ones(people, columns, dtype=torch.long), levels=1)
    return problem, problem.request(torch.zeros(people, columns), answers, plausibility=False)


def test_with_many_features_few_are_changed_and_it_is_said(caplog):
    problem, request = wide(20, limit=20.0)  # two whole changes, 20 ** 20 combinations, many of them cheaper
    with caplog.at_level(logging.WARNING):
        answer = cheapest_actions(problem, request, 21, most=30_000)
    assert answer.solved.all()
    assert (answer.mask.sum(1) == 2).all()
    assert problem.decisions.asked <= 2 * (30_000 + 64 * 4**4)
    (record,) = caplog.records
    assert "2 of 2 people have more than 30000 combinations" in record.getMessage()
    assert "at most 2 features" in record.getMessage()


def test_with_many_features_and_no_answer_it_ends(caplog):
    problem, request = wide(20, limit=torch.inf, people=1)
    with caplog.at_level(logging.WARNING):
        answer = cheapest_actions(problem, request, 25)
    assert answer.outcomes[0] == Outcome.NOT_FOUND
    assert problem.decisions.asked <= 1_000_000 + 64 * 4**4
    assert len(caplog.records) == 1


def test_nothing_is_said_where_nothing_is_cut(caplog):
    problem, request = wide(5, limit=50.0)  # everything at its highest: the last of 11 ** 5 combinations
    with caplog.at_level(logging.WARNING):
        answer = cheapest_actions(problem, request, 21)
    assert answer.values.tolist() == [[10.0] * 5] * 2
    assert not caplog.records


def test_what_is_cut_does_not_depend_on_who_else_asks():
    problem, request = wide(8, limit=27.0, people=5)  # of whom three come to 27 by two changes
    factual = torch.arange(40.0).reshape(5, 8) % 7 % 3
    request = replace(request, factual=factual)
    together = cheapest_actions(problem, request, 21, most=2_000)
    assert together.solved.tolist() == [False, True, True, False, True]
    for i in range(5):
        alone = cheapest_actions(problem, request[i : i + 1], 21, most=2_000)
        assert torch.equal(alone.values[0], together.values[i])
        assert torch.equal(alone.outcome[0], together.outcome[i])


def test_cut_search_is_the_best_of_few_changes():
    draws = torch.Generator().manual_seed(0)
    costs = torch.randint(1, 6, (3, 6, 5), generator=draws).double()
    costs[..., 0] = 0
    options = Options(torch.arange(6), torch.zeros_like(costs), costs)
    table = torch.rand(3, 5**6, generator=draws) < 0.002
    powers = 5 ** torch.arange(6).flip(0)
    search = Search(
        options, lambda people, digits: table[people, (digits * powers).sum(-1)], first=1, most=2_000, sums=9
    )
    solved, digits = search.run()
    assert search.cut == dict.fromkeys(range(3), 3)
    for person in range(3):
        keys = [
            (sum(float(costs[person, slot, p]) for slot, p in enumerate(pick)), sum(p > 0 for p in pick), pick)
            for code, pick in enumerate(itertools.product(range(5), repeat=6))
            if table[person, code] and sum(p > 0 for p in pick) <= 3
        ]
        assert bool(solved[person]) == bool(keys)
        if keys:
            assert tuple(digits[person].tolist()) == min(keys)[2]


@pytest.mark.parametrize("widths", [[3, 1, 4, 2], [2, 2], [5]])
def test_combinations_of_few_changes_are_counted_and_listed(widths):
    everything = numbered(widths, 0, int(torch.tensor(widths).prod()))
    assert everything.tolist() == [list(pick) for pick in itertools.product(*map(range, widths))]
    for changes in range(len(widths) + 1):
        found = combined([torch.arange(1, width) for width in widths], changes)
        expected = everything[(everything > 0).sum(1) <= changes]
        assert sorted(found.tolist()) == expected.tolist()
        assert count(widths, changes) == len(expected)


def test_where_two_changes_are_too_many_features_have_fewer_options():
    changes, options = few_changes([1001] * 20, 1_000_000)
    assert changes == 2
    assert 900_000 < count([len(picks) + 1 for picks in options], 2) <= 1_000_000
    assert {options[0][0].item(), options[0][-1].item()} == {1, 1000}


@pytest.mark.parametrize("most", [0, 999, 2.5, True, 10**9])
def test_wrong_most_is_refused(most):
    with pytest.raises(ArenaError, match="most must be a whole number from 1000 to 100000000"):
        Grid(most=most)
