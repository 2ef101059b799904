"""The convex program of a box: every undecided neuron, unless it is held on or off, is within a triangle.

What the program's solver says is not believed. Its multipliers are used, since any multipliers bound the cost from
below: the bound is worked out from them anew (weak duality over the bounds of all columns).

References:
    Ehlers, Formal verification of piece-wise linear feed-forward neural networks (ATVA 2017): the triangle.
"""

from __future__ import annotations

__all__ = ["Answer", "Layers", "Neuron", "Relaxed", "Sides"]

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import clarabel
import numpy as np
import scipy.sparse as sp

from recourse_arena_certified.pieces.piece import Piece

_SLACK = 1e-9
"""What double precision may be wrong by, relative to 1."""

_MET = 1e-7
"""By how much a neuron may miss its input's positive part, relative to its limits, to count as met."""

Layers = Sequence[tuple[np.ndarray, np.ndarray]]
"""Two arrays a layer: weight and bias, or least and greatest input of its neurons."""

Neuron = tuple[int, int]
"""Hidden layer and number."""

Sides = Mapping[Neuron, bool]
"""Which neurons are held on or off."""


@dataclass(frozen=True)
class Answer:
    """What came of a program.

    Arguments:
        bound: What a change costs at least; infinite if there is none.
        change: The cheapest one, if there is any.
        worst: The neuron to branch on: it misses its input's positive part the most; none if all meet theirs.
    """

    bound: float
    change: np.ndarray | None
    worst: Neuron | None


class Relaxed:
    """The cheapest change over changes and outputs of undecided neurons, the `columns`, each within bounds.

    Arguments:
        piece: The piece that the box is of.
        network: Weight and bias of each affine layer, the first on changes.
        limits: Least and greatest input of each neuron of each hidden layer.
        price: Weighted cost of a squared change by one data unit, `(changes,)`.
        ends: Least and greatest change, `(changes,)` each.
        sides: Neurons that are held on or off.
        margin: Least logit.
        radius: Largest norm of the noise.
    """

    def __init__(
        self,
        piece: Piece,
        network: Layers,
        limits: Layers,
        price: np.ndarray,
        ends: tuple[np.ndarray, np.ndarray],
        sides: Sides,
        *,
        margin: float,
        radius: float,
    ) -> None:
        self.piece, self.price, self.sides, self.radius = piece, price, sides, radius
        self.changes = self.columns = len(price)
        lower, upper = ends
        self.lower, self.upper = lower.tolist(), upper.tolist()
        self.rows: list[np.ndarray] = []
        """What is at most 0, `(all columns + 1,)` each, the constant last."""
        self.open: list[tuple[Neuron, np.ndarray, float]] = []
        """Each undecided neuron, its input and the width of its range."""
        self.width = len(price) + sum(int(((low < 0) & (high > 0)).sum()) for low, high in limits) + 1
        signal = np.eye(self.changes, self.width)
        for layer, ((weight, bias), (least, greatest)) in enumerate(zip(network, limits, strict=False)):
            signal = self._passed(layer, self._sum(weight, bias, signal), least, greatest)
        logit = self._sum(*network[-1], signal)[0]
        logit[-1] -= margin
        self.rows.append(-logit)
        for slope, offset in zip(*piece.sides, strict=True):
            self.rows.append(np.concatenate([slope, np.zeros(self.width - 1 - len(slope)), [offset]]))

    @staticmethod
    def _sum(weight: np.ndarray, bias: np.ndarray, signal: np.ndarray) -> np.ndarray:
        found: np.ndarray = weight @ signal
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

    def minimum(self, most: float) -> Answer:
        """Return what a change costs at least, in a program whose unit of cost is `most`, unless that is infinite."""
        scale = 1 / most if math.isfinite(most) else 1.0
        cost = np.zeros(self.columns)
        cost[: self.changes] = self.price * scale
        solution = self._solution(cost)
        multipliers, status = np.array(solution.z), str(solution.status)
        unsure = self.open[0][0] if self.open else None
        if not np.isfinite(multipliers).all():
            return Answer(0.0, None, unsure)
        if "Infeasible" in status:
            refuted = self._bound(multipliers, 0 * cost) > 0
            return Answer(math.inf if refuted else 0.0, None, unsure)
        bound = self._bound(multipliers, cost) / scale
        if status not in ("Solved", "AlmostSolved"):
            return Answer(bound, None, unsure)
        point = np.array(solution.x)
        change = point[: self.changes].clip(self.lower[: self.changes], self.upper[: self.changes])
        return Answer(bound, change, self._worst(point))

    def _worst(self, point: np.ndarray) -> Neuron | None:
        missed = [
            abs(point[self.changes + i] - max(row[: self.columns] @ point + row[-1], 0.0)) / wide
            for i, (_, row, wide) in enumerate(self.open)
        ]
        worst = int(np.argmax(missed)) if missed else -1
        return self.open[worst][0] if missed and missed[worst] > _MET else None

    def _solution(self, cost: np.ndarray) -> Any:
        """Return what Clarabel says: rows, upper and lower bounds, then the ball of the noise."""
        table, each = np.array(self.rows), np.eye(self.columns)
        rows, rest = [table[:, : self.columns], each, -each], [-table[:, -1], self.upper, -np.array(self.lower)]
        cones = [clarabel.NonnegativeConeT(len(table) + 2 * self.columns)]
        if math.isfinite(self.radius):
            block = np.zeros((1 + self.changes, self.columns))
            block[1:, : self.changes] = -self.piece.noise
            rows.append(block)
            rest.append(np.concatenate([[self.radius], self.piece.silence]))
            cones.append(clarabel.SecondOrderConeT(1 + self.changes))
        settings = clarabel.DefaultSettings()
        settings.verbose = settings.presolve_enable = False
        columns = np.arange(self.columns + 1)
        quadratic = sp.csc_matrix((2 * cost, columns[:-1], columns), shape=(self.columns, self.columns))
        all_rows, bounds = sp.csc_matrix(np.vstack(rows)), np.concatenate(rest)
        return clarabel.DefaultSolver(quadratic, 0 * cost, all_rows, bounds, cones, settings).solve()

    def _bound(self, multipliers: np.ndarray, cost: np.ndarray) -> float:
        """Return the least cost plus all constraints' functions times their multipliers, over the columns' bounds."""
        table, lower, upper = np.array(self.rows), np.array(self.lower), np.array(self.upper)
        own = multipliers[: len(table)].clip(min=0)
        pull, constants = own @ table[:, : self.columns], own * table[:, -1]
        if math.isfinite(self.radius):
            away = -multipliers[-self.changes :]
            pull[: self.changes] += away @ self.piece.noise
            constants = np.concatenate(
                [constants, away * self.piece.silence, [-np.linalg.norm(away) * max(self.radius, 0.0)]]
            )
        quadratic = cost > 0
        change = np.where(pull > 0, lower, upper)
        change[quadratic] = (-pull[quadratic] / (2 * cost[quadratic])).clip(lower[quadratic], upper[quadratic])
        total = np.concatenate([cost * change**2 + pull * change, constants])
        return float(total.sum() - _SLACK * np.abs(total).sum())
