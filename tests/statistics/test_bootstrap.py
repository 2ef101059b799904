"""Resamples of people: intervals hold the truth as often as they say, and agree with other people's code."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from recourse_arena.statistics.bootstrap import BLOCKS, FEWEST, Resamples
from recourse_arena.statistics.intervals import median_interval, share_interval

ONE_SEED = np.zeros(200, dtype=np.int64)


def held(intervals, truth):
    return float(np.mean((intervals[:, 0] <= truth) & (truth <= intervals[:, 1])))


def test_means_and_standard_errors_are_the_plain_ones():
    draws = np.random.default_rng(0).gamma(2.0, size=(200, 3))
    draws[::7, 1] = np.nan
    means = Resamples.draw(ONE_SEED).means(draws)
    assert means.value == pytest.approx(np.nanmean(draws, 0))
    assert means.people.tolist() == np.isfinite(draws).sum(0).tolist()
    assert means.error == pytest.approx(np.nanstd(draws, 0) / np.sqrt(means.people))


def test_the_interval_of_a_symmetric_mean_is_students_t_to_within_the_noise_of_resampling():
    draws = np.random.default_rng(1).normal(3.0, 2.0, size=(200, 1))
    (low, high), *_ = Resamples.draw(ONE_SEED, resamples=20_000).means(draws).intervals()
    expected = stats.ttest_1samp(draws[:, 0], 0).confidence_interval(0.95)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=0.02)


def test_the_spread_of_resampled_means_is_that_of_scipy():
    draws = np.random.default_rng(2).lognormal(size=200)
    theirs = stats.bootstrap((draws,), np.mean, n_resamples=4000, rng=np.random.default_rng(3), method="basic")
    resamples = Resamples.draw(ONE_SEED, resamples=4000)
    means = resamples.weights[0] @ draws / 200
    assert means.std() == pytest.approx(theirs.standard_error, rel=0.05)
    basic = 2 * draws.mean() - np.quantile(means, [0.975, 0.025])
    assert basic == pytest.approx([theirs.confidence_interval.low, theirs.confidence_interval.high], rel=0.03)


@pytest.mark.parametrize(("people", "repetitions"), [(200, 1000), (2400, 300)])
def test_intervals_of_skewed_costs_hold_the_mean_as_often_as_they_say(people, repetitions):
    draws = np.random.default_rng(4).lognormal(0.0, 1.0, size=(people, repetitions))
    intervals = Resamples.draw(np.zeros(people, dtype=np.int64)).means(draws).intervals()
    assert 0.93 <= held(intervals, np.exp(0.5)) <= 0.97


@pytest.mark.parametrize("people", [200, 2400])
@pytest.mark.parametrize("share", [0.5, 0.98])
def test_intervals_of_shares_hold_the_truth_as_often_as_they_say(people, share):
    counts = np.arange(people + 1)
    people_of = np.arange(people)[:, None] < counts
    intervals = Resamples.draw(np.zeros(people, dtype=np.int64), resamples=2).means(people_of.astype(float))
    ends = intervals.share_intervals()
    exactly = stats.binom.pmf(counts, people, share)[(ends[:, 0] <= share) & (share <= ends[:, 1])].sum()
    assert 0.93 <= exactly <= 0.97


def test_intervals_of_shares_of_one_seed_are_wilsons():
    values = (np.arange(200)[:, None] < [0, 3, 100, 200]).astype(float)
    values[150:, 2] = np.nan
    found = Resamples.draw(ONE_SEED).means(values).share_intervals(0.99)
    for i, (count, people) in enumerate([(0, 200), (3, 200), (100, 150), (200, 200)]):
        assert found[i] == pytest.approx(share_interval(count, people, confidence=0.99), abs=1e-12)


@pytest.mark.parametrize("spread", [0.0, 0.5])
@pytest.mark.parametrize("seeds", [3, 5])
def test_intervals_over_seeds_hold_the_truth_whether_seeds_differ_or_not(seeds, spread):
    draws = np.random.default_rng(5)
    offsets = draws.normal(0, spread, (seeds, 1, 600))
    values = (draws.lognormal(size=(seeds, 100, 600)) + offsets).reshape(seeds * 100, 600)
    intervals = Resamples.draw(np.repeat(np.arange(seeds), 100)).means(values).intervals()
    assert 0.91 <= held(intervals, np.exp(0.5)) <= 0.985


def test_shares_over_seeds_that_differ_have_wider_intervals_than_their_people_explain():
    seeds = np.repeat(np.arange(3), 200)
    differ = (np.tile(np.arange(200), 3) < np.repeat([40, 100, 160], 200)).astype(float)
    alike = (np.tile(np.arange(200), 3) < 100).astype(float)
    ends = Resamples.draw(seeds).means(np.stack([differ, alike], axis=1)).share_intervals()
    assert ends[1] == pytest.approx(share_interval(300, 600), abs=1e-3)
    assert np.diff(ends[0]) > 5 * np.diff(ends[1])


@pytest.mark.parametrize("kind", ["share", "rare share", "cost"])
def test_intervals_of_paired_differences_hold_the_truth_at_least_as_often_as_they_say(kind):
    draws, repetitions, people = np.random.default_rng(6), 800, 200
    luck = draws.random((people, repetitions))
    if kind == "cost":
        first, second = (np.exp(2 * luck + draws.normal(size=luck.shape)) for _ in range(2))
    else:
        share = 0.5 if kind == "share" else 0.98
        first, second = (
            (np.where(draws.random(luck.shape) < 0.3, draws.random(luck.shape), luck) < share) for _ in "ab"
        )
    differences = np.subtract(first, second, dtype=float)
    means = Resamples.draw(ONE_SEED).means(differences, differences=True)
    assert 0.93 <= held(means.intervals(symmetric=True), 0.0) <= (0.99 if kind == "rare share" else 0.97)


def test_pairing_makes_differences_sharper():
    draws = np.random.default_rng(7)
    luck = draws.gamma(2.0, size=200)
    values = np.stack([luck + 0.1 * draws.random(200), luck + 0.1 * draws.random(200)], axis=1)
    resamples = Resamples.draw(ONE_SEED)
    paired = resamples.means(values[:, :1] - values[:, 1:]).error[0]
    assert paired < 0.05 * np.hypot(*resamples.means(values).error)


def test_too_few_people_have_no_interval_and_nobody_no_mean():
    values = np.full((200, 3), np.nan)
    values[: FEWEST - 1, 0] = 1.0
    values[:FEWEST, 1] = np.arange(FEWEST)
    means = Resamples.draw(ONE_SEED).means(values)
    assert np.isnan(means.intervals()[[0, 2]]).all()
    assert np.isnan(means.value[2])
    assert np.isnan(means.share_intervals()[2]).all()
    assert not np.isnan(means.intervals()[1]).any()


def test_the_same_people_give_the_same_intervals():
    values = np.random.default_rng(8).lognormal(size=(200, 2))
    ends = [Resamples.draw(ONE_SEED).means(values).intervals() for _ in range(2)]
    assert (ends[0] == ends[1]).all()


def test_the_interval_of_a_median_holds_it_whatever_the_distribution():
    draws = np.random.default_rng(10).lognormal(0.0, 2.0, size=(1000, 150))
    assert 0.94 <= held(np.array([median_interval(values) for values in draws]), 1.0) <= 0.98
    assert median_interval(np.arange(3.0)) == (-np.inf, np.inf)


def test_people_beyond_2000_are_drawn_in_blocks_and_paired_differences_are_those_of_columns():
    draws = np.random.default_rng(11)
    values = draws.lognormal(size=(30_000, 3))
    values[draws.random(values.shape) < 0.3] = np.nan
    resamples = Resamples.draw(np.zeros(30_000, dtype=np.int64))
    assert resamples.weights[0].shape == (1000, BLOCKS)
    assert sorted(resamples.strata[0]) == list(range(30_000))
    paired = resamples.paired(values, [0, 1], [2, 2])
    plain = resamples.means(values[:, :2] - values[:, 2:], differences=True)
    assert paired.intervals(symmetric=True) == pytest.approx(plain.intervals(symmetric=True))
    means = resamples.means(values)
    normal = means.value[:, None] + means.error[:, None] * np.array([-1.96, 1.96])
    assert means.intervals() == pytest.approx(normal, abs=0.15 * float(np.diff(normal).min()))


def test_intervals_of_blocks_hold_the_mean_as_often_as_they_say():
    draws = np.random.default_rng(12).lognormal(size=(2500, 300))
    assert 0.93 <= held(Resamples.draw(np.zeros(2500, dtype=np.int64)).means(draws).intervals(), np.exp(0.5)) <= 0.97


def test_intervals_of_what_is_never_negative_do_not_go_below_zero_and_others_may():
    values = np.random.default_rng(13).choice([0.0, 0.0, 0.0, 5.0], size=(8, 200))
    ends = Resamples.draw(np.zeros(8, dtype=np.int64)).means(values).intervals()
    assert (ends[:, 0] >= 0).all()
    signed = Resamples.draw(np.zeros(8, dtype=np.int64)).means(values - 1).intervals()
    assert (signed[:, 0] < 0).any()


@pytest.mark.parametrize("value", [0.02, 0.04, 1 / 3, 1e-9, 1e9])
def test_the_mean_of_equal_values_is_that_value_and_nothing_around_it(value):
    """Their computed mean is off by rounding, which is no spread to divide by."""
    means = Resamples.draw(np.zeros(100, int)).means(np.full((100, 1), value))
    assert means.intervals() == pytest.approx(np.full((1, 2), value), rel=1e-12)
