"""Menus: what is offered to whom, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from small_tables import table_problem, table_request

from recourse_arena import ArenaError, Encoding, Menu, Move, NearestCentre, SplitTree

PROBLEM = table_problem(3)
FEATURES, REQUEST = PROBLEM.features, table_request(PROBLEM, 60)
COUNT = len(FEATURES)
PLACE = {name: FEATURES.index(name) for name in FEATURES.names}


def menu(*actions, rule=None):
    """Return a menu of one cluster of actions as `{feature: (move, amount)}`, or of several lists of them."""
    lists = actions if isinstance(actions[0], list) else (list(actions),)
    most = max(map(len, lists))
    moves, amounts = torch.zeros(len(lists), most, COUNT, dtype=torch.int8), torch.zeros(len(lists), most, COUNT)
    for c, some in enumerate(lists):
        for a, action in enumerate(some):
            for name, (move, amount) in action.items():
                moves[c, a, PLACE[name]], amounts[c, a, PLACE[name]] = move, amount
    return Menu(moves, amounts.double()) if rule is None else Menu(moves, amounts.double(), rule)


def offers(made, request=REQUEST):
    return made.offers(request.factual, request.features, request.actionable, request.box)


def test_moves_do_to_each_person_what_a_plain_loop_says():
    action = {"open": (Move.AT_LEAST, 2.0), "debt": (Move.ADD, -0.4), "home": (Move.SET, 1.0), "all": (Move.AT_MOST, 3)}
    found = offers(menu(action))
    for i, now in enumerate(REQUEST.factual.tolist()):
        lower, upper = REQUEST.box.lower[i].tolist(), REQUEST.box.upper[i].tolist()
        wanted = list(now)
        wanted[PLACE["open"]] = max(now[PLACE["open"]], 2.0)
        wanted[PLACE["debt"]] += torch.tensor(-0.4).item()
        wanted[PLACE["home"]] = 1.0
        wanted[PLACE["all"]] = min(now[PLACE["all"]], 3.0)
        touched = [w != n for w, n in zip(wanted, now, strict=True)]
        ruled_out = any(t and not a for t, a in zip(touched, REQUEST.actionable[i].tolist(), strict=True))
        kept = [min(max(w, low), up) for w, low, up in zip(wanted, lower, upper, strict=True)]
        if not ruled_out:
            expected = [k if t else n for k, t, n in zip(kept, touched, now, strict=True)]
            assert found.values[i, 0].tolist() == pytest.approx(expected)
            assert found.mask[i, 0].tolist() == [v != n for v, n in zip(found.values[i, 0].tolist(), now, strict=True)]
        assert bool(found.available[i, 0]) == (not ruled_out and bool(found.mask[i, 0].any()))


def test_nobody_is_offered_what_they_ruled_out_or_what_changes_nothing():
    made = menu({"debt": (Move.ADD, -0.1)}, {"open": (Move.ADD, 0.0)}, {"debt": (Move.ADD, 0.5)})
    assert not offers(made).available[:, 1].any()
    assert not offers(made).available[:, 2].any()  # debt goes down only
    able = REQUEST.actionable[:, PLACE["debt"]]
    none = REQUEST.actionability.without(torch.ones_like(REQUEST.actionable))
    assert offers(made).available[:, 0][able].any()
    assert not offers(made, replace(REQUEST, actionability=none)).available.any()


def test_each_cluster_has_a_list_of_its_own_and_a_person_is_in_the_one_that_they_are_nearest_to():
    mean, sd = torch.zeros(COUNT), torch.ones(COUNT)
    encoding, plain = Encoding(FEATURES, mean, sd), NearestCentre(torch.zeros(2, 1), mean, sd)
    centres = torch.zeros(2, len(encoding))
    centres[1, encoding.columns_of("debt")] = 100.0
    made = menu(
        [{"debt": (Move.ADD, -0.1)}],
        [{"home": (Move.SET, 1)}, {"home": (Move.SET, 0)}],
        rule=replace(plain, centres=centres),
    )
    x = REQUEST.factual.clone()
    x[: len(x) // 2, PLACE["debt"]] = 90.0
    assert made.cluster_of(x, FEATURES).tolist() == [1] * (len(x) // 2) + [0] * (len(x) - len(x) // 2)
    assert made.there.tolist() == [[True, False], [True, True]]
    with pytest.raises(ArenaError, match="expected shape"):
        Menu.restored(replace(made, rule=plain).state(), FEATURES)


def test_a_tree_sends_numbers_by_a_threshold_and_categories_by_their_level():
    tree = SplitTree(
        torch.tensor([PLACE["debt"], PLACE["home"], -1, -1, -1]),
        torch.tensor([0.5, 1.0, 0.0, 0.0, 0.0]),
        torch.tensor([[1, 2], [3, 4], [0, 0], [0, 0], [0, 0]]),
        torch.tensor([0, 0, 2, 0, 1]),
    )
    x = REQUEST.factual
    low, at_home = x[:, PLACE["debt"]] <= 0.5, x[:, PLACE["home"]] == 1
    assert tree(x, FEATURES).tolist() == torch.where(low, torch.where(at_home, 0, 1), 2).tolist()
    with pytest.raises(ArenaError, match="behind their own"):
        replace(tree, branches=torch.zeros(5, 2, dtype=torch.int64))


def test_what_is_kept_or_said_of_a_menu_is_the_same_menu():
    made = menu({"debt": (Move.ADD, -0.5), "home": (Move.SET, 1)}, {"open": (Move.AT_LEAST, 2)})
    for again in (Menu.restored(made.state(), FEATURES), Menu.read(json.loads(json.dumps(made.said())), FEATURES)):
        assert torch.equal(again.moves, made.moves)
        assert torch.equal(again.amounts, made.amounts)
    rows = [
        {"cluster": 1, "action": 1, "feature": "home", "move": "set", "amount": FEATURES["home"].levels[1]},
        {"cluster": 1, "action": 1, "feature": "debt", "move": "add", "amount": -0.5},
        {"cluster": 1, "action": 2, "feature": "open", "move": "at least", "amount": 2.0},
    ]
    assert sorted(made.rows(FEATURES), key=str) == sorted(rows, key=str)


@pytest.mark.parametrize(
    ("moves", "amounts", "text"),
    [
        (torch.zeros(2, 2), torch.zeros(2, 2), "expected moves and amounts"),
        (torch.full((1, 1, COUNT), 7), torch.zeros(1, 1, COUNT), "codes of recourse_arena.Move"),
        (torch.ones(1, 1, COUNT), torch.full((1, 1, COUNT), torch.inf), "not finite"),
        (torch.zeros(1, 0, COUNT), torch.zeros(1, 0, COUNT), "expected moves and amounts"),
    ],
)
def test_what_is_no_menu_is_refused(moves, amounts, text):
    with pytest.raises(ArenaError, match=text):
        Menu(moves, amounts)


def test_categories_are_set_and_menus_of_other_features_are_refused():
    adds = torch.zeros(1, 1, COUNT, dtype=torch.int8)
    adds[0, 0, PLACE["home"]] = Move.ADD
    with pytest.raises(ArenaError, match="have no order"):
        Menu.restored(Menu(adds, torch.ones(1, 1, COUNT)).state(), FEATURES)
    with pytest.raises(ArenaError, match="features cannot be offered"):
        Menu.restored(Menu(torch.ones(1, 1, 2), torch.ones(1, 1, 2)).state(), FEATURES)
    for said in ({"moves": 3}, {"moves": {"values": [[["a"]]], "type": "int8"}, "amounts": {}}, {}):
        with pytest.raises(ArenaError, match="menu"):
            Menu.read(said, FEATURES)


@pytest.mark.parametrize("amount", [77.5, 0.5, -1.0, 99.0])
def test_a_category_is_set_to_a_level(amount):
    with pytest.raises(ArenaError, match="home: expected codes of levels, 0 to"):
        Menu.restored(menu({"home": (Move.SET, amount)}).state(), FEATURES)


@pytest.mark.parametrize("shape", [(1, 10_000, 2), (5000, 2, 2), (2, 1000, 600)], ids=str)
def test_a_menu_may_be_so_long_and_is_told_how_long(shape):
    with pytest.raises(ArenaError, match=r"are too many; it may have 9,999 actions in all clusters, and 1,048,576"):
        Menu(torch.ones(shape, dtype=torch.int8), torch.ones(shape))
