"""Ladders, whom menus are composed on, and what shared actions do for whom."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from menu_towns import FEATURES, Rule, answers, every_action, town

from recourse_arena import Direction, FeatureTable, Groups, Kind, Knowledge, MenuAsked, Move, People
from recourse_arena.problem.cost import Cost
from recourse_arena_menus.audience import Audience
from recourse_arena_menus.effects import Effects
from recourse_arena_menus.ladders import Ladders


def effects_of(problem, rungs: int = 6, most: int = 1000) -> Effects:
    return Effects(problem, Ladders.of(problem, rungs), Audience.of(problem, seed=0, most=most))


def rungs_of(problem, name: str, rungs: int = 6, *, bounds: bool = False) -> list[tuple[Move, float]]:
    column = problem.features.index(name)
    (ladder,) = [ladder for ladder in Ladders.of(problem, rungs, bounds=bounds).ladders if ladder.column == column]
    return [(Move(move), amount) for move, amount in zip(ladder.moves.tolist(), ladder.amounts.tolist(), strict=True)]


def directed(problem, name: str, direction: Direction):
    table = FeatureTable(tuple(replace(f, direction=direction) if f.name == name else f for f in problem.features))
    return replace(problem, features=table)


def test_numbers_are_added_either_way_ordinals_rise_and_categories_are_set():
    problem = town()
    assert rungs_of(problem, "savings") == [
        *((Move.ADD, float(-amount)) for amount in range(5, 0, -1)),
        (Move.LEAVE, 0.0),
        *((Move.ADD, float(amount)) for amount in range(1, 6)),
    ]
    assert rungs_of(problem, "course") == [(Move.LEAVE, 0.0), (Move.AT_LEAST, 1.0), (Move.AT_LEAST, 2.0)]
    assert rungs_of(problem, "home") == [(Move.LEAVE, 0.0), (Move.SET, 2.0), (Move.SET, 1.0), (Move.SET, 0.0)]


def test_whole_numbers_that_go_one_way_become_at_least_or_at_most_where_they_are_few():
    problem = town()
    up, down = (rungs_of(directed(problem, "savings", way), "savings") for way in (Direction.UP, Direction.DOWN))
    assert up == [(Move.LEAVE, 0.0), *((Move.AT_LEAST, float(value)) for value in range(1, 6))]
    assert down == [*((Move.AT_MOST, float(value)) for value in range(5)), (Move.LEAVE, 0.0)]
    few = rungs_of(directed(problem, "savings", Direction.UP), "savings", rungs=3)
    assert few == [(Move.LEAVE, 0.0), (Move.ADD, 2.0), (Move.ADD, 4.0), (Move.ADD, 5.0)]


@pytest.mark.parametrize("rungs", [3, 6])
def test_numbers_may_also_become_at_least_or_at_most_a_value_the_way_they_may_go(rungs):
    problem = town()
    added, both = rungs_of(problem, "savings", rungs), rungs_of(problem, "savings", rungs, bounds=True)
    low = [rung for rung in both if rung[0] is Move.AT_MOST]
    high = [rung for rung in both if rung[0] is Move.AT_LEAST]
    assert both == [*low, *added, *high]
    values = {3: ([0, 1, 3], [2, 4, 5]), 6: (range(5), range(1, 6))}[rungs]
    assert ([value for _, value in low], [value for _, value in high]) == tuple(map(list, values))
    up = rungs_of(directed(problem, "savings", Direction.UP), "savings", 3, bounds=True)
    assert {move for move, _ in up} == {Move.LEAVE, Move.ADD, Move.AT_LEAST}
    assert rungs_of(problem, "course", rungs, bounds=True) == rungs_of(problem, "course", rungs)


def test_an_ordinal_that_may_go_both_ways_is_at_most_or_at_least_each_level():
    both = rungs_of(directed(town(), "course", Direction.ANY), "course")
    assert both == [
        (Move.AT_MOST, 0.0),
        (Move.AT_MOST, 1.0),
        (Move.LEAVE, 0.0),
        (Move.AT_LEAST, 1.0),
        (Move.AT_LEAST, 2.0),
    ]


def test_rungs_of_a_skewed_number_lead_to_where_accepted_people_are():
    problem = town(people=400)
    x = problem.training.x.clone()
    x[:, 1] = 0
    x[:20, 1] = torch.logspace(2, 4.8, 20).round()
    rich = replace(problem, training=People(x, problem.training.y), box=problem.box.spanning(x, problem.features))
    accepted = rich.decisions.accepts(x)
    wanted = x[accepted, 1].unique()
    found = torch.tensor([amount for move, amount in rungs_of(rich, "savings", 30) if move is Move.ADD and amount > 0])
    assert 10 < len(found) <= 20
    assert ((found[:, None] - wanted).abs().amin(1) <= 100).all()  # rounded up to hundreds


def test_amounts_are_such_as_people_would_write():
    problem = town()
    x = problem.training.x.clone()
    x[:, 1] = torch.linspace(0.0, 29.83, len(x))
    free = FeatureTable(tuple(replace(f, kind=Kind.CONTINUOUS) if f.name == "savings" else f for f in FEATURES))
    problem = replace(problem, features=free, training=People(x, x[:, 0]), box=problem.box.spanning(x, free))
    amounts = [amount for _, amount in rungs_of(problem, "savings", 30)]
    assert len(amounts) == 61
    assert max(amounts) <= 29.83
    assert all(amount == round(amount, 1) for amount in amounts)


def test_as_many_of_each_group_are_taken_and_each_group_counts_as_much():
    problem = town(people=400)
    audience = Audience.of(problem, seed=0, most=80)
    assert audience.sizes.tolist() == [40, 40]
    assert audience.names == ("north", "south")
    assert audience.group.equal(audience.request.factual[:, 0].long())
    torch.testing.assert_close(torch.bincount(audience.group, audience.share), torch.full((2,), 0.5).double())
    small = Groups(("a", "b", "c"), torch.tensor([0] * 380 + [1, 2] * 10))
    assert Audience.of(replace(problem, protected=small), seed=0).names == ("a", "b or c")


def test_without_groups_or_knowledge_of_them_all_are_one():
    problem = town()
    for other in (replace(problem, protected=None), problem.seen_by(frozenset({Knowledge.FLOW}))):
        assert Audience.of(other, seed=0).names == ("everybody",)


def plainly(problem, audience: Audience, moves: list[int], amounts: list[float], i: int) -> tuple[float, bool]:
    """Return cost (infinite if the action is not theirs) and effect of one action for one person, step by step."""
    request, now = audience.request, audience.request.factual[i].tolist()
    after = list(now)
    for j, (move, amount) in enumerate(zip(moves, amounts, strict=True)):
        wanted = {
            Move.LEAVE: now[j],
            Move.ADD: now[j] + amount,
            Move.SET: amount,
            Move.AT_LEAST: max(now[j], amount),
            Move.AT_MOST: min(now[j], amount),
        }[Move(move)]
        if wanted != now[j] and not request.actionable[i, j]:
            return float("inf"), False
        after[j] = min(max(wanted, float(request.box.lower[i, j])), float(request.box.upper[i, j]))
    if after == now:
        return float("inf"), False
    span = [1.0, float(problem.cost.scale[1]), float(problem.cost.scale[2]), 1.0]
    parts = [float(after[j] != now[j]) if j == 3 else abs(after[j] - now[j]) / span[j] for j in range(4)]
    cost = sum(part * float(weight) for part, weight in zip(parts, request.weights[i], strict=True)) / 3
    few = problem.sparsity is None or sum(a != b for a, b in zip(after, now, strict=True)) <= problem.sparsity
    return cost, few and bool(problem.decisions.accepts(torch.tensor([after]))[0])


@pytest.mark.parametrize(("budget", "sparsity"), [(float("inf"), None), (0.25, None), (float("inf"), 1)])
def test_the_table_says_what_each_action_does_for_whom_as_doing_it_would(budget, sparsity):
    problem = replace(town(people=60, most=2, asked=MenuAsked(size=2, budget=budget)), sparsity=sparsity)
    table, audience = effects_of(problem), Audience.of(problem, seed=0)
    actions = every_action(problem, 6)[::7]
    numbers = table.ask(actions)
    moves, amounts = table.ladders.spelt(actions)
    for row in range(len(actions)):
        for i in range(len(audience)):
            cost, works = plainly(problem, audience, moves[row].tolist(), amounts[row].tolist(), i)
            assert float(table.cost[numbers[row], i]) == pytest.approx(cost, rel=1e-5)
            assert bool(table.works[numbers[row], i]) == (works and cost <= budget)
    assert (~table.cost.isfinite()).any()
    assert table.works.any()


def test_shares_of_menus_and_rates_of_actions_are_counted_by_group():
    problem = town(people=300, most=2)
    table = effects_of(problem)
    numbers = table.ask(every_action(problem, 6))
    menus = numbers[torch.randint(len(numbers), (50, 3), generator=torch.Generator().manual_seed(0))]
    helped, group = table.works[menus].any(1), table.audience.group
    for g in range(2):
        torch.testing.assert_close(table.shares(menus)[:, g], helped[:, group == g].double().mean(1))
        torch.testing.assert_close(table.rates[:, g], table.works[:, group == g].double().mean(1))
    there = table.cost.isfinite()
    mean = torch.where(there, table.cost, 0.0).double().sum(1) / there.sum(1)
    torch.testing.assert_close(table.mean_cost, mean.nan_to_num(0.0))


def test_each_action_is_decided_once():
    rule = Rule()
    problem = town(rule=rule)
    table = effects_of(problem)
    actions = every_action(problem, 6)[:40]
    rule.asked = 0
    first = table.ask(torch.cat([actions[:30], actions[:30]]))
    asked = rule.asked
    assert 0 < asked <= 30 * len(table.audience)
    assert table.ask(actions[:30]).equal(first[:30])
    assert rule.asked == asked
    assert first[30:].equal(first[:30])
    assert table.ask(actions[None, 25:])[0, :5].equal(first[25:30])
    assert len(table) == 40
    assert table.actions[table.ask(actions)].equal(actions)


def test_actions_off_the_ladders_have_numbers_too():
    problem = town()
    table = effects_of(problem)
    numbers = table.ask(every_action(problem, 6)[:20])
    again = table.add(table.ladders.menu(every_action(problem, 6)[:20]))
    assert again.tolist() == list(range(20, 40))
    assert table.works[again].equal(table.works[numbers])
    assert table.cost[again].equal(table.cost[numbers])


def test_nothing_costs_no_less_than_any_action():
    problem = town()
    dear = replace(problem, cost=Cost.fitted(problem.training.x, problem.training.y == 0, FEATURES, "l1"))
    assert Audience.of(problem, seed=0).dearest == 1.0
    table = effects_of(dear)
    table.ask(every_action(dear, 6))
    assert table.audience.dearest >= float(table.cost[table.cost.isfinite()].max()) > 1.0


def test_towns_answer_as_they_are_asked():
    drawn = answers(50, torch.Generator().manual_seed(0), 2).mask.sum(1)
    assert sorted(drawn.unique().tolist()) == [1, 2]
