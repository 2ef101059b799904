"""The published rewards of menus, step by step, and climbing on them."""

from __future__ import annotations

import pytest
import torch
from menu_towns import asking, every_action, town

from recourse_arena import ArenaError, Menu
from recourse_arena_menus import Climb, FacilityMenu
from recourse_arena_menus.audience import Audience
from recourse_arena_menus.composing import Composer, Wish
from recourse_arena_menus.effects import Effects
from recourse_arena_menus.ladders import Ladders
from recourse_arena_menus.rewards import Rewards

RUNGS = 4


def composer_of(problem) -> Composer:
    ladders = Ladders.of(problem, RUNGS)
    effects = Effects(problem, ladders, Audience.of(problem, seed=0))
    effects.ask(torch.cat([ladders.home[None], every_action(problem, RUNGS)]))
    return Composer(effects, Wish(problem.menu), problem.menu.size, seed=0)


def by_hand(effects: Effects, menu: list[int], objective: str, phi: float) -> tuple[float, bool]:
    """Return the reward of a menu as its definition says it, number by number."""
    groups = range(len(effects.audience.names))
    members = [(effects.audience.group == g).nonzero()[:, 0].tolist() for g in groups]
    works = {a: [[bool(effects.works[a, i]) for i in some] for some in members] for a in set(menu)}
    rate = {a: [sum(some) / len(some) for some in works[a]] for a in set(menu)}
    micro = [sum(any(works[a][g][i] for a in menu) for i in range(len(members[g]))) / len(members[g]) for g in groups]
    share = [max(rate[a][g] for a in menu) for g in groups] if objective == "ee-macro" else micro
    sr, pd = sum(share) / 2, max(share) - min(share)
    count = [sum(rate[a][g] >= phi for a in set(menu)) for g in groups]
    kappa = [k / len(menu) for k in count]
    limit = {"ee-macro": 0.3, "ecr": phi}.get(objective, 1e-12)
    active = [a for a in menu if max(rate[a]) >= limit]
    cost = {a: float(effects.mean_cost[a]) for a in set(menu)}
    others = [a for a in menu if a not in active]
    dear = sum(cost[a] for a in active) / max(1, len(active)) + 0.8 * sum(cost[a] for a in others) / max(1, len(others))
    rho = len(active) / len(menu)
    equal, chosen = sr >= 0.75 and pd <= 0.09, min(count) >= 1 and count[0] == count[1]
    if objective == "ecr":
        return 50 * (2.5 * sum(kappa) + rho - abs(kappa[0] - kappa[1])) - 50 * dear + 1000 * chosen, chosen
    reward, success = 50 * (1.1 * sr + rho - pd) - 50 * dear, equal
    if objective == "hybrid":
        reward, success = reward + 50 * (1.5 * sum(kappa) - abs(kappa[0] - kappa[1])), equal and chosen
    return reward + 1000 * success, success


@pytest.mark.parametrize("objective", ["ee-micro", "ee-macro", "ecr", "hybrid"])
def test_rewards_are_as_published(objective):
    problem = asking(town(0, people=300), objective=objective, share=0.5, size=3)
    composer = composer_of(problem)
    menus = torch.randint(len(composer.effects), (60, 3), generator=torch.Generator().manual_seed(1))
    menus[0], menus[1], menus[2, 1] = 0, int(composer.effects.rates.amin(1).argmax()), menus[2, 0]
    rewards, success = Rewards(composer.effects, problem.menu)(menus)
    for row, menu in enumerate(menus.tolist()):
        reward, reached = by_hand(composer.effects, menu, objective, 0.5)
        assert float(rewards[row]) == pytest.approx(reward, abs=1e-6)
        assert bool(success[row]) == reached
    assert success.any()
    assert not success.all()


@pytest.mark.parametrize("objective", ["ee-micro", "ecr", "hybrid"])
def test_climbing_finds_a_success_that_is_nearly_as_good_as_the_best_menu(objective):
    problem = asking(town(0, people=200), objective=objective, share=0.4, size=2)
    solver, best = Climb(menus=2000, chains=4, rungs=RUNGS), FacilityMenu(rungs=RUNGS)
    composer = composer_of(problem)
    found = []
    for one in (solver, best):
        one.fit(problem.seen_by(one.knows), seed=0)
        numbers = composer.effects.add(one.menu)
        found.append(float(composer.losses(numbers[None])[0]))
        if one is solver:
            assert bool(Rewards(composer.effects, problem.menu)(numbers[None])[1])
    assert found[0] <= found[1] + 0.1


def test_more_menus_are_never_worse_and_no_menu_is_tried_beyond_what_is_asked(monkeypatch):
    problem = town(1)
    tried: list[int] = []

    class Counting(Rewards):
        def __call__(self, menus):
            tried.append(len(menus))
            return super().__call__(menus)

    monkeypatch.setattr("recourse_arena_menus.search.climbing.Rewards", Counting)
    losses = []
    for menus in (40, 400, 2000):
        tried.clear()
        solver = Climb(menus=menus, chains=4, rungs=RUNGS)
        solver.fit(problem.seen_by(solver.knows), seed=0)
        assert sum(tried[1:]) == menus
        composer = composer_of(problem)
        losses.append(float(composer.losses(composer.effects.add(solver.menu)[None])[0]))
    assert losses[0] >= losses[1] >= losses[2]


def test_where_nothing_succeeds_the_menu_of_the_highest_reward_is_the_answer():
    problem = asking(town(0, people=200, most=1), objective="ecr", share=1.0)
    solver = Climb(menus=200, rungs=RUNGS)
    solver.fit(problem.seen_by(solver.knows), seed=0)
    assert isinstance(solver.menu, Menu)


@pytest.mark.parametrize("options", [{"menus": 1}, {"chains": 0}, {"people": True}, {"rungs": 2.5}])
def test_what_climb_cannot_do_is_said(options):
    with pytest.raises(ArenaError, match="must be a whole number"):
        Climb(**options)
