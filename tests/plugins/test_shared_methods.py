"""GLOBE-CE, AReS and explanation trees as menus: each keeps to its own form, and finds what can be found in it."""

from __future__ import annotations

import pytest
import torch
from menu_towns import FEATURES, Rule, asking, town

from recourse_arena import ArenaError, Menu, Move, NearestCentre, OneCluster, SplitTree
from recourse_arena_menus.audience import Audience
from recourse_arena_shared_methods import Ares, ExplanationTree, GlobeCE
from recourse_arena_shared_methods.rules import every_rule
from recourse_arena_shared_methods.trees import table_of


def composed(solver, problem):
    solver.fit(problem.seen_by(solver.knows), seed=0)
    return solver.menu


def loss_of(problem, menu) -> float:
    """Return what the average person of the average group pays for a menu of any rule."""
    composer = table_of(problem, size=menu.size, seed=0, rungs=4, people=1000)
    request = composer.audience.request
    cluster = menu.cluster_of(request.factual, problem.features)
    paid = torch.ones(len(request), dtype=torch.float64)
    for number in range(menu.clusters):
        here = cluster == number
        numbers = composer.effects.add(Menu(menu.moves[[number]], menu.amounts[[number]]))
        paid[here] = composer.cost(numbers).amin(0)[here]
    return float(paid @ composer.aim.share)


def test_all_actions_of_globe_ce_go_one_way():
    menu = composed(GlobeCE(directions=30, rungs=4), asking(town(0, people=300), size=3))
    moves, amounts = menu.moves[0, menu.there[0]], menu.amounts[0, menu.there[0]]
    assert len(moves) == 3
    assert set(moves[:, 3].tolist()) <= {Move.LEAVE, Move.SET}
    savings = amounts[:, 1]
    assert (savings >= 0).all() or (savings <= 0).all()
    far = torch.stack([amounts[:, 1].abs(), amounts[:, 2], (moves[:, 3] == Move.SET).double()], 1)
    order = far.sum(1).argsort()
    assert (far[order].diff(dim=0) >= 0).all()  # whoever goes farther goes farther everywhere
    levels = amounts[:, 3][moves[:, 3] == Move.SET]
    assert len(levels.unique()) <= 1


def test_more_directions_are_never_worse():
    problem = asking(town(1, people=200), size=2)
    few, many = (loss_of(problem, composed(GlobeCE(directions=n, rungs=4), problem)) for n in (1, 60))
    assert many < few < 1.0 or many <= few


def test_clusters_of_globe_ce_go_their_own_ways():
    menu = composed(GlobeCE(directions=10, rungs=4), asking(town(0, people=300), size=2, clusters=2))
    assert isinstance(menu.rule, NearestCentre)
    assert menu.clusters == 2


def test_rules_of_ares_set_one_feature_or_two_and_subgroups_are_of_what_nobody_acts_upon():
    problem = asking(town(0, people=300, rule=Rule(north=1.5)), size=2, clusters=2)
    menu = composed(Ares(bins=4, change=0.0), problem)
    assert set(menu.moves.flatten().tolist()) <= {Move.LEAVE, Move.SET}
    assert (menu.moves != Move.LEAVE).sum(2).max() <= 2
    assert isinstance(menu.rule, SplitTree)
    assert menu.rule.feature.tolist() == [FEATURES.index("district"), -1, -1]
    whole = composed(Ares(bins=4, change=0.0), asking(problem, clusters=1))
    assert isinstance(whole.rule, OneCluster)
    assert loss_of(problem, menu) <= loss_of(problem, whole) + 1e-9


def test_ares_finds_the_best_rule_and_changed_features_count():
    problem = asking(town(1, people=200), size=1)
    composer = table_of(problem, size=1, seed=0, rungs=2, people=1000)
    numbers = composer.effects.add(every_rule(problem, 4))
    best = float(composer.losses(numbers[:, None]).min())
    assert loss_of(problem, composed(Ares(bins=4, change=0.0), problem)) == pytest.approx(best, abs=1e-9)
    dear = composed(Ares(bins=4, change=0.5), problem)
    assert (dear.moves != Move.LEAVE).sum() == 1


def test_a_tree_splits_where_different_people_need_different_actions():
    problem = asking(town(0, people=300, rule=Rule(north=1.5)), size=1, clusters=2)
    menu = composed(ExplanationTree(rungs=4), problem)
    assert isinstance(menu.rule, SplitTree)
    assert menu.clusters == 2
    composer = table_of(problem, size=1, seed=0, rungs=4, people=1000)
    composer.search(400)
    paid = composer.cost() * composer.aim.share
    x = Audience.of(problem, seed=0).request.factual
    ways = [x[:, j] <= value for j in range(3) for value in x[:, j].unique()[:-1].tolist()]
    ways += [x[:, 3] == level for level in range(3)]
    best = min(float(paid[:, way].sum(1).min() + paid[:, ~way].sum(1).min()) for way in ways)
    assert loss_of(problem, menu) == pytest.approx(best, abs=1e-9)


def test_a_tree_that_gains_nothing_does_not_grow_and_leaves_are_not_too_small():
    problem = asking(town(0, people=200), size=1, clusters=6)
    assert isinstance(composed(ExplanationTree(rungs=4, gain=1.0), problem).rule, OneCluster)
    menu = composed(ExplanationTree(rungs=4, least=20), problem)
    assert 1 < menu.clusters <= 6
    x = Audience.of(problem, seed=0).request.factual
    assert torch.bincount(menu.cluster_of(x, FEATURES)).min() >= 20


@pytest.mark.parametrize(
    "make",
    [lambda: GlobeCE(directions=0), lambda: Ares(change=2.0), lambda: Ares(bins=1), lambda: ExplanationTree(gain=-1.0)],
)
def test_what_they_cannot_do_is_said(make):
    with pytest.raises(ArenaError, match="must be a"):
        make()
