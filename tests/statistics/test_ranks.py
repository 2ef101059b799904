"""Ranks: ties where solvers cannot be told apart, and no more false wins than promised."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from recourse_arena.statistics.bootstrap import Resamples
from recourse_arena.statistics.ranks import FEWEST_IN_COMMON, adjusted_p_values, ranks

PEOPLE = 300
RESAMPLES = Resamples.draw(np.zeros(PEOPLE, dtype=np.int64))


def p_values(*columns):
    pairs = [first - second for first, second in combinations(columns, 2)]
    return adjusted_p_values(RESAMPLES.means(np.stack(pairs, axis=1), differences=True))


def coins(draws, share=0.5, count=1):
    return [(draws.random(PEOPLE) < share).astype(float) for _ in range(count)]


def test_two_copies_of_one_solver_cannot_be_told_apart_and_a_better_one_can():
    draws = np.random.default_rng(0)
    (copied,) = coins(draws)
    better = np.maximum(copied, coins(draws, 0.3)[0])
    found = p_values(copied, copied.copy(), better)
    assert found[0] == 1
    assert (found[1:] < 0.01).all()


@pytest.mark.parametrize("share", [0.5, 0.98])
def test_among_five_solvers_that_are_alike_a_false_win_is_as_rare_as_promised(share):
    draws = np.random.default_rng(1)
    wrong = np.mean([(p_values(*coins(draws, share, 5)) < 0.05).any() for _ in range(200)])
    assert wrong <= 0.08


def test_correction_makes_p_values_larger_and_keeps_their_order():
    draws = np.random.default_rng(2)
    columns = [*coins(draws, 0.5, 4), *coins(draws, 0.6, 2)]
    together = p_values(*columns)
    alone = np.array([p_values(*pair)[0] for pair in combinations(columns, 2)])
    assert (together >= alone - 1e-12).all()
    assert together.max() > alone.max() - 1e-12
    assert (np.diff(together[np.argsort(alone)]) >= -0.05).all()


def test_few_people_who_differ_do_not_hide_what_many_show():
    draws = np.random.default_rng(3)
    good, rare = coins(draws, 0.9)[0], coins(draws, 0.5)[0]
    nearly = rare.copy()
    nearly[np.flatnonzero(rare == 0)[0]] = 1  # one person's difference must not make resamples run away
    found = p_values(good, rare, nearly)
    assert found[2] > 0.3
    assert (found[:2] < 0.01).all()


def test_pairs_with_too_few_people_in_common_are_not_tested():
    differences = np.full((PEOPLE, 2), np.nan)
    differences[: FEWEST_IN_COMMON - 1, 0] = 1 + np.arange(FEWEST_IN_COMMON - 1) / 100
    differences[:FEWEST_IN_COMMON, 1] = 1 + np.arange(FEWEST_IN_COMMON) / 100
    assert adjusted_p_values(RESAMPLES.means(differences, differences=True)).round(2).tolist() == [1.0, 0.0]


def test_nothing_to_compare_is_no_error():
    assert len(adjusted_p_values(RESAMPLES.means(np.empty((PEOPLE, 0))))) == 0


def test_ranks_range_from_those_that_are_better_beyond_doubt_to_those_that_are_worse():
    assert ranks(["a", "b", "c"], []) == {"a": (1, 3), "b": (1, 3), "c": (1, 3)}
    assert ranks(["a", "b", "c"], [("a", "b"), ("a", "c"), ("b", "c")]) == {"a": (1, 1), "b": (2, 2), "c": (3, 3)}
    assert ranks(["a", "b", "c"], [("a", "c")]) == {"a": (1, 2), "b": (1, 3), "c": (2, 3)}


def test_one_person_who_differs_much_among_many_who_hardly_do_does_not_hide_what_many_show():
    draws = np.random.default_rng(4)
    base = draws.gamma(2.0, size=PEOPLE)
    alike = base + 1e-7 * draws.normal(size=PEOPLE)
    alike[0] += 3
    found = p_values(base, alike, base + draws.normal(0.1, 0.2, PEOPLE))
    assert found[0] > 0.1
    assert (found[1:] < 0.01).all()


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_at_25_people_and_20_equal_solvers_two_are_told_apart_as_rarely_as_promised(share):
    people, solvers, runs = 25, 20, 60
    pairs = np.array(list(combinations(range(solvers), 2)))
    resamples = Resamples.draw(np.zeros(people, dtype=np.int64))
    draws, wrong = np.random.default_rng(5), 0
    for _ in range(runs):
        values = (draws.random((people, solvers)) < share).astype(float)
        wrong += int((adjusted_p_values(resamples.paired(values, *pairs.T)) < 0.05).any())
    assert wrong <= stats.binom.ppf(0.99, runs, 0.05)  # what chance makes of 5 %
