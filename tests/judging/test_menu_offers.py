"""The judge applies what is on a menu itself, and takes nobody's word for a pick."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
import torch
from frames import framed
from small_tables import table_problem, table_request

from recourse_arena import ArenaError, Menu, MenuAsked, MenuSolver, Move, Recommendation
from recourse_arena.execution.guard.broken_constraints import broken_constraints
from recourse_arena.execution.guard.composed_menu import check_composed
from recourse_arena.judging.advice_table import as_advice, as_recommendation
from recourse_arena.judging.judge import Judge
from recourse_arena.models.causal.no_effects import NoEffects
from recourse_arena.storage.task_result import AdviceResult

PROBLEM = table_problem(4)
FEATURES = PROBLEM.features
REQUEST = replace(table_request(PROBLEM, 60), menu=MenuAsked(3))
JUDGE = framed(Judge(PROBLEM.decisions, NoEffects(), None, None, neighbours=PROBLEM.neighbours))


def a_menu(*changes, clusters=1):
    moves, amounts = (
        torch.zeros(clusters, len(changes), len(FEATURES)),
        torch.zeros(clusters, len(changes), len(FEATURES)),
    )
    for a, action in enumerate(changes):
        for name, (move, amount) in action.items():
            moves[:, a, FEATURES.index(name)], amounts[:, a, FEATURES.index(name)] = int(move), amount
    return Menu(moves.to(torch.int8), amounts.double())


MENU = a_menu(
    {"debt": (Move.ADD, -0.5)}, {"home": (Move.SET, 1), "debt": (Move.ADD, -1.0)}, {"open": (Move.AT_LEAST, 3)}
)


class Given(MenuSolver):
    name = "given"

    def compose(self, problem, *, size, clusters, seed):
        return MENU


SOLVER = Given()
SOLVER.fit(PROBLEM, seed=0)
ADVICE = SOLVER.recommend(REQUEST)


def test_the_judge_counts_what_a_loop_over_people_and_actions_finds():
    people, offers = JUDGE(REQUEST, ADVICE), MENU.offers(REQUEST.factual, FEATURES, REQUEST.actionable, REQUEST.box)
    assert people["pick"].notna().any()
    for i in range(len(REQUEST)):
        works, costs = [], []
        for n in range(MENU.size):
            alone = replace(REQUEST[i : i + 1], menu=None)
            action = Recommendation.do(offers.mask[i : i + 1, n], offers.values[i : i + 1, n])
            good = bool(offers.available[i, n]) and bool(JUDGE(alone, action)["valid"][0])
            works.append(good)
            costs.append(float(alone.cost(action.values, action.mask)[0]) if good else float("inf"))
        assert people["choices"][i] == sum(works)
        assert people["available"][i] == int(offers.available[i].sum())
        assert [bool(people[f"offer_works_{n + 1}"][i]) for n in range(MENU.size)] == works
        assert bool(people["valid"][i]) == any(works)
        if any(works):
            assert people["weighted_cost"][i] == pytest.approx(min(costs))
            assert costs[int(people["pick"][i]) - 1] == min(costs)
        else:
            assert people["pick"].isna()[i]


def test_advice_does_not_depend_on_who_else_asks():
    for i in range(0, len(REQUEST), 7):
        alone = SOLVER.recommend(REQUEST[i : i + 1])
        assert torch.equal(alone.pick, ADVICE.pick[i : i + 1])
        assert torch.equal(alone.values, ADVICE.values[i : i + 1])


def picked():
    return int((ADVICE.pick >= 0).nonzero()[0])


def broken(advice, request=REQUEST):
    return JUDGE(request, advice)["violations"][picked()]


def test_an_action_off_the_menu_is_a_violation():
    assert broken(ADVICE) == 0
    moved = ADVICE.values.clone()
    moved[ADVICE.mask] = moved[ADVICE.mask] - 0.01
    assert (
        broken(replace(ADVICE, values=torch.where(FEATURES.whole, ADVICE.values, moved))) > 0
        or broken(replace(ADVICE, values=moved)) > 0
    )
    assert broken(replace(ADVICE, pick=(ADVICE.pick + 1) % 3)) == 1
    assert broken(replace(ADVICE, pick=torch.full_like(ADVICE.pick, -1))) == 1
    assert broken(replace(ADVICE, pick=torch.full_like(ADVICE.pick, 99))) == 1
    assert broken(Recommendation(ADVICE.mask, ADVICE.values, ADVICE.outcome)) == 1  # an action of one's own


def test_a_longer_list_more_clusters_or_a_cost_above_the_budget_is_a_violation():
    assert broken(ADVICE, replace(REQUEST, menu=MenuAsked(2))) == 1
    two = replace(ADVICE, menu=Menu(MENU.moves.repeat(2, 1, 1), MENU.amounts.repeat(2, 1, 1)))
    assert broken(two) == 1
    assert broken(two, replace(REQUEST, menu=MenuAsked(3, 2))) == 0
    paid = JUDGE(REQUEST, ADVICE)["weighted_cost"][picked()]
    poor = replace(REQUEST, menu=MenuAsked(3, budget=paid / 2))
    assert broken(ADVICE, poor) == 1
    cheaper = SOLVER.recommend(poor)
    assert not cheaper.solved[picked()] or JUDGE(poor, cheaper)["weighted_cost"][picked()] <= paid / 2
    assert JUDGE(poor, cheaper)["violations"].max() == 0


def test_without_a_menu_nothing_of_it_is_recorded():
    plain = replace(REQUEST, menu=None)
    assert "pick" not in JUDGE(plain, Recommendation(ADVICE.mask, ADVICE.values, ADVICE.outcome))
    assert JUDGE(plain, ADVICE)["violations"].max() == 0


def test_advice_that_was_kept_is_judged_alike():
    given = AdviceResult(as_advice(REQUEST, ADVICE), {}, (), ADVICE.menu.said())
    kept = AdviceResult.of(given.table, json.loads(json.dumps(given.said())))
    menu = Menu.read(kept.menu, FEATURES)
    again = as_recommendation(kept.advice, FEATURES.names, menu)
    pd.testing.assert_frame_equal(JUDGE(REQUEST, again), JUDGE(REQUEST, ADVICE))
    with pytest.raises(ArenaError, match="come together"):
        as_recommendation(kept.advice, FEATURES.names)


@pytest.mark.parametrize("asked", [MenuAsked(2), MenuAsked(3)])
def test_nothing_works_of_a_menu_that_is_longer_than_asked_for(asked):
    menu = MENU if asked.size == 2 else Menu(MENU.moves.repeat(2, 1, 1), MENU.amounts.repeat(2, 1, 1))
    request = replace(REQUEST, menu=asked)
    people = JUDGE(request, replace(ADVICE, menu=menu))
    assert ADVICE.solved.any()
    assert (people["choices"] == 0).all()
    assert not any(people[f"offer_works_{n + 1}"].any() for n in range(MENU.size))
    (note,) = broken_constraints(request, replace(ADVICE, menu=menu), "given")
    assert (note.text, note.people) == ("acted against constraints: off the menu", int(ADVICE.solved.sum()))


def test_what_is_on_the_menu_is_no_note():
    assert broken_constraints(REQUEST, ADVICE, "given") == ()


def test_compose_returns_a_menu_or_is_told():
    class Careless(Given):
        def compose(self, problem, *, size, clusters, seed):
            return {"moves": 1}

    with pytest.raises(ArenaError, match=r"compose of solver given: expected a recourse_arena\.Menu, got dict"):
        Careless().fit(PROBLEM, seed=0)


def test_people_pick_from_the_menu_that_was_composed():
    check_composed(MENU, SOLVER.state(), FEATURES)
    other = a_menu({"debt": (Move.ADD, -0.6)}, {"debt": (Move.ADD, -1.0)}, {"open": (Move.AT_LEAST, 3)})
    with pytest.raises(ArenaError, match="another menu"):
        check_composed(other, SOLVER.state(), FEATURES)
    with pytest.raises(ArenaError, match="keeps no menu"):
        check_composed(MENU, {}, FEATURES)
