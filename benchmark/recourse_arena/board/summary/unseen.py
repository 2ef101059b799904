"""Which rank a solver would have in a scenario that nobody has seen, and how sure its mean rank is.

Two questions, two intervals. The *mean rank* is a property of the scenarios at hand; its interval comes from drawing
datasets, and scenarios within them, again with replacement. The *rank in an unseen scenario* is a single draw and
varies far more; its interval is a prediction interval, which holds for whatever distribution ranks have if the unseen
scenario is drawn as those at hand were: of T + 1 such scenarios the new one is as likely to be the k-th as any other,
so that the k-th smallest and the k-th largest of the ranks seen bound it with probability at least 1 - 2 k / (T + 1).

Neuhof and Benjamini (2026) put two levels together: rank intervals within each task, from pairwise comparisons, and
rank prediction intervals over tasks, by a conformal approach. Of that paper, the abstract and the beginning of the
introduction were read. Readings, then: lower ends are taken from the first ranks that a solver may have in each
scenario and upper ends from the last ones; where there are too few scenarios for the level, the interval is open and
said to be so; ranks among fewer solvers are stretched to the number of all, since solvers are ranked only where they
compete.

References:
    Neuhof and Benjamini, Rank intervals for leaderboards: a hierarchical framework for model evaluation, arXiv
    2606.08679 (2026).

    Vovk, Gammerman and Shafer, Algorithmic learning in a random world (2005): prediction from exchangeability alone.

    Davison and Hinkley, Bootstrap methods and their application (1997), section 3.8: resampling at two levels.
"""

from __future__ import annotations

__all__ = ["LEVEL", "fewest_scenarios", "mean_interval", "prediction", "stretched"]

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEVEL = 0.8
"""Of both intervals: the level that the ranks of nine scenarios suffice for."""

_RESAMPLES = 2000
_ENTROPY = 22


def stretched(rank: Array, of: Array, among: int) -> Array:
    """Return ranks of so many as ranks among another number of solvers: the first stays first, the last last.

    Example:
        >>> stretched(np.array([1.0, 2.0, 3.0]), np.array([3.0, 3.0, 3.0]), 9).tolist()
        [1.0, 5.0, 9.0]
    """
    return np.asarray(1 + (rank - 1) / np.maximum(of - 1, 1) * (among - 1))


def fewest_scenarios(level: float = LEVEL) -> int:
    """Return how many scenarios a prediction interval of this level needs to have ends.

    Example:
        >>> fewest_scenarios(0.8), fewest_scenarios(0.95)
        (9, 39)
    """
    return int(np.ceil(2 / (1 - level) - 1 - 1e-9))


def prediction(first: Array, last: Array, among: int, *, level: float = LEVEL) -> tuple[float, float]:
    """Return the ranks that one more scenario would give with at least this probability.

    Arguments:
        first: The first rank that a solver may have in each scenario, `(scenarios,)`.
        last: The last one.
        among: How many solvers there are: open ends are 1 and this.
        level: Probability.

    Example:
        >>> prediction(np.arange(1.0, 10.0), np.arange(1.0, 10.0), 12), prediction(np.ones(3), np.ones(3), 12)
        ((1.0, 9.0), (1.0, 12.0))
    """
    place = int((len(first) + 1) * (1 - level) / 2 + 1e-9)
    if place < 1:
        return 1.0, float(among)
    return float(np.sort(first)[place - 1]), float(np.sort(last)[-place])


def mean_interval(rank: Array, groups: Sequence[str], *, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of a mean rank from resampled scenarios; nan where there is one scenario only.

    Arguments:
        rank: The rank in each scenario, `(scenarios,)`.
        groups: The dataset of each. Datasets are drawn first, then as many scenarios of each as it has, for those of
            one dataset are more alike than others. With a single dataset its scenarios alone are drawn.
        level: Of the percentile interval.

    Example:
        >>> mean_interval(np.array([2.0, 2.0, 2.0]), ["loan", "loan", "gmsc"])
        (2.0, 2.0)
    """
    if len(rank) < 2:
        return float("nan"), float("nan")
    draws = np.random.default_rng(_ENTROPY)
    _, group = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    members = [np.flatnonzero(group == one) for one in range(int(group.max()) + 1)]
    sums = np.stack([draws.choice(rank[rows], (_RESAMPLES, len(rows))).sum(1) for rows in members], axis=1)
    sizes = np.array([len(rows) for rows in members], dtype=float)
    chosen = draws.integers(len(members), size=(_RESAMPLES, len(members)))
    means = np.take_along_axis(sums, chosen, axis=1).sum(1) / sizes[chosen].sum(1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
