"""Intervals hold the truth as often as they say, and agree with independent calculations."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from scipy import optimize, stats

from recourse_arena.statistics.intervals import (
    bonferroni,
    geometric_change,
    independent_share_difference,
    paired_share_difference,
    relative_change,
)


def score_by_search(gained, lost, people, difference):
    """Return the score test's statistic with the nuisance share found by maximising the likelihood."""

    def surprise(losers):
        stay = people - gained - lost
        return -(
            gained * np.log(losers + difference) + lost * np.log(losers) + stay * np.log(1 - 2 * losers - difference)
        )

    ends = (max(0.0, -difference) + 1e-12, (1 - difference) / 2 - 1e-12)
    losers = optimize.minimize_scalar(surprise, bounds=ends, method="bounded", options={"xatol": 1e-12}).x
    return (gained - lost - people * difference) / np.sqrt(people * (2 * losers + difference - difference**2))


@pytest.mark.parametrize(("gained", "lost", "people"), [(12, 2, 100), (3, 9, 40), (0, 5, 60), (7, 7, 500)])
@pytest.mark.parametrize("confidence", [0.95, 0.9999])
def test_both_ends_for_paired_shares_are_where_the_score_test_begins_to_reject(gained, lost, people, confidence):
    limit = stats.norm.isf((1 - confidence) / 2)
    low, high = paired_share_difference(gained, lost, people, confidence=confidence)
    assert score_by_search(gained, lost, people, low) == pytest.approx(limit, rel=1e-3)
    assert score_by_search(gained, lost, people, high) == pytest.approx(-limit, rel=1e-3)


def test_paired_shares_turn_round_with_the_runs():
    low, high = paired_share_difference(9, 4, 50, confidence=0.99)
    assert paired_share_difference(4, 9, 50, confidence=0.99) == pytest.approx((-high, -low))


@pytest.mark.parametrize("people", [1, 5, 2400])
def test_paired_shares_stay_between_minus_one_and_one(people):
    assert paired_share_difference(people, 0, people, confidence=0.999)[1] == 1
    assert paired_share_difference(0, people, people, confidence=0.999)[0] == -1
    low, high = paired_share_difference(0, 0, people, confidence=0.999)
    assert -1 <= low < 0 < high <= 1
    assert low == pytest.approx(-high)


@pytest.mark.parametrize("wrong", [(1, 0, 0), (-1, 0, 5), (3, 3, 5)])
def test_impossible_counts_are_refused(wrong):
    with pytest.raises(ValueError, match="gained"):
        paired_share_difference(*wrong, confidence=0.99)


def test_the_interval_for_paired_shares_misses_no_more_often_than_it_says():
    gains, losses, people, confidence = 0.08, 0.04, 150, 0.95
    draws = np.random.default_rng(0).multinomial(people, [gains, losses, 1 - gains - losses], size=3000)
    ends = np.array([paired_share_difference(g, n, people, confidence=confidence) for g, n, _ in draws.tolist()])
    held = np.mean((ends[:, 0] <= gains - losses) & (gains - losses <= ends[:, 1]))
    assert held == pytest.approx(0.95, abs=0.015)


def test_independent_shares_agree_with_the_published_example():
    # Newcombe (1998), table II, case (a), method 10: 56/70 against 48/80
    assert independent_share_difference((48, 80), (56, 70), confidence=0.95) == pytest.approx(
        (0.0524, 0.3339), abs=5e-5
    )
    # case (f): 0/10 against 0/20
    assert independent_share_difference((0, 20), (0, 10), confidence=0.95) == pytest.approx((-0.1611, 0.2775), abs=5e-5)


def test_relative_change_holds_exactly_what_the_paired_t_test_does_not_reject():
    draws = np.random.default_rng(1)
    baseline = draws.gamma(2.0, size=80)
    current = baseline * draws.gamma(20.0, 0.06, size=80)
    for end in relative_change(baseline, current, paired=True, confidence=0.999):
        assert stats.ttest_1samp(current - (1 + end) * baseline, 0).pvalue == pytest.approx(0.001, rel=1e-6)


def test_relative_change_of_two_groups_agrees_with_welch_where_groups_are_alike():
    draws = np.random.default_rng(2)
    baseline, current = draws.gamma(2.0, size=300), draws.gamma(2.0, size=200)
    for end in relative_change(baseline, current, paired=False, confidence=0.99):
        found = stats.ttest_ind(current, (1 + end) * baseline, equal_var=False)
        assert found.pvalue == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize("paired", [True, False])
def test_the_interval_for_a_relative_change_holds_it_as_often_as_it_says(paired):
    draws = np.random.default_rng(3)
    held = 0
    for _ in range(2000):
        baseline = draws.gamma(2.0, size=200)
        current = 1.1 * (baseline if paired else draws.gamma(2.0, size=200)) * draws.gamma(16.0, 1 / 16, size=200)
        low, high = relative_change(baseline, current, paired=paired, confidence=0.95)
        held += low <= 0.1 <= high
    assert held / 2000 == pytest.approx(0.95, abs=0.015)


def test_a_baseline_that_may_be_zero_bounds_nothing():
    baseline = np.array([-1.0, 1.0, 0.5, -0.4])
    assert relative_change(baseline, baseline + 1, paired=True, confidence=0.99) == (-math.inf, math.inf)


def test_constant_costs_have_an_interval_of_no_width():
    ends = relative_change(np.full(30, 2.0), np.full(20, 3.0), paired=False, confidence=0.9999)
    assert ends == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize("paired", [True, False])
def test_the_interval_for_the_change_of_a_geometric_mean_holds_it_as_often_as_it_says(paired):
    draws = np.random.default_rng(4)
    held = 0
    for _ in range(2000):
        baseline = draws.lognormal(1.0, 2.0, size=100)
        current = (
            1.3 * (baseline if paired else draws.lognormal(1.0, 1.0, size=100)) * draws.lognormal(0, 0.5, size=100)
        )
        low, high = geometric_change(baseline, current, paired=paired, confidence=0.95)
        held += low <= 0.3 <= high
    assert held / 2000 == pytest.approx(0.95, abs=0.015)


def test_the_change_of_a_geometric_mean_is_that_of_mean_logarithms_as_scipy_tests_them():
    draws = np.random.default_rng(5)
    baseline, current = draws.lognormal(1.0, 2.0, size=40), draws.lognormal(1.5, 1.0, size=40)
    for paired in (True, False):
        test = stats.ttest_rel if paired else partial(stats.ttest_ind, equal_var=False)
        expected = np.expm1(test(np.log(current), np.log(baseline)).confidence_interval(0.9999))
        assert geometric_change(baseline, current, paired=paired, confidence=0.9999) == pytest.approx(expected)


@pytest.mark.parametrize("paired", [True, False])
def test_a_geometric_mean_that_changes_for_everybody_alike_has_an_interval_of_no_width(paired):
    ends = geometric_change(np.full(30, 2.0), np.full(30, 3.0), paired=paired, confidence=0.9999)
    assert ends == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize(("before", "after", "paired"), [(1, 1, True), (3, 4, True), (1, 5, False)])
def test_too_few_or_unmatched_values_are_refused(before, after, paired):
    with pytest.raises(ValueError, match="two values"):
        relative_change(np.ones(before), np.ones(after), paired=paired, confidence=0.9)


def test_bonferroni_shares_the_error_among_the_comparisons():
    assert bonferroni(0.99, 640) == pytest.approx(1 - 0.01 / 640)
    assert bonferroni(0.99, 0) == 0.99
