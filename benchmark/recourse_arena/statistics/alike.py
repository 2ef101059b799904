"""People who are alike, counted: shares and gaps of groups, and what drawing people anew does to them.

Where all that is asked of people is a few truth values and a cost, many are alike. Drawing people of a group anew is
then drawing how many of each kind there are, a multinomial, whatever the number of people.

References:
    Efron and Tibshirani, An introduction to the bootstrap (1993): percentile intervals, of strata.

    Agresti and Caffo, Simple and effective confidence intervals for proportions and differences of proportions result
    from adding two successes and two failures, The American Statistician 54 (2000): one of each in every group, so that
    an interval has a width where everybody of a sample is alike.

    Davison and Hinkley, Bootstrap methods and their application (1997), section 3.8: what differs between seeds.
"""

from __future__ import annotations

__all__ = ["Alike", "spread"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from recourse_arena.statistics.bootstrap import Array

_RESAMPLES = 1000


@dataclass(frozen=True)
class Alike:
    """Kinds of people within groups, and how many there are of each.

    Arguments:
        values: What each kind is like, `(kinds, columns)`.
        group: The group of each kind, `(kinds,)`.
        count: How many people are of each kind, `(kinds,)`.
        groups: How many groups there are.
    """

    values: Array
    group: NDArray[np.int64]
    count: NDArray[np.int64]
    groups: int

    @classmethod
    def of(cls, values: Array, group: NDArray[np.int64], groups: int) -> Alike:
        """Return the kinds of people; `values` `(people, columns)` may be infinite but not nan.

        Example:
            >>> found = Alike.of(np.array([[1.0], [0.0], [1.0]]), np.array([0, 0, 0]), 1)
            >>> found.values.ravel().tolist(), found.count.tolist()
            ([0.0, 1.0], [1, 2])
        """
        rows = np.column_stack([group.astype(float), values])
        kinds, count = np.unique(rows, axis=0, return_counts=True)
        return cls(kinds[:, 1:], kinds[:, 0].astype(np.int64), count.astype(np.int64), groups)

    @property
    def weights(self) -> Array:
        """Which share of its group each kind is, `(1, kinds)`."""
        people = np.bincount(self.group, self.count, self.groups)
        return (self.count / people[self.group])[None]

    def drawn(self, best: Array, worst: Array, *, entropy: int = 0) -> tuple[Alike, Array]:
        """Return these kinds with two people more in each group, and which share each kind is in each resample.

        Arguments:
            best: What somebody is like for whom all is well, `(columns,)`.
            worst: What somebody is like for whom nothing is.
            entropy: Of the draws.

        Returns:
            The kinds, and weights `(resamples, kinds)`; those of a group sum to 1.
        """
        each = np.arange(self.groups)
        more = np.concatenate([np.tile(best, (self.groups, 1)), np.tile(worst, (self.groups, 1))])
        values, group = np.concatenate([self.values, more]), np.concatenate([self.group, each, each])
        count = np.concatenate([self.count, np.ones(2 * self.groups, dtype=np.int64)])
        generator = np.random.default_rng(entropy)
        weights = np.empty((_RESAMPLES, len(count)))
        for number in range(self.groups):
            own = np.flatnonzero(group == number)
            people = int(count[own].sum())
            weights[:, own] = generator.multinomial(people, count[own] / people, size=_RESAMPLES) / people
        return Alike(values, group, count, self.groups), weights


def spread(value: float, by_seed: Array, resampled: Array, *, gap: bool = False) -> tuple[float, float]:
    """Return the 95 % percentile interval of a mean over seeds, widened by what differs between seeds beyond chance.

    A gap (the largest of several less the smallest) is above 0 by chance alone, the more so in resamples: their mean
    excess over it is taken off the lower end.

    Arguments:
        value: The mean over seeds.
        by_seed: The value of each seed, `(seeds,)`.
        resampled: That of each seed in each resample, `(seeds, resamples)`.
        gap: Whether it is a gap.

    Example:
        >>> draws = np.linspace(0.4, 0.6, 1001)[None]
        >>> low, high = spread(0.5, np.array([0.5]), draws)
        >>> round(low, 3), round(high, 3)
        (0.405, 0.595)
    """
    means = resampled.mean(0)
    seeds = len(by_seed)
    if seeds > 1:
        beyond = max(float(by_seed.var(ddof=1)) - float(resampled.var(axis=1).mean()), 0.0) / seeds
        wider = special.stdtrit(seeds - 1, 0.975) / special.ndtri(0.975)
        noise = np.random.default_rng(seeds).standard_normal(means.shape[0])
        means = means + noise * np.sqrt(beyond) * wider
    low, high = np.quantile(means, (0.025, 0.975))
    excess = max(float(means.mean()) - value, 0.0) if gap else 0.0
    return min(max(float(low) - excess, 0.0) if gap else float(low), value), max(float(high), value)
