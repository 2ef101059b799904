"""The cheapest change in a box where few neurons are undecided: branch and bound over these, by convex programs."""

from __future__ import annotations

__all__ = ["Corner", "Found"]

import heapq
import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recourse_arena_certified.pieces.piece import Piece
from recourse_arena_certified.pieces.relaxed import Layers, Neuron, Relaxed, Sides


@dataclass(frozen=True)
class Found:
    """A solution: the change, what it costs at least, and its neurons' sides."""

    change: np.ndarray
    bound: float
    sides: Sides


class Corner:
    """One box.

    Arguments:
        piece: Its piece.
        network: Weight and bias of each affine layer, the first on changes.
        price: Weighted cost of a squared change by one data unit, `(changes,)`.
        lower: Least change, `(changes,)`.
        upper: Greatest change.
        limits: Least and greatest input of each neuron of each hidden layer.
    """

    def __init__(
        self,
        piece: Piece,
        network: Layers,
        price: np.ndarray,
        lower: np.ndarray,
        upper: np.ndarray,
        limits: Layers,
    ) -> None:
        self.piece, self.layers, self.price = piece, network, price
        self.lower, self.upper, self.limits = lower, upper, limits

    def least(
        self,
        margin: float,
        floor: float,
        most: Callable[[], float],
        offer: Callable[[Corner, Found], None],
        until: float = math.inf,
    ) -> float:
        """Return a cost that no change in the box undercuts, infinite if none of at most `most` meets the margin.

        Arguments:
            margin: Least logit.
            floor: What a change is known to cost at least.
            most: Returns the cost below which changes are looked for; it may fall.
            offer: Is told of solutions.
            until: When to stop, by :func:`time.monotonic`; what is returned holds then, too.
        """
        count = itertools.count()
        open_: list[tuple[float, int, Sides]] = [(floor, next(count), {})]
        proved = math.inf
        while open_:
            below, _, sides = heapq.heappop(open_)
            if below > most():
                break
            if time.monotonic() > until:
                return min(proved, below)
            answer = self._relaxed(sides, margin).minimum(most())
            bound = max(answer.bound, below)
            if bound > most():
                continue
            if answer.worst is not None:
                for side in (True, False):
                    heapq.heappush(open_, (bound, next(count), {**sides, answer.worst: side}))
                continue
            proved = min(proved, bound)
            if answer.change is not None:
                offer(self, Found(answer.change, bound, self._all_sides(answer.change, sides)))
        return proved

    def exactly(self, found: Found, margin: float, radius: float) -> np.ndarray | None:
        """Return the cheapest change on the same sides as a found one, with another margin and radius; none if none."""
        return self._relaxed(found.sides, margin, radius).minimum(math.inf).change

    def _relaxed(self, sides: Sides, margin: float, radius: float | None = None) -> Relaxed:
        radius = self.piece.radius if radius is None else radius
        return Relaxed(
            self.piece,
            self.layers,
            self.limits,
            self.price,
            (self.lower, self.upper),
            sides,
            margin=margin,
            radius=radius,
        )

    def _all_sides(self, change: np.ndarray, sides: Sides) -> Sides:
        """Return the sides of all undecided neurons at a change."""
        found: dict[Neuron, bool] = dict(sides)
        signal = change
        for layer, ((weight, bias), (least, greatest)) in enumerate(zip(self.layers, self.limits, strict=False)):
            before = weight @ signal + bias
            for neuron in ((least < 0) & (greatest > 0)).nonzero()[0].tolist():
                found.setdefault((layer, neuron), bool(before[neuron] > 0))
            signal = before.clip(min=0)
        return found
