"""The smallest sets of what a person said that open a way, in their order, and never what the dataset says."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from one_person import numbers

from recourse_arena.advice.analysis.relaxations import Relaxation, ways_out
from recourse_arena.elicitation.interviews.wishes import Wish, Wishes
from recourse_arena.people.box import Box

FEATURES = numbers(4)
FEASIBLE = Box(torch.zeros(4), torch.full((4,), 9.0))
CLOSED, SHUT = Wish(5), {"gives_up": "not possible"}


def wishes(*said):
    said = {name: wish for name, wish in zip(FEATURES.names, said, strict=True) if wish is not None}
    return Wishes("likert", 4, True, said)


def names(found):
    return [[(one.feature, one.gives_up) for one in way.relaxations] for way in found.ways]


def opens(*needed):
    """Return a solver to which there is a way once all of some features are open and reach 9."""

    def one(said):
        return all(said.possible(name) and said.said[name].at_most >= 9 for name in needed)

    def solve(many):
        solve.asked.append(len(many))
        return [one(said) for said in many]

    solve.asked = []
    return solve


def test_one_thing_is_given_up_where_one_suffices():
    said = wishes(Wish(1, at_most=4.0), CLOSED, CLOSED, Wish(2))
    found = ways_out(said, FEASIBLE, FEATURES, opens("x1"))
    assert names(found) == [[("x1", "not possible")]]
    assert found.ways[0].wishes.said["x1"].level == 4
    assert (found.tried, found.complete) == (3, True)


def test_bounds_come_before_what_is_not_possible_and_earlier_features_first():
    said = wishes(CLOSED, Wish(1, at_least=2.0, at_most=4.0), Wish(1, at_most=3.0), CLOSED)
    found = ways_out(said, FEASIBLE, FEATURES, lambda many: [True] * len(many), kept=9)
    assert names(found) == [
        [("x1", "at_least")],
        [("x1", "at_most")],
        [("x2", "at_most")],
        [("x0", "not possible")],
        [("x3", "not possible")],
    ]
    assert len(ways_out(said, FEASIBLE, FEATURES, lambda many: [True] * len(many)).ways) == 3
    assert found.ways[0].wishes.said["x1"] == Wish(1, at_most=4.0)


def test_a_closed_feature_with_a_bound_needs_both():
    said = wishes(Wish(5, at_most=4.0), CLOSED, Wish(1), Wish(1))
    solve = opens("x0")
    found = ways_out(said, FEASIBLE, FEATURES, solve)
    assert names(found) == [[("x0", "at_most"), ("x0", "not possible")]]
    assert found.ways[0].wishes.said["x0"] == Wish(4)
    assert solve.asked == [2, 2]  # its bound alone is not asked about, nor with the other feature


def test_no_superset_of_a_way_is_returned():
    said = wishes(CLOSED, CLOSED, CLOSED, Wish(1, at_most=2.0))
    found = ways_out(said, FEASIBLE, FEATURES, opens("x0", "x3"))
    assert names(found) == [[("x0", "not possible"), ("x3", "at_most")]] or names(found) == [
        [("x3", "at_most"), ("x0", "not possible")]
    ]
    assert found.complete


def test_what_the_dataset_says_is_never_given_up():
    feasible = Box(torch.tensor([0.0, 5.0, 3.0, 8.0]), torch.tensor([9.0, 5.0, 2.0, 9.0]))
    said = wishes(None, CLOSED, Wish(5, at_least=4.0), Wish(1, at_least=3.0, at_most=9.5))
    found = ways_out(said, feasible, FEATURES, opens("x0"))
    assert not ways_out(wishes(None, CLOSED, Wish(1, at_least=4.0), None), feasible, FEATURES, opens("x0")).tried
    assert (found.ways, found.tried, found.complete) == ((), 0, True)


@pytest.mark.parametrize("seed", range(8))
def test_sets_are_those_of_a_loop_over_all_subsets(seed):
    draws = torch.Generator().manual_seed(seed)

    def drawn():
        level, bounded = (int(torch.randint(0, 2, (), generator=draws)) for _ in range(2))
        return Wish(5 if level else 1, at_most=4.0 if bounded else math.inf)

    said = wishes(*(drawn() for _ in range(4)))
    single = [Relaxation(n, "at_most") for n, w in said.said.items() if w.at_most < 9]
    single += [Relaxation(n, **SHUT) for n, w in said.said.items() if w.level == 5]
    solve = opens(*[name for name in FEATURES.names if torch.rand((), generator=draws) < 0.5] or ["x0"])
    expected = []
    for size in range(1, 4):
        for subset in itertools.combinations(single, size):
            then = said
            for one in subset:
                then = one.applied(then)
            if solve([then])[0] and not any(before <= set(subset) for before in expected):
                expected.append(set(subset))
        if expected or solve([said])[0]:
            break
    if not solve([said])[0]:
        found = ways_out(said, FEASIBLE, FEATURES, solve, kept=99)
        assert {frozenset(way.relaxations) for way in found.ways} == {frozenset(one) for one in expected}


def test_more_than_can_be_tried_is_said():
    said = wishes(CLOSED, CLOSED, CLOSED, CLOSED)
    found = ways_out(said, FEASIBLE, FEATURES, opens("x0", "x1", "x2", "x3"))
    assert (found.ways, found.tried, found.complete) == ((), 4 + 6 + 4, False)
    found = ways_out(said, FEASIBLE, FEATURES, opens("x0", "x1", "x2", "x3"), largest=4)
    assert (len(found.ways), found.tried, found.complete) == (1, 15, True)


def test_nothing_can_be_left_out_of_a_way_even_if_smaller_sets_were_not_tried():
    said = wishes(CLOSED, CLOSED, CLOSED, CLOSED)
    found = ways_out(said, FEASIBLE, FEATURES, opens("x2", "x3"), per_size=5)
    assert names(found) == [[("x2", "not possible"), ("x3", "not possible")]]
    assert (found.tried, found.complete) == (4 + 5 + 4 + 5 + 2, False)
