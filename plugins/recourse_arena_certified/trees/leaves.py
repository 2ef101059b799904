"""The leaves of a decision model that is a sum of trees, and at which values a person moves from one to another."""

from __future__ import annotations

__all__ = ["Leaves", "last_below"]

from dataclasses import dataclass, replace

import numpy as np
import torch

from recourse_arena import Encoding, Problem


@dataclass(frozen=True)
class Leaves:
    """Leaves of all trees; arrays are `(leaves,)`, those of columns `(leaves, columns)`.

    Arguments:
        encoding: How people look to the trees.
        tree: The tree of each leaf, ascending.
        value: What it adds to the score.
        lower: Encoded columns are above this, in single precision.
        upper: Encoded columns are at most this.
        start: The score without trees.
        least: The least score that is accepted.
        rounding: What rounding may do to a score: who is closer to the least one has to be asked about.
    """

    encoding: Encoding
    tree: np.ndarray
    value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    start: float
    least: float
    rounding: float

    @classmethod
    def of(cls, problem: Problem) -> Leaves:
        """Return the leaves of a problem's decision model.

        Raises:
            NotApplicable: If it has no trees that can be read.
        """
        trees = problem.trees
        number, node, lower, upper = trees.leaves()
        value, above, at_most = trees.value[node].numpy(), lower.numpy(), upper.numpy()
        return cls(trees.encoding, number.numpy(), value, above, at_most, trees.base, trees.least, trees.rounding)

    def those(self, kept: np.ndarray) -> Leaves:
        """Return some of the leaves, bool `(leaves,)`."""
        parts = {name: getattr(self, name)[kept] for name in ("tree", "value", "lower", "upper")}
        return replace(self, **parts)

    def of_person(self, factual: torch.Tensor, acted: np.ndarray) -> Leaves:
        """Return the leaves that a person `(features,)` may reach who acts on some features, bool `(features,)`."""
        own = self.encoding.owner.numpy()
        z = self.encoding.encode(factual.float()).numpy()
        fixed = ~acted[own]
        inside = (z[fixed] > self.lower[:, fixed]) & (z[fixed] <= self.upper[:, fixed])
        return self.those(inside.all(1))

    def columns_of(self, j: int) -> np.ndarray:
        """Return the columns of a feature."""
        return (self.encoding.owner == j).nonzero()[:, 0].numpy()

    def thresholds(self, j: int) -> np.ndarray:
        """Return at which values of its column these leaves tell people apart by a number, ascending."""
        (column,) = self.columns_of(j)
        ends = np.unique(np.concatenate([self.lower[:, column], self.upper[:, column]]))
        return ends[np.isfinite(ends)]

    def holds(self, j: int, values: np.ndarray, factual: torch.Tensor) -> np.ndarray:
        """Return which leaves hold a person whose feature has some values, as far as that feature goes.

        Arguments:
            j: The feature.
            values: Its values, `(values,)`.
            factual: The person, `(features,)`.

        Returns:
            Bool `(leaves, values)`.
        """
        people = factual.float().repeat(len(values), 1)
        people[:, j] = torch.from_numpy(values)
        columns = self.columns_of(j)
        z = self.encoding.encode(people).numpy()[:, columns]
        found = np.ones((len(self.tree), len(values)), dtype=bool)
        for place, column in enumerate(columns):
            found &= (z[:, place] > self.lower[:, column, None]) & (z[:, place] <= self.upper[:, column, None])
        return found

    def last_below(self, j: int, lower: float, upper: float) -> np.ndarray:
        """Return the last value of a number before each threshold, of those from `lower` to `upper`.

        It is the greatest in single precision whose encoding, rounded as the decision model's, is not above the
        threshold; thresholds without one are left out.
        """
        mean, sd = np.float32(self.encoding.mean[j]), np.float32(self.encoding.sd[j])
        return last_below(self.thresholds(j), mean, sd, lower, upper)


def last_below(thresholds: np.ndarray, mean: np.float32, sd: np.float32, lower: float, upper: float) -> np.ndarray:
    """Return the greatest x from `lower` to `upper` with `(x - mean) / sd <= threshold`, all in single precision.

    Thresholds without one are left out. What is rounded never falls as x grows, so that halving finds it exactly.

    Example:
        >>> last_below(np.float32([-9.0, 0.0, 0.25]), np.float32(1), np.float32(2), 0.0, 5.0).tolist()
        [1.0, 1.5]
    """
    first, last = (int(_number(np.float32(end))) for end in (lower, upper))
    below, most = np.full(len(thresholds), first - 1), np.full(len(thresholds), last)
    while (below < most).any():
        middle = (below + most + 1) >> 1
        fits = (_single(middle) - mean) / sd <= thresholds
        below, most = np.where(fits, middle, below), np.where(fits, most, middle - 1)
    return _single(below[below >= first])


def _number(x: np.ndarray | np.float32) -> np.ndarray:
    """Return the place of numbers in single precision among all, ascending."""
    bits = np.asarray(x, dtype=np.float32).view(np.int32).astype(np.int64)
    return np.where(bits >= 0, bits, -(bits & 0x7FFFFFFF))


def _single(place: np.ndarray) -> np.ndarray:
    """Return the numbers in single precision at some places."""
    bits = np.where(place >= 0, place, -place | 0x80000000)
    return bits.astype(np.uint32).view(np.float32)
