"""Composed menus, held to the best of all menus of towns where each can be tried."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch
from menu_towns import FEATURES, Rule, answers, asking, every_action, town

from recourse_arena import ArenaError, Groups, Menu, MenuAsked, Move, NearestCentre, OneCluster, Request
from recourse_arena_grid import Grid
from recourse_arena_menus import Climb, FacilityMenu, Individual
from recourse_arena_menus.audience import Audience
from recourse_arena_menus.composing import Composer, Wish
from recourse_arena_menus.effects import Effects
from recourse_arena_menus.ladders import Ladders
from recourse_arena_menus.search.summarising import as_actions

RUNGS = 4


def composer_of(problem, size: int = 2, **wish) -> Composer:
    """Return a composer whose table holds every action of the ladders."""
    ladders = Ladders.of(problem, RUNGS, bounds=True)
    effects = Effects(problem, ladders, Audience.of(problem, seed=0))
    effects.ask(every_action(problem, RUNGS, bounds=True))
    return Composer(effects, Wish(problem.menu, **wish), size, seed=0)


def every_menu(composer: Composer, size: int) -> torch.Tensor:
    return torch.tensor(list(itertools.combinations(range(len(composer.effects)), size)))


def losses_of(problem, menu: Menu) -> list[float]:
    """Return for each group the mean of what its refused people pay for the menu, 1 for nothing."""
    audience = Audience.of(problem, seed=0)
    request = audience.request
    offers = menu.offers(request.factual, FEATURES, request.actionable, request.box)
    paid = torch.ones(len(request), dtype=torch.float64)
    for a in range(menu.size):
        cost = request.cost(offers.values[:, a], offers.mask[:, a]).double()
        works = offers.available[:, a] & problem.decisions.accepts(offers.values[:, a])
        works &= cost <= (problem.menu.budget if problem.menu else float("inf"))
        paid = torch.where(works, torch.minimum(paid, cost), paid)
    return [float(paid[audience.group == g].mean()) for g in audience.group.unique()]


def loss_of(problem, menu: Menu) -> float:
    """Return the mean over groups."""
    losses = losses_of(problem, menu)
    return sum(losses) / len(losses)


def composed(problem, size: int = 2, **options) -> Menu:
    solver = FacilityMenu(rungs=RUNGS, **options)
    solver.fit(asking(problem, size=size).seen_by(solver.knows), seed=0)
    return solver.menu


def everybody(problem, seed: int = 0) -> Request:
    factual = problem.asking(problem.training)
    drawn = problem.draw(len(factual), torch.Generator().manual_seed(seed))
    return problem.request(factual, drawn, plausibility=False, menu=problem.menu)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("exact", [False, True])
def test_the_average_person_of_the_average_group_pays_what_the_best_of_all_menus_asks(seed, exact):
    problem = town(seed, most=2 + seed % 2)
    composer = composer_of(problem)
    best = float(composer.losses(every_menu(composer, 2)).min())
    assert loss_of(problem, composed(problem, exact=exact)) == pytest.approx(best, abs=1e-6)


def test_integer_programming_proves_its_bound():
    problem = town(1)
    solver = FacilityMenu(rungs=RUNGS, exact=True)
    solver.fit(problem.seen_by(solver.knows), seed=0)
    assert solver.bound == pytest.approx(loss_of(problem, solver.menu), abs=1e-5)
    assert FacilityMenu().bound is None


def test_a_coarse_ladder_and_neighbours_come_close_to_all_actions():
    problem = town(2, people=300)
    composer = composer_of(problem)
    best = float(composer.losses(every_menu(composer, 2)).min())
    few = composed(problem, coarse=20)
    assert loss_of(problem, few) <= best * 1.05


@pytest.mark.parametrize("size", [1, 2, 3])
def test_one_action_for_each_group_is_the_best_for_each(size):
    problem = asking(town(3), objective="ee-macro", size=size)
    composer = composer_of(problem, size)
    cost = composer.cost()
    each = cost.amin(0).mean() if size > 1 else cost.mean(1).min()
    menu = composed(problem, size)
    assert menu.size == size
    assert int(menu.there.sum()) <= min(size, 2)
    numbers = composer.effects.add(Menu(menu.moves[:, menu.there[0]], menu.amounts[:, menu.there[0]]))
    assert float(composer.losses(numbers[None])[0]) == pytest.approx(float(each), abs=1e-9)


def test_where_one_action_is_for_all_getting_nothing_costs_ten_times_the_dearest_move():
    for objective, price, times in (("ee-micro", None, 1), ("ee-macro", None, 10), ("ee-macro", 2.0, 2)):
        composer = composer_of(asking(town(0, most=1), objective=objective), price=price)
        assert composer.loss([]) == composer.aim.nothing == times * composer.audience.dearest
        cost, rates = composer.cost(), composer.effects.rates
        nobody = (rates == 0).all(1)
        assert nobody.any()
        assert cost[nobody].numpy() == pytest.approx(composer.aim.nothing)
        assert float(cost.max()) == pytest.approx(composer.aim.nothing)


def test_numbers_become_at_least_or_at_most_a_value_unless_they_may_only_be_added():
    problem = town(1, people=300)
    menus = [composed(problem, size=6, bounds=bounds) for bounds in (True, False)]
    bound = [bool(torch.isin(menu.moves[..., 1], torch.tensor([Move.AT_LEAST, Move.AT_MOST])).any()) for menu in menus]
    assert bound == [True, False]
    assert loss_of(problem, menus[0]) < loss_of(problem, menus[1])


@pytest.mark.parametrize(("option", "value"), [("bounds", "yes"), ("price", 0.5), ("price", True)])
def test_options_that_make_no_sense_are_refused(option, value):
    with pytest.raises(ArenaError, match=f"solver menu: {option} must be"):
        FacilityMenu(**{option: value})


@pytest.mark.parametrize("objective", ["ecr", "hybrid"])
@pytest.mark.parametrize("exact", [False, True])
def test_each_action_is_a_choice_of_every_group_and_the_menu_is_full_and_best_of_such(objective, exact):
    problem = asking(town(0), objective=objective, share=0.4)
    composer = composer_of(problem)
    fit = (composer.effects.rates >= 0.45).all(1)
    assert 2 < int(fit.sum()) < len(fit)
    menus = every_menu(composer, 2)
    menus = menus[fit[menus].all(1)]
    best = float(composer.losses(menus).min())
    menu = composed(problem, exact=exact)
    assert menu.there.all()
    numbers = composer.effects.add(menu)
    assert (composer.effects.rates[numbers] >= 0.45).all()
    assert loss_of(problem, menu) == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("objective", ["ecr", "hybrid"])
def test_where_nothing_is_a_choice_of_every_group_there_is_a_menu_all_the_same(objective):
    problem = asking(town(0, most=1), objective=objective, share=1.0)
    composer = composer_of(problem)
    least = composer.effects.rates.amin(1)
    assert (least < 1).all()
    menu = composed(problem)
    numbers = composer.effects.add(menu)
    if objective == "ecr":
        assert composer.effects.rates[numbers].amin(1).min() >= least.sort(descending=True).values[1]
    else:
        best = float(composer.losses(every_menu(composer, 2)).min())
        assert loss_of(problem, menu) == pytest.approx(best, abs=1e-6)


def test_the_group_that_fares_worst_comes_first():
    better = 0
    for seed in range(4):
        problem = town(seed, most=2, rule=Rule(north=1.5))
        composer = composer_of(problem)
        paid, group = composer.cost(every_menu(composer, 2)).amin(1), composer.audience.group
        worst = torch.stack([paid[:, group == g].mean(1) for g in range(2)], 1).amax(1)
        fair, usual = (max(losses_of(problem, composed(problem, fair=fair))) for fair in ("worst", "none"))
        assert fair == pytest.approx(float(worst.min()), abs=1e-6)
        better += fair < usual - 1e-6
    assert better


def test_a_bound_on_the_gap_is_kept_and_is_the_best_that_keeps_it():
    problem = asking(town(0, most=1), size=1)
    composer = composer_of(problem, 1)
    shares = composer.effects.shares(torch.arange(len(composer.effects))[:, None])
    gaps = shares.amax(1) - shares.amin(1)
    free = composed(problem, 1)
    limit = 0.01
    loss = composer.losses(torch.arange(len(gaps))[:, None])
    menu = composed(problem, 1, pd=limit)
    kept = gaps <= limit
    assert loss_of(problem, menu) == pytest.approx(float(loss[kept].min()), abs=1e-6)
    assert loss_of(problem, menu) > loss_of(problem, free)


def test_what_costs_more_than_the_budget_is_no_recourse():
    problem = town(1)
    dear = composed(problem)
    cheap = composed(asking(problem, budget=0.2))
    request = everybody(asking(problem, budget=0.2))
    for menu in (dear, cheap):
        solver = FacilityMenu()
        solver.restore(problem, menu.state())
        answer = solver.recommend(request)
        assert (request.cost(answer.values, answer.mask)[answer.solved] <= 0.2).all()
    assert loss_of(asking(problem, budget=0.2), cheap) < loss_of(asking(problem, budget=0.2), dear)


def test_where_people_may_act_on_one_feature_alone_menus_are_composed_for_that():
    problem = town(0)
    free, few = composed(problem), composed(replace(problem, sparsity=1))
    assert bool(((free.moves != 0).sum(-1) > 1).any()), "the town says nothing: one feature is enough there"
    request = replace(everybody(problem), sparsity=1)
    helped = []
    for menu in (free, few):
        solver = FacilityMenu()
        solver.restore(problem, menu.state())
        answer = solver.recommend(request)
        assert (answer.mask.sum(1) <= 1).all()
        helped.append(int(answer.solved.sum()))
    assert helped == [36, 53]  # of 56


def test_clusters_have_menus_of_their_own_and_people_are_told_theirs():
    problem = asking(town(0, people=400), clusters=3)
    menu = composed(problem)
    assert menu.clusters == 3
    assert isinstance(menu.rule, NearestCentre)
    assert menu.there.any(1).all()
    assert len({tuple(map(tuple, moves)) for moves in menu.amounts.tolist()}) == 3
    whole = composed(asking(problem, clusters=1))
    assert isinstance(whole.rule, OneCluster)
    request = everybody(problem)
    assert sorted(menu.cluster_of(request.factual, FEATURES).unique().tolist()) == [0, 1, 2]


def test_more_clusters_than_people_differ_leave_lists_empty():
    problem = asking(town(0, people=12), clusters=50)
    menu = composed(problem)
    assert menu.clusters == 50
    assert not menu.there.all()


def test_the_same_seed_composes_the_same_menu():
    for solver in (FacilityMenu(rungs=RUNGS, people=10), Climb(menus=50, rungs=RUNGS)):
        menus = []
        for seed in (0, 0, 1):
            torch.manual_seed(len(menus))
            solver.fit(town(4, most=2).seen_by(solver.knows), seed=seed)
            menus.append(solver.menu)
        assert all(menus[0].state()[name].equal(menus[1].state()[name]) for name in menus[0].state())
        assert not all(menus[0].state()[name].equal(menus[2].state()[name]) for name in menus[0].state())


@pytest.mark.parametrize("make", [FacilityMenu, lambda **how: Climb(menus=300, **how)])
def test_nobody_is_told_to_do_what_they_ruled_out_or_to_unlearn_and_homes_are_homes(make):
    problem = town(5, people=200, most=2)
    solver = make(rungs=RUNGS)
    solver.fit(problem.seen_by(solver.knows), seed=0)
    request = everybody(problem, seed=3)
    answer = solver.recommend(request)
    assert answer.solved.any()
    assert not (answer.mask & ~request.actionable).any()
    assert (answer.values[:, 2] >= request.factual[:, 2])[answer.solved].all()
    moves, homes = solver.menu.moves[..., 3].flatten().tolist(), solver.menu.amounts[..., 3].flatten().tolist()
    assert set(moves) <= {Move.LEAVE, Move.SET}
    assert set(homes) <= {0.0, 1.0, 2.0}


def test_one_person_is_advised_as_among_others():
    problem = town(5, most=2)
    solver = FacilityMenu(rungs=RUNGS)
    solver.fit(problem.seen_by(solver.knows), seed=0)
    request = everybody(problem, seed=3)
    answer = solver.recommend(request)
    for i in range(0, len(request), 7):
        alone = solver.recommend(request[i : i + 1])
        assert alone.pick.equal(answer.pick[i : i + 1])
        assert alone.values.equal(answer.values[i : i + 1])


def test_nobody_pays_less_with_a_menu_than_with_their_own_cheapest_rung():
    dearer = 0
    for seed in range(4):
        problem = asking(town(seed, most=2 + seed % 2), size=3)
        own, menu = Individual(rungs=RUNGS), FacilityMenu(rungs=RUNGS)
        request = everybody(problem, seed=seed)
        for solver in (own, menu):
            solver.fit(problem.seen_by(solver.knows), seed=0)
        costs = []
        for solver in (own, menu):
            answer = solver.recommend(request)
            cost = request.cost(answer.values, answer.mask).double()
            costs.append(torch.where(answer.solved, cost, torch.inf))
        assert (costs[0] <= costs[1] + 1e-6).all()
        dearer += int((costs[0] < costs[1] - 1e-6).sum())
        table = Effects(
            problem, Ladders.of(problem, RUNGS, bounds=True), replace(Audience.of(problem, seed=0), request=request)
        )
        table.ask(every_action(problem, RUNGS, bounds=True))
        each = torch.where(table.works, table.cost.double(), torch.inf).amin(0)
        torch.testing.assert_close(costs[0], each, atol=1e-6, rtol=0)
    assert dearer


def test_a_menu_of_as_many_actions_as_are_needed_is_everybodys_own():
    problem = asking(town(1, people=30), size=12)
    own, menu = Individual(rungs=RUNGS), FacilityMenu(rungs=RUNGS)
    request = Audience.of(problem, seed=0).request
    for solver in (own, menu):
        solver.fit(problem.seen_by(solver.knows), seed=0)
    one, other = own.recommend(request), menu.recommend(request)
    assert one.outcomes == other.outcomes
    torch.testing.assert_close(request.cost(one.values, one.mask), request.cost(other.values, other.mask))


def test_people_of_several_groups_count_as_groups_do():
    problem = town(0, people=240)
    cells = Groups(("a", "b", "c"), torch.arange(240) % 3)
    menu = composed(replace(problem, protected=cells))
    composer = composer_of(replace(problem, protected=cells))
    best = float(composer.losses(every_menu(composer, 2)).min())
    assert loss_of(replace(problem, protected=cells), menu) == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fair": "best"}, "unknown fairness of solver menu"),
        ({"pd": 2.0}, "pd must be a number from 0 to 1"),
        ({"exact": 1}, "exact must be true or false"),
        ({"exact": True, "pd": 0.1}, "leave out fair and pd"),
        ({"seconds": 0}, "seconds must be a number above 0"),
        ({"rungs": 1}, "rungs must be a whole number from 2 to 1000"),
        ({"people": 3}, "people must be"),
    ],
)
def test_what_menu_cannot_do_is_said(options, message):
    with pytest.raises(ArenaError, match=message):
        FacilityMenu(**options)


def test_a_bound_on_people_with_recourse_does_not_go_with_whole_groups():
    problem = asking(town(), objective="ee-macro")
    with pytest.raises(ArenaError, match="ee-macro is about whole groups"):
        composed(problem, pd=0.1)


def test_where_nothing_can_be_moved_the_menu_is_empty():
    problem = town(0, people=60)
    home = replace(FEATURES["home"], role=FEATURES["district"].role)
    features = replace(FEATURES, features=(*FEATURES.features[:3], home))
    narrow = replace(problem, features=features, box=problem.box.spanning(problem.training.x[:1], features))
    for solver in (FacilityMenu(rungs=RUNGS), Climb(menus=20)):
        solver.fit(narrow.seen_by(solver.knows), seed=0)
        assert not solver.menu.there.any()
    assert MenuAsked().size == 4
    assert answers(3, torch.Generator(), 3).mask.sum(1).tolist() == [3, 3, 3]


@pytest.mark.parametrize("other", ["individual?rungs=4", "grid?points=5"])
def test_the_advice_of_another_solver_is_summarised(other, monkeypatch):
    solvers = {"individual?rungs=4": Individual(rungs=RUNGS), "grid?points=5": Grid(points=5)}
    monkeypatch.setattr("recourse_arena.solver", solvers.__getitem__)
    problem = town(1, most=2)
    menu = composed(problem, from_=other)
    request = Audience.of(problem, seed=0).request
    own = solvers[other]
    own.fit(problem.seen_by(own.knows), seed=0)
    advice = own.recommend(replace(request, menu=None))
    advised = as_actions(request, advice)
    again = advised.offers(request.factual, FEATURES, request.actionable, request.box)
    same = (again.values == torch.where(advice.mask, advice.values, request.factual)[:, None]).all(2)
    assert (same.any(1) | ~advice.solved).all()
    composer = composer_of(problem)
    numbers = composer.effects.add(advised)
    pairs = torch.combinations(numbers, 2)
    assert loss_of(problem, menu) == pytest.approx(float(composer.losses(pairs).min()), abs=1e-6)
    if other.startswith("individual"):
        assert loss_of(problem, composed(problem)) <= loss_of(problem, menu) + 1e-9


def test_only_advice_for_each_person_is_summarised():
    class Other:
        composes = True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recourse_arena.solver", lambda name: Other())
        with pytest.raises(ArenaError, match="advises each person, not 'climb'"):
            FacilityMenu(from_="climb")
