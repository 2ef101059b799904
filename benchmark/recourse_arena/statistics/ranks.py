"""Ranks with ties: a solver ranks behind those alone that are better beyond doubt.

References:
    Romano and Wolf, Exact and approximate stepdown methods for multiple hypothesis testing, Journal of the American
    Statistical Association 100 (2005): the step-down maximum of studentised statistics over shared resamples.

    Westfall and Young, Resampling-based multiple testing (1993).

    Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (1979).
"""

from __future__ import annotations

__all__ = ["FEWEST_IN_COMMON", "adjusted_p_values", "holm", "ranks"]

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from recourse_arena.statistics.bootstrap import Means

FEWEST_IN_COMMON = 20
"""Pairs with fewer people in common are not tested: nothing is said about which is better."""


def adjusted_p_values(differences: Means) -> NDArray[np.float64]:
    """Return the p-value of each difference of one family, corrected for all of them; 1 where it is not tested.

    The chance that any p-value of a true tie falls below 0.05 is 0.05. The largest statistic of each resample over
    all differences not yet rejected is what the next one is held against.

    Example:
        >>> from recourse_arena.statistics.bootstrap import Resamples
        >>> people = np.random.default_rng(0).normal([0.0, 0.5], size=(100, 2))
        >>> adjusted_p_values(Resamples.draw(np.zeros(100, int)).means(people)).round(3).tolist()
        [0.472, 0.001]
    """
    found = np.ones(len(differences.value))
    tested = np.flatnonzero((differences.people >= FEWEST_IN_COMMON) & np.isfinite(differences.value))
    if not len(tested):
        return found
    observed = np.abs(differences.statistics[tested])
    order = np.argsort(-observed, kind="stable")
    largest = np.abs(differences.resampled_statistics.T[tested[order[::-1]]])
    resamples = largest.shape[1]
    np.maximum.accumulate(largest, axis=0, out=largest)
    p_values = (1 + (largest[::-1] >= observed[order][:, None]).sum(1)) / (1 + resamples)
    found[tested[order]] = np.maximum.accumulate(p_values)
    found[tested[observed == 0]] = 1.0
    return found


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p-values of one family corrected for all of them, whatever they have to do with each other (Holm).

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
        [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    found = np.empty(len(p_values))
    steps = (len(p_values) - np.arange(len(p_values))) * p_values[order]
    found[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return found


def ranks(names: Sequence[str], wins: Iterable[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Return the ranks that each name may have: from 1 and the number of those that are better beyond doubt, to the
    last one before those that are worse beyond doubt.

    Arguments:
        names: Who is ranked.
        wins: Pairs of a better one and a worse one.

    Example:
        >>> ranks(["a", "b", "c", "d"], [("a", "c"), ("a", "d"), ("b", "d")])
        {'a': (1, 2), 'b': (1, 3), 'c': (2, 4), 'd': (3, 4)}
    """
    behind, ahead = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for better, worse in set(wins):
        ahead[better] += 1
        behind[worse] += 1
    return {name: (1 + behind[name], len(behind) - ahead[name]) for name in behind}
