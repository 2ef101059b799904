"""Intervals for the difference between two runs, paired over people or not.

They are closed forms or one root each, so the levels that many comparisons ask for (99.999 % and beyond) cost no
more than 95 %; a bootstrap would need millions of resamples for them.

References:
    Tango, Equivalence test and confidence interval for the difference in proportions for the paired-sample
    design, Statistics in Medicine 17 (1998).

    Newcombe, Interval estimation for the difference between independent proportions: comparison of eleven
    methods, Statistics in Medicine 17 (1998), method 10.

    Fieller, Some problems in interval estimation, Journal of the Royal Statistical Society B 16 (1954).

    Fleming and Wallace, How not to lie with statistics: the correct way to summarize benchmark results, Communications
    of the ACM 29 (1986): ratios are averaged by their geometric mean.
"""

from __future__ import annotations

__all__ = [
    "Interval",
    "bonferroni",
    "geometric_change",
    "independent_share_difference",
    "median_interval",
    "paired_share_difference",
    "relative_change",
    "share_interval",
]

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special


class Interval(NamedTuple):
    """A confidence interval; infinite ends where the data do not bound it."""

    low: float
    high: float


def bonferroni(confidence: float, comparisons: int) -> float:
    """Return the level of each of `comparisons` intervals that hold together with probability `confidence`.

    It asks nothing of how the comparisons depend on each other, and gives intervals, which Holm's steps do not.

    Example:
        >>> bonferroni(0.99, 10)
        0.999
    """
    return 1 - (1 - confidence) / max(comparisons, 1)


def paired_share_difference(gained: int, lost: int, people: int, *, confidence: float) -> Interval:
    """Return the interval for the difference between two shares of the same people (Tango's score interval).

    Arguments:
        gained: People for whom it is true in the second run only.
        lost: People for whom it is true in the first run only.
        people: All of them.
        confidence: Level of the interval.

    Raises:
        ValueError: If `gained` and `lost` exceed `people`, or nobody is there.

    Example:
        >>> low, high = paired_share_difference(12, 2, 100, confidence=0.95)
        >>> round(low, 3), round(high, 3)
        (0.031, 0.182)
    """
    if people < 1 or gained < 0 or lost < 0 or gained + lost > people:
        raise ValueError(f"expected gained + lost within the number of people; got {gained} + {lost} of {people}")
    from scipy import optimize  # here: it takes a second to load, and most runs need none of it

    limit = -float(special.ndtri((1 - confidence) / 2))
    estimate = (gained - lost) / people

    def excess(difference: float, wanted: float) -> float:
        return _tango_score(gained, lost, people, difference) - wanted

    # The score falls as the supposed difference rises; at the ends of [-1, 1] its sign is known without a division.
    low = optimize.brentq(excess, -1.0, estimate, args=(limit,)) if estimate > -1 else -1.0
    high = optimize.brentq(excess, estimate, 1.0, args=(-limit,)) if estimate < 1 else 1.0
    return Interval(float(low), float(high))


def _tango_score(gained: int, lost: int, people: int, difference: float) -> float:
    """Return Tango's score for a supposed difference, with the share of losers that is likeliest under it."""
    distance = gained - lost - people * difference
    b = -gained - lost + (2 * people - gained + lost) * difference
    c = -lost * difference * (1 - difference)
    losers = (math.sqrt(max(b * b - 8 * people * c, 0.0)) - b) / (4 * people)
    variance = people * (2 * losers + difference * (1 - difference))
    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)


def independent_share_difference(baseline: tuple[int, int], current: tuple[int, int], *, confidence: float) -> Interval:
    """Return the interval for the difference between shares of two groups (Newcombe's hybrid score interval).

    Arguments:
        baseline: For how many it is true in the first group, and how many it has.
        current: The same of the second one; the difference is second less first.
        confidence: Level of the interval.

    Example:
        >>> low, high = independent_share_difference((48, 80), (56, 70), confidence=0.95)
        >>> round(low, 4), round(high, 4)
        (0.0524, 0.3339)
    """
    first, second = (share_interval(*group, confidence=confidence) for group in (baseline, current))
    before, after = baseline[0] / baseline[1], current[0] / current[1]
    low = after - before - math.hypot(after - second.low, first.high - before)
    high = after - before + math.hypot(second.high - after, before - first.low)
    return Interval(low, high)


def share_interval(count: int, people: int, *, confidence: float = 0.95) -> Interval:
    """Return the interval of a share (Wilson's score interval, 1927).

    Arguments:
        count: For how many it is true.
        people: All of them, at least one.
        confidence: Level of the interval.

    Example:
        >>> low, high = share_interval(5, 10)
        >>> round(low, 4), round(high, 4)
        (0.2366, 0.7634)
    """
    from scipy import stats  # here: it takes seconds to load, and most runs need none of it

    found = stats.binomtest(count, people).proportion_ci(confidence, method="wilson")
    return Interval(float(found.low), float(found.high))


def median_interval(values: NDArray[np.float64], *, confidence: float = 0.95) -> Interval:
    """Return the interval of a median between two of the values (Thompson, 1936); without ends where they are too few.

    Example:
        >>> median_interval(np.arange(1.0, 101.0))  # at least 95 %, whatever the distribution
        Interval(low=40.0, high=61.0)
    """
    from scipy import stats

    below = int(stats.binom.ppf((1 - confidence) / 2, len(values), 0.5)) if len(values) else 0
    if below == 0:
        return Interval(-math.inf, math.inf)
    ordered = np.sort(values)
    return Interval(float(ordered[below - 1]), float(ordered[-below]))


def relative_change(
    baseline: NDArray[np.float64], current: NDArray[np.float64], *, paired: bool, confidence: float
) -> Interval:
    """Return Fieller's interval for `mean(current) / mean(baseline) - 1`, with Student's t.

    It holds the changes which a t test at this level would not reject, so that "beyond 10 %" is a plain test on
    `current - 1.1 * baseline`. Without ends where the mean of the baseline is not surely above 0.

    Arguments:
        baseline: Values of the first run, at least two.
        current: Values of the second run, at least two; if `paired`, of the same people in the same order.
        paired: Whether both are of the same people.
        confidence: Level of the interval.

    Raises:
        ValueError: If there are too few values, or paired ones do not match.

    Example:
        >>> before = np.linspace(1.0, 2.0, 50)
        >>> low, high = relative_change(before, 1.5 * before, paired=True, confidence=0.99)
        >>> round(low, 3), round(high, 3)
        (0.5, 0.5)
    """
    if min(len(baseline), len(current)) < 2 or (paired and len(baseline) != len(current)):
        raise ValueError(
            f"expected two values or more, paired ones in equal number; got {len(baseline)}, {len(current)}"
        )
    before, after = float(baseline.mean()), float(current.mean())
    spread_before, spread_after = baseline.var(ddof=1) / len(baseline), current.var(ddof=1) / len(current)
    shared = np.cov(baseline, current)[0, 1] / len(baseline) if paired else 0.0
    freedom = len(baseline) - 1.0
    if not paired:
        freedom = _welch_freedom(baseline, current, after / before if before else 1.0)
    squared = float(special.stdtrit(freedom, (1 - confidence) / 2)) ** 2
    a = before**2 - squared * spread_before
    b = before * after - squared * shared
    c = after**2 - squared * spread_after
    if a <= 0:
        return Interval(-math.inf, math.inf)
    root = math.sqrt(max(b * b - a * c, 0.0))
    return Interval(float((b - root) / a - 1), float((b + root) / a - 1))


def geometric_change(
    baseline: NDArray[np.float64], current: NDArray[np.float64], *, paired: bool, confidence: float
) -> Interval:
    """Return the interval for the relative change of a geometric mean: Student's t for means of logarithms.

    Arguments:
        baseline: Values above 0 of the first run, at least two.
        current: Values above 0 of the second run, at least two; if `paired`, of the same people in the same order.
        paired: Whether both are of the same people; if not, Welch's test.
        confidence: Level of the interval.

    Example:
        >>> before = np.geomspace(1.0, 100.0, 50)
        >>> low, high = geometric_change(before, before * np.linspace(1.4, 1.6, 50), paired=True, confidence=0.99)
        >>> round(low, 2), round(high, 2)
        (0.48, 0.52)
    """
    before, after = np.log(baseline), np.log(current)
    if paired:
        variance, freedom = (after - before).var(ddof=1) / len(before), len(before) - 1.0
    else:
        variance = before.var(ddof=1) / len(before) + after.var(ddof=1) / len(after)
        freedom = _welch_freedom(before, after, 1.0)
    change = float(after.mean() - before.mean())
    margin = -float(special.stdtrit(freedom, (1 - confidence) / 2)) * math.sqrt(variance)
    return Interval(math.expm1(change - margin), math.expm1(change + margin))


def _welch_freedom(baseline: NDArray[np.float64], current: NDArray[np.float64], ratio: float) -> float:
    """Return the degrees of freedom of `mean(current) - ratio * mean(baseline)` (Welch and Satterthwaite)."""
    parts = ratio**2 * baseline.var(ddof=1) / len(baseline), current.var(ddof=1) / len(current)
    weights = parts[0] ** 2 / (len(baseline) - 1) + parts[1] ** 2 / (len(current) - 1)
    return float(sum(parts) ** 2 / weights) if weights > 0 else float(len(baseline) + len(current) - 2)
