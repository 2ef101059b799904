"""The cheapest change in a box where few neurons are undecided: branch and bound over these, by convex programs.

What a program's solver says is not believed. Its multipliers are, for any multipliers bound the cost from below: the
bound is worked out from them anew (weak duality over the box).
"""

from __future__ import annotations

__all__ = ["Corner", "Found"]

import heapq
import itertools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import clarabel
import numpy as np
import scipy.sparse as sp

from recourse_arena_certified.pieces.piece import Piece

_SLACK = 1e-9
"""What double precision may be wrong by, relative to 1."""

_MET = 1e-7
"""By how much a neuron may miss its input's positive part, relative to its limits, to count as met."""

Sides = Mapping[tuple[int, int], bool]
"""Which neurons (layer and number) are held on or off."""


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
        network: Sequence[tuple[np.ndarray, np.ndarray]],
        price: np.ndarray,
        lower: np.ndarray,
        upper: np.ndarray,
        limits: Sequence[tuple[np.ndarray, np.ndarray]],
    ) -> None:
        self.piece, self.layers, self.price = piece, network, price
        self.lower, self.upper, self.limits = lower, upper, limits
        self.solved = 0

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
        open_: list[tuple[float, int, dict[tuple[int, int], bool]]] = [(floor, next(count), {})]
        proved = math.inf
        while open_:
            below, _, sides = heapq.heappop(open_)
            if below > most():
                break
            if time.monotonic() > until:
                return min(proved, below)
            relaxed = _Relaxed(self, sides, margin)
            bound, change, worst = relaxed.minimum(most())
            self.solved += 1
            bound = max(bound, below)
            if bound > most():
                continue
            if worst is None or change is None and not relaxed.open:
                proved = min(proved, bound)
                if change is not None:
                    offer(self, Found(change, bound, self._all_sides(change, sides)))
                continue
            for side in (True, False):
                heapq.heappush(open_, (bound, next(count), {**sides, worst: side}))
        return proved

    def exactly(self, found: Found, margin: float, shorter: float) -> np.ndarray | None:
        """Return the cheapest change on the same sides as a found one, with another margin and a smaller ball."""
        return _Relaxed(self, found.sides, margin, shorter).minimum(math.inf)[1]

    def _all_sides(self, change: np.ndarray, sides: Sides) -> Sides:
        """Return the sides of all undecided neurons at a change."""
        found, signal = dict(sides), change
        for layer, ((weight, bias), (least, greatest)) in enumerate(zip(self.layers, self.limits, strict=False)):
            before = weight @ signal + bias
            for neuron in ((least < 0) & (greatest > 0)).nonzero()[0].tolist():
                found.setdefault((layer, neuron), bool(before[neuron] > 0))
            signal = before.clip(min=0)
        return found


class _Relaxed:
    """A convex program over changes and outputs of undecided neurons: `columns` of both, each within bounds."""

    def __init__(self, corner: Corner, sides: Sides, margin: float, shorter: float = 0.0) -> None:
        self.corner, self.sides = corner, sides
        self.changes = len(corner.price)
        self.lower, self.upper = list(corner.lower), list(corner.upper)
        self.rows: list[np.ndarray] = []
        """Rows `(columns + 1,)` of what is at most 0, the constant last."""
        self.open: list[tuple[tuple[int, int], np.ndarray, float]] = []
        """Each undecided neuron, its input and its range."""
        total = self.changes + sum(int(((low < 0) & (high > 0)).sum()) for low, high in corner.limits)
        self.columns, self.width = self.changes, total + 1
        signal = np.eye(self.changes, self.width)
        for layer, ((weight, bias), (least, greatest)) in enumerate(zip(corner.layers, corner.limits, strict=False)):
            signal = self._passed(layer, self._sum(weight, bias, signal), least, greatest)
        logit = self._sum(*corner.layers[-1], signal)[0]
        logit[-1] -= margin
        self.rows.append(-logit)
        for slope, offset in zip(*corner.piece.sides, strict=True):
            row = np.zeros(self.width)
            row[: self.changes], row[-1] = slope, offset
            self.rows.append(row)
        self.radius = corner.piece.radius - shorter

    def _sum(self, weight: np.ndarray, bias: np.ndarray, signal: np.ndarray) -> np.ndarray:
        found = weight @ signal
        found[:, -1] += bias
        return found

    def _passed(self, layer: int, before: np.ndarray, least: np.ndarray, greatest: np.ndarray) -> np.ndarray:
        """Return what neurons make of their inputs."""
        after = before * (least >= 0)[:, None]
        for neuron in ((least < 0) & (greatest > 0)).nonzero()[0].tolist():
            row, side = before[neuron], self.sides.get((layer, neuron))
            if side is not None:
                self.rows.append(-row if side else row)
                after[neuron] = row if side else 0.0
                continue
            low, high = float(least[neuron]), float(greatest[neuron])
            own = np.zeros(self.width)
            own[self.columns] = 1.0
            self.lower.append(0.0)
            self.upper.append(high)
            self.columns += 1
            chord = high / (high - low) * row
            chord[-1] -= high / (high - low) * low
            self.rows += [row - own, own - chord]
            self.open.append(((layer, neuron), row, high - low))
            after[neuron] = own
        return after

    def minimum(self, most: float) -> tuple[float, np.ndarray | None, tuple[int, int] | None]:
        """Return a bound of the cost, the change, and which neuron misses its input's positive part the most.

        The bound is infinite if it is above `most`; without a change, any undecided neuron is named.
        """
        table = np.array(self.rows)
        coefficients, constant = table[:, : self.columns], table[:, -1]
        scale = 1 / most if math.isfinite(most) else 1.0
        cost = np.zeros(self.columns)
        cost[: self.changes] = self.corner.price * scale
        lower, upper = np.array(self.lower), np.array(self.upper)
        ends = np.eye(self.columns)
        parts, rest = [coefficients, ends, -ends], [-constant, upper, -lower]
        cones = [clarabel.NonnegativeConeT(len(table) + 2 * self.columns)]
        ball = math.isfinite(self.radius)
        if ball:
            noise, silence = self.corner.piece.noise, self.corner.piece.silence
            block = np.zeros((1 + len(silence), self.columns))
            block[1:, : self.changes] = -noise
            parts.append(block)
            rest.append(np.concatenate([[max(self.radius, 0.0)], silence]))
            cones.append(clarabel.SecondOrderConeT(1 + len(silence)))
        settings = clarabel.DefaultSettings()
        settings.verbose, settings.presolve_enable = False, False
        all_rows, bounds = np.vstack(parts), np.concatenate(rest)
        solution = clarabel.DefaultSolver(
            sp.diags(2 * cost, format="csc"), np.zeros(self.columns), sp.csc_matrix(all_rows), bounds, cones, settings
        ).solve()
        multipliers = np.array(solution.z)
        status = str(solution.status)
        if not np.isfinite(multipliers).all():
            multipliers = np.zeros(len(bounds))
        if "Infeasible" in status:
            refuted = self._bound(multipliers, coefficients, constant, 0 * cost, ball) > 0
            return (math.inf if refuted else 0.0), None, self._any()
        bound = self._bound(multipliers, coefficients, constant, cost, ball) / scale
        if status not in ("Solved", "AlmostSolved"):
            return bound, None, self._any()
        point = np.array(solution.x)
        missed = [
            abs(point[self.changes + i] - max(row[: self.columns] @ point + row[-1], 0.0)) / wide
            for i, (_, row, wide) in enumerate(self.open)
        ]
        worst = int(np.argmax(missed)) if missed else -1
        name = self.open[worst][0] if missed and missed[worst] > _MET else None
        return bound, point[: self.changes].clip(self.corner.lower, self.corner.upper), name

    def _any(self) -> tuple[int, int] | None:
        return self.open[0][0] if self.open else None

    def _bound(
        self, multipliers: np.ndarray, coefficients: np.ndarray, constant: np.ndarray, cost: np.ndarray, ball: bool
    ) -> float:
        """Return the least cost plus all constraints' functions times their multipliers, over the columns' bounds."""
        lower, upper = np.array(self.lower), np.array(self.upper)
        own = multipliers[: len(constant)].clip(min=0)
        pull, earned, size = own @ coefficients, float(own @ constant), float(own @ np.abs(constant))
        if ball:
            noise, silence = self.corner.piece.noise, self.corner.piece.silence
            away = -multipliers[-len(silence) :]
            pull[: self.changes] += away @ noise
            earned += float(away @ silence - np.linalg.norm(away) * max(self.radius, 0.0))
            size += float(np.linalg.norm(away) * max(self.radius, 0.0))
        quadratic = cost > 0
        change = np.where(pull > 0, lower, upper)
        change[quadratic] = (-pull[quadratic] / (2 * cost[quadratic])).clip(lower[quadratic], upper[quadratic])
        each = cost * change**2 + pull * change
        return float(each.sum() + earned - _SLACK * (size + np.abs(each).sum()))
