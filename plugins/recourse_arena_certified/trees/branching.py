"""Branch and bound over parts of a person's moves, the cheapest part first."""

from __future__ import annotations

__all__ = ["Branching", "Pool"]

import time
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from recourse_arena_certified.trees.cells import Cells
from recourse_arena_certified.trees.parts import Bounded, Cuts, PartBounds
from recourse_arena_certified.trees.rules import CellRules

_BATCH, _NUMBERS = 256, 1 << 22
"""Most parts that are bounded at once, and about how many numbers that may take."""

Tried: TypeAlias = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Returns of cells `(people, features that move)` who is accepted by the decision model, and who keeps the rules."""


class Pool:
    """Parts that are still to be looked at.

    Arguments:
        cells: Number of cells.

    Example:
        >>> pool = Pool(2)
        >>> pool.add(np.array([[True, False], [True, True]]), np.array([0.5, 0.25]))
        >>> pool.least, len(pool)
        (0.25, 2)
        >>> pool.cheapest(1).tolist(), len(pool)
        ([[True, True]], 1)
    """

    def __init__(self, cells: int) -> None:
        self._open, self._floor = np.zeros((0, cells), dtype=bool), np.zeros(0)

    def __len__(self) -> int:
        return int(np.isfinite(self._floor).sum())

    @property
    def least(self) -> float:
        """What all parts cost at least; infinite without any."""
        return float(self._floor.min(initial=np.inf))

    def add(self, open_: np.ndarray, floor: np.ndarray) -> None:
        """Add parts, bool `(parts, cells)`, and what they cost at least."""
        free = np.isinf(self._floor).nonzero()[0]
        if len(free) < len(floor):
            more = max(len(floor), len(self._floor))
            self._open = np.concatenate([self._open, np.zeros((more, self._open.shape[1]), dtype=bool)])
            self._floor = np.concatenate([self._floor, np.full(more, np.inf)])
            free = np.isinf(self._floor).nonzero()[0]
        self._open[free[: len(floor)]], self._floor[free[: len(floor)]] = open_, floor

    def drop(self, most: float) -> None:
        """Drop parts that cost at least so much."""
        self._floor[self._floor >= most] = np.inf

    def cheapest(self, count: int) -> np.ndarray:
        """Take out so many of the cheapest parts, if there are so many, and return their open cells."""
        count = min(count, len(self))
        rows = np.argpartition(self._floor, count - 1)[:count] if count else np.zeros(0, dtype=int)
        self._floor[rows] = np.inf
        return self._open[rows].copy()


class Branching:
    """The search for cells that cost less than the best action known, of somebody who is accepted there.

    Arguments:
        cells: The person's cells.
        rules: Their rules.
        tried: Asks the decision model.
        most: What the best action costs, its root not taken; infinite without one.
    """

    def __init__(self, cells: Cells, rules: CellRules, tried: Tried, most: float) -> None:
        self.cells, self.rules, self.tried, self.most = cells, rules, tried, most
        self.best: np.ndarray | None = None
        """The cheapest cells, `(features that move,)`; none if nothing cheaper was found."""
        self.floor = np.inf
        """What those cost at least that a judge might accept, though nobody is advised so."""
        self.looked_at = 0
        """How many parts were bounded."""

    def search(self, deadline: float) -> float:
        """Search until then; return a cost, its root not taken, that no action undercuts that is not `best`."""
        if not self.cells.columns:
            return self.most
        bounds = PartBounds(self.cells)
        top = sum(float(self.cells.cost[self.cells.of_feature(k)].max()) for k in range(len(self.cells.columns)))
        cuts = Cuts(self.cells, min(self.most, top) or 1.0)
        pool = Pool(len(self.cells))
        pool.add(bounds.root(), np.zeros(1))
        size = len(self.cells.leaves.tree) + len(cuts.side) + len(self.cells)
        batch = max(1, min(_BATCH, _NUMBERS // size))
        while len(pool):
            if time.monotonic() >= deadline:
                return min(pool.least, self.most, self.floor)
            parts, accepted = self._left(bounds.bounded(pool.cheapest(batch), self.most))
            if len(parts.floor):  # whose cheapest cells are accepted, but break rules, is cut by features of rules
                halves = cuts.halves(parts, accepted[:, None] & self.rules.about)
                pool.add(halves, bounds.cheapest(halves)[1].sum(1))
            pool.drop(self.most)
        return min(self.most, self.floor)

    def _left(self, parts: Bounded) -> tuple[Bounded, np.ndarray]:
        """Take up the best of the cheapest cells of parts.

        Returns:
            The parts in which something cheaper may be, and of which of them the cheapest cells are accepted, bool
            `(parts,)`.
        """
        leaves = self.cells.leaves
        self.looked_at += len(parts.floor)
        needed = leaves.least - leaves.rounding
        parts = parts[(parts.most >= needed) & self.rules.possible(parts.open_)]
        near = (parts.score >= needed).nonzero()[0]
        accepted, kept = np.zeros(len(parts.floor), dtype=bool), np.zeros(len(parts.floor), dtype=bool)
        if len(near):
            accepted[near], kept[near] = self.tried(parts.chosen[near])
        passes, advised = accepted & kept, self.cells.advised[parts.chosen].all(1)
        found = passes & advised
        if found.any():
            cheapest = np.where(found, parts.floor, np.inf).argmin()
            if parts.floor[cheapest] < self.most:
                self.most, self.best = float(parts.floor[cheapest]), parts.chosen[cheapest]
        alone = passes & ~advised & parts.single
        self.floor = min(self.floor, float(parts.floor[alone].min(initial=np.inf)))
        left = ~found & ~parts.single & ~(parts.decided & ~accepted) & (parts.floor < self.most)
        return parts[left], accepted[left]
