"""What one person of a table can do, as variables: how far up or down, or to which level."""

from __future__ import annotations

__all__ = ["Moves"]

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recourse_arena import FeatureTable, Kind, Request

Network = Sequence[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Moves:
    """A person's moves; arrays are `(moves,)`, and a move is 0 for whoever stays.

    A number has a move up and one down, a category one to each other level, in alphabetical order.

    Arguments:
        features: The features.
        factual: The person, `(features,)`.
        owner: The feature that each move is of.
        sign: 1 up, -1 down, 0 to another level.
        code: The level that it leads to, -1 for numbers.
        unit: Change of a number for a move of 1, in data units.
        lower: Least move of whoever makes any: above 0 where the person stands outside the box.
        upper: Greatest move.
        price: Part of the cost, its root not taken, for a move of 1.
        power: Exponent of a move in the cost.
    """

    features: FeatureTable
    factual: np.ndarray
    owner: np.ndarray
    sign: np.ndarray
    code: np.ndarray
    unit: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    price: np.ndarray
    power: int

    @classmethod
    def of(cls, one: Request, most: float) -> Moves:
        """Return the moves of a request of one that cost no more than `most`, whose root is not taken.

        Raises:
            ArithmeticError: If a number is not finite, or a price below 0.
        """
        power = one.unit_cost.power
        factual, lower, upper = (t[0].double().numpy() for t in (one.factual, one.box.lower, one.box.upper))
        prices = one.weights[0].double().numpy() * one.unit_cost.slope.numpy()
        acted = one.actionable[0].numpy()
        checked = np.stack([factual, lower, upper, prices])[:, acted]
        if not np.isfinite(factual).all() or not np.isfinite(checked).all() or (checked[3] < 0).any():
            raise ArithmeticError("factual values, bounds and weights must be finite, and weights not below 0")
        moves: list[tuple[float, ...]] = []
        for j in acted.nonzero()[0].tolist():
            feature, price = one.features.features[j], float(prices[j])
            ends = lower[j] - factual[j], upper[j] - factual[j]
            if feature.kind is Kind.CATEGORICAL:
                others = [code for code in feature.alphabetical if code != factual[j] and lower[j] <= code <= upper[j]]
                moves += [(j, 0, code, 1.0, 0.0, 1.0, price) for code in others if price <= most]
                continue
            for sign, least, greatest in ((1, *ends), (-1, -ends[1], -ends[0])):
                reach = (most / price) ** (1 / power) if price else np.inf
                moves += _number(j, sign, max(least, 0.0), min(greatest, reach), price, feature.whole, power)
        columns = np.array(moves, dtype=float).reshape(-1, 7).T
        owner, sign, code = (column.astype(int) for column in columns[:3])
        unit, least, greatest, price = columns[3:]
        return cls(one.features, factual, owner, sign, code, unit, least, greatest, price, power)

    def __len__(self) -> int:
        return len(self.owner)

    @cached_property
    def whole(self) -> np.ndarray:
        """Which moves are whole numbers, bool."""
        return self.features.whole.numpy()[self.owner]

    @cached_property
    def apart(self) -> np.ndarray:
        """Which moves are none at all or some way at least: of those who stand outside the box, bool."""
        return self.lower > 0

    def of_feature(self, column: int) -> list[int]:
        """Return the moves of a feature."""
        return (self.owner == column).nonzero()[0].tolist()

    def values(self, moves: np.ndarray) -> np.ndarray:
        """Return the person `(features,)` after `moves`."""
        values = self.factual.copy()
        for m in (moves > 1e-9).nonzero()[0].tolist():
            if self.sign[m]:
                values[self.owner[m]] += self.sign[m] * self.unit[m] * moves[m]
            elif moves[m] > 0.5:
                values[self.owner[m]] = self.code[m]
        return values

    def total(self, moves: np.ndarray) -> float:
        """Return the cost of `moves`, its root not taken."""
        return float((self.price * moves**self.power).sum())

    def first_layer(self, network: Network) -> tuple[np.ndarray, np.ndarray]:
        """Return what moves do to the outputs of the first layer, `(outputs, moves)`, and these without, `(outputs,)`.

        Arguments:
            network: Weight and bias of each layer, the first on data units with a column for each level.
        """
        weight, bias = network[0]
        columns: dict[tuple[int, int], int] = {}
        for j, feature in enumerate(self.features):
            for code in feature.alphabetical if feature.kind is Kind.CATEGORICAL else (-1,):
                columns[j, code] = len(columns)
        start, effect = bias.copy(), np.zeros((len(bias), len(self)))
        for (j, code), column in columns.items():
            start += weight[:, column] * (self.factual[j] if code < 0 else float(self.factual[j] == code))
        for m, (j, code) in enumerate(zip(self.owner.tolist(), self.code.tolist(), strict=True)):
            effect[:, m] = weight[:, columns[j, code]]
            if self.sign[m]:
                effect[:, m] *= self.sign[m] * self.unit[m]
            elif (j, int(self.factual[j])) in columns:
                effect[:, m] -= weight[:, columns[j, int(self.factual[j])]]
        return effect, start


def _number(
    column: int, sign: int, least: float, greatest: float, price: float, whole: bool, power: int
) -> list[tuple[float, ...]]:
    """Return the move of a number one way; none if there is no way."""
    if whole:
        least, greatest = float(np.ceil(least - 1e-9)), float(np.floor(greatest + 1e-9))
    if greatest <= 0 or least > greatest:
        return []
    unit = 1.0 if whole else greatest  # so that the moves of all numbers are about 1
    return [(column, sign, -1, unit, least / unit, greatest / unit, price * unit**power)]
