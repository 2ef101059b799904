"""Parts of a person's moves where trees decide: what they cost at least, who may be accepted there, their halves."""

from __future__ import annotations

__all__ = ["Bounded", "Cuts", "PartBounds"]

from dataclasses import dataclass

import numpy as np

from recourse_arena_certified.trees.cells import Cells

_BIT, _DEAR = 1e-6, 10.0
"""What counts beside lost score when a cut is chosen: a bit, and that what is cut off costs more."""


@dataclass(frozen=True)
class Bounded:
    """What is known of parts.

    Arguments:
        open_: Which cells they hold, bool `(parts, cells)`.
        chosen: The cheapest cell of each feature, `(parts, features that move)`.
        floor: The cost of these, its root not taken, `(parts,)`: nothing in a part costs less.
        most: The greatest score is not above this, `(parts,)`.
        score: The score in the cheapest cells, `(parts,)`.
        decided: Whether all of a part is in one leaf of each tree, bool `(parts,)`.
        single: Whether it is one cell of each feature.
        best: The leaf of each tree that adds most, `(parts, trees)`.
        spread: By how much, beside the one that adds least, `(parts, trees)`.
    """

    open_: np.ndarray
    chosen: np.ndarray
    floor: np.ndarray
    most: np.ndarray
    score: np.ndarray
    decided: np.ndarray
    single: np.ndarray
    best: np.ndarray
    spread: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> Bounded:
        return Bounded(**{name: value[rows] for name, value in vars(self).items()})


class PartBounds:
    """Bounds of many parts at once.

    Arguments:
        cells: The person's cells.
    """

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        leaves = cells.leaves
        self._own = [cells.of_feature(place) for place in range(len(cells.columns))]
        self._holds = [np.ascontiguousarray(cells.holds[:, own].T, dtype=np.float32) for own in self._own]
        self._starts = np.searchsorted(leaves.tree, np.unique(leaves.tree))
        self._tree = np.unique(leaves.tree, return_inverse=True)[1].reshape(-1)

    def root(self) -> np.ndarray:
        """Return the part that is everything."""
        return np.ones((1, len(self.cells)), dtype=bool)

    def cheapest(self, open_: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the cheapest open cell of each feature, `(parts, features that move)`, and its cost."""
        chosen = np.stack(
            [own.start + np.where(open_[:, own], self.cells.cost[own], np.inf).argmin(1) for own in self._own], axis=1
        )
        return chosen, self.cells.cost[chosen]

    def bounded(self, open_: np.ndarray, most: float) -> Bounded:
        """Return bounds of parts without the cells that lead to a cost of `most` or more."""
        leaves = self.cells.leaves
        chosen, cost = self.cheapest(open_)
        spare = most - cost.sum(1, keepdims=True) + cost
        open_ = open_ & (self.cells.cost < spare[:, self.cells.owner])
        kept = open_[np.arange(len(open_))[:, None], chosen].all(1)  # who has nothing left costs too much
        open_, chosen, cost = open_[kept], chosen[kept], cost[kept]
        alive = np.ones((len(open_), len(leaves.tree)), dtype=bool)
        here = alive.copy()
        for place, (own, holds) in enumerate(zip(self._own, self._holds, strict=True)):
            alive &= open_[:, own].astype(np.float32) @ holds > 0
            here &= holds[chosen[:, place] - own.start] > 0
        greatest = np.where(alive, leaves.value, -np.inf)
        most_of = np.maximum.reduceat(greatest, self._starts, axis=1)
        least_of = np.minimum.reduceat(np.where(alive, leaves.value, np.inf), self._starts, axis=1)
        first = np.where(greatest == most_of[:, self._tree], np.arange(len(leaves.tree)), len(leaves.tree))
        return Bounded(
            open_,
            chosen,
            cost.sum(1),
            leaves.start + most_of.sum(1),
            leaves.start + (here * leaves.value).sum(1),
            alive.sum(1) == len(self._starts),
            open_.sum(1) == len(self._own),
            np.minimum.reduceat(first, self._starts, axis=1),
            most_of - least_of,
        )


class Cuts:
    """Ways to cut parts in two: a number below and above a threshold, one level of a category and all others.

    Arguments:
        cells: The person's cells.
        scale: A cost that is a lot.
    """

    def __init__(self, cells: Cells, scale: float) -> None:
        self.cells, self._scale = cells, scale
        self._own = [cells.of_feature(place) for place in range(len(cells.columns))]
        sides, places = [], list[int]()
        for place, own in enumerate(self._own):
            size = own.stop - own.start
            block = np.eye(size) > 0 if cells.level[own.start] else np.tri(size - 1, size) > 0
            sides.append(np.pad(block, ((0, 0), (own.start, len(cells) - own.stop))))
            places += [place] * len(block)
        self.side, self.place = np.concatenate(sides), np.array(places)
        """Cells on the first side of each cut, bool `(cuts, cells)`, and the feature of each, `(cuts,)`."""
        self._other = ~self.side & (cells.owner == self.place[:, None])
        holds = cells.holds.astype(np.float32)
        self._lost = [(holds @ side.T.astype(np.float32) == 0).astype(np.float32) for side in (self.side, self._other)]

    def halves(self, parts: Bounded, about: np.ndarray) -> np.ndarray:
        """Return the open cells of two halves of each part, bool `(2 * parts, cells)`.

        The cut is chosen by the score that either side is likely to lose, and by how much dearer one is.

        Arguments:
            parts: The parts; in none is each feature in a single cell.
            about: Where only cuts of some features count, bool `(parts, features that move)`.
        """
        weight = np.zeros((len(parts.open_), len(self.cells.leaves.tree)), dtype=np.float32)
        np.put_along_axis(weight, parts.best, parts.spread.astype(np.float32), axis=1)
        lost, costs = [weight @ side for side in self._lost], self._costs(parts.open_)
        cheap = costs[0] <= costs[1]
        dearer = np.abs(costs[0] - costs[1], where=np.isfinite(costs[0] + costs[1]), out=np.full_like(costs[0], -1.0))
        near, far = np.where(cheap, lost[0], lost[1]), np.where(cheap, lost[1], lost[0])
        dear = _DEAR * parts.spread.sum(1, keepdims=True) * dearer / self._scale
        possible = dearer >= 0
        asked = about[:, self.place] & possible
        possible &= asked | ~asked.any(1, keepdims=True)
        cut = np.where(possible, (near + _BIT) * (far + _BIT + dear), -1.0).argmax(1)
        return np.concatenate([parts.open_ & ~self._other[cut], parts.open_ & ~self.side[cut]])

    def _costs(self, open_: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the cheapest cell on either side of each cut, `(parts, cuts)` each; infinite where there is none."""
        first, second = [], []
        for own in self._own:
            cost = np.where(open_[:, own], self.cells.cost[own], np.inf)
            if self.cells.level[own.start]:
                least = np.partition(cost, 1, axis=1)[:, :2]
                first.append(cost)
                is_least = np.arange(cost.shape[1]) == cost.argmin(1)[:, None]
                second.append(np.where(is_least, least[:, 1:], least[:, :1]))
            else:
                first.append(np.minimum.accumulate(cost, axis=1)[:, :-1])
                second.append(np.minimum.accumulate(cost[:, ::-1], axis=1)[:, ::-1][:, 1:])
        return np.concatenate(first, axis=1), np.concatenate(second, axis=1)
