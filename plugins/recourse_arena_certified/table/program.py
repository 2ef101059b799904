"""The search for a person's cheapest move through a network, as a mixed-integer linear program."""

from __future__ import annotations

__all__ = ["Ends", "TableProgram", "ends_by_intervals", "tightened", "undecided"]

import time
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from recourse_arena_certified.table.milp import LinearProgram
from recourse_arena_certified.table.moves import Moves, Network
from recourse_arena_certified.table.rules import keep_rules

Ends: TypeAlias = tuple[np.ndarray, np.ndarray]
"""Least and greatest input of each neuron of a layer, `(neurons,)` each."""

_STEPS = 16
"""Tangents of a square; one for each whole number if there are no more."""


class TableProgram(LinearProgram):
    """Moves, the network on top of them, rules, and the cost.

    Arguments:
        moves: What the person can do.
        network: Weight and bias of each affine layer.
        limits: Least and greatest input of each neuron of each hidden layer.
        margin: Least logit.
        most: Greatest cost, whose root is not taken; infinite for no limit.
        touched: Moves of which tangents are needed as well, `(moves,)` each.
        loose: Whether rules give way by what a judge's rounding lets pass.
    """

    def __init__(
        self,
        moves: Moves,
        network: Network,
        limits: Sequence[Ends],
        *,
        margin: float,
        most: float = np.inf,
        touched: Sequence[np.ndarray] = (),
        loose: bool = True,
    ) -> None:
        super().__init__()
        self.scale = most if 0 < most < np.inf else float((moves.price * moves.upper**moves.power).sum()) or 1.0
        """What a unit of its objective is, as a cost whose root is not taken."""
        self.moves = [self.column(0.0, moves.upper[m], whole=bool(moves.whole[m])) for m in range(len(moves))]
        self.inputs: list[dict[int, int]] = []
        """Of each hidden layer, the column of each neuron's input; without those that are never above 0."""
        features = [moves.of_feature(j) for j in sorted(set(moves.owner.tolist()))]
        self._features = [[self.moves[m] for m in own] for own in features]
        for own in features:
            self._one_way(moves, own)
        self._cost_rows(moves, touched, most)
        keep_rules(self, self.moves, moves, loose=loose)
        self.logit, self.start = self._layers(moves, network, limits)
        """What the logit is: factors by column, and what it is without them."""
        self.row(self.logit, margin - self.start, np.inf)

    def narrow(self, lower: np.ndarray, upper: np.ndarray, stays: np.ndarray) -> None:
        """Leave a part of the moves only.

        Arguments:
            lower: Least moves, `(moves,)`.
            upper: Greatest moves.
            stays: Whether each feature that moves, in column order, may stay as it is.
        """
        for m, column in enumerate(self.moves):
            self._lower[column], self._upper[column] = float(lower[m]), float(upper[m])
        for own, may_stay in zip(self._features, stays.tolist(), strict=True):
            if not may_stay:
                self.row(dict.fromkeys(own, 1.0), 1.0, 1.0)

    def _one_way(self, moves: Moves, own: list[int]) -> None:
        """Let a feature move to one level, and a number come into the box or stay."""
        if not moves.sign[own[0]]:
            self.row({self.moves[m]: 1.0 for m in own}, 0.0, 1.0)
            return
        for m in own:
            if moves.apart[m]:
                acts = self.column(0.0, 1.0, whole=True)
                self.row({self.moves[m]: 1.0, acts: -moves.lower[m]}, 0.0, np.inf)
                self.row({self.moves[m]: 1.0, acts: -moves.upper[m]}, -np.inf, 0.0)

    def ask_for_most(self, greatest: float) -> None:
        """Look for the greatest logit rather than the least cost: the objective is what is missing to `greatest`."""
        self._cost = [0.0] * len(self._cost)
        missing = self.column(0.0, np.inf, cost=1.0)
        self.row({**self.logit, missing: 1.0}, greatest - self.start, np.inf)

    def _cost_rows(self, moves: Moves, touched: Sequence[np.ndarray], most: float) -> None:
        terms: dict[int, float] = {}
        for m in range(len(moves)):
            price = float(moves.price[m]) / self.scale
            if moves.power == 1 or not moves.sign[m]:
                terms[self.moves[m]] = price
            elif price:
                terms[self._squared(moves, m, price, touched)] = 1.0
        for column, price in terms.items():
            self._cost[column] = price
        if most < np.inf:
            self.row(terms, -np.inf, most / self.scale)

    def _squared(self, moves: Moves, m: int, price: float, touched: Sequence[np.ndarray]) -> int:
        """Return a column that is at least `price` times the square of a move, as far as tangents say so."""
        upper = float(moves.upper[m])
        square = self.column(0.0, price * upper**2)
        if moves.whole[m]:  # lines through two neighbours, which are exact at whole numbers
            places = np.unique(np.geomspace(1, upper, _STEPS).round()) if upper > _STEPS else np.arange(1, upper + 1)
            places = np.unique(np.concatenate([places, *([x[m].round(), x[m].round() + 1] for x in touched)]))
            lines = [(2 * k - 1, k * (k - 1)) for k in places[places >= 1]]
        else:
            places = np.concatenate([upper * 0.7 ** np.arange(_STEPS), [x[m] for x in touched]])
            lines = [(2 * k, k * k) for k in places]
        for slope, offset in lines:
            self.row({square: 1.0, self.moves[m]: -price * slope}, -price * offset, np.inf)
        return square

    def _layers(self, moves: Moves, network: Network, limits: Sequence[Ends]) -> tuple[dict[int, float], float]:
        weight, start = moves.first_layer(network)
        below: dict[int, int] = dict(enumerate(self.moves))
        for number, (least, greatest) in enumerate(limits):
            inputs: dict[int, int] = {}
            for k in range(len(start)):
                if greatest[k] > 0:
                    inputs[k] = self.column(least[k], greatest[k])
                    terms = {column: weight[k, i] for i, column in below.items()}
                    self.row({**terms, inputs[k]: -1.0}, -start[k], -start[k])
            self.inputs.append(inputs)
            below = {k: self._relu(column, least[k], greatest[k]) for k, column in inputs.items()}
            weight, start = network[number + 1]
        return {column: float(weight[0, i]) for i, column in below.items()}, float(start[0])

    def _relu(self, column: int, least: float, greatest: float) -> int:
        """Return the column that is the positive part of another one."""
        if least >= 0:
            return column
        output, on = self.column(0.0, greatest), self.column(0.0, 1.0, whole=True)
        self.row({output: 1.0, column: -1.0}, 0.0, np.inf)
        self.row({output: 1.0, column: -1.0, on: -least}, -np.inf, -least)
        self.row({output: 1.0, on: -greatest}, -np.inf, 0.0)
        return output


def ends_by_intervals(moves: Moves, network: Network, known: Sequence[Ends] = ()) -> list[Ends]:
    """Return what intervals say of the inputs of neurons, from what is known of the first layers on."""
    effect, start = moves.first_layer(network)
    lower, upper = start.copy(), start.copy()
    for j in set(moves.owner.tolist()):
        reached = effect[:, moves.of_feature(j)] * moves.upper[moves.of_feature(j)]
        lower, upper = lower + reached.min(1).clip(max=0), upper + reached.max(1).clip(min=0)
    limits: list[Ends] = []
    for number in range(len(network) - 1):
        if number < len(known):
            lower, upper = np.maximum(lower, known[number][0]), np.minimum(upper, known[number][1])
        limits.append((lower, upper))
        weight, bias = network[number + 1]
        least, greatest = lower.clip(min=0), upper.clip(min=0)
        plus, minus = weight.clip(min=0), weight.clip(max=0)
        lower, upper = bias + plus @ least + minus @ greatest, bias + plus @ greatest + minus @ least
    return limits


def undecided(limits: Sequence[Ends]) -> int:
    """Return how many neurons may be on either side of 0."""
    return sum(int(((least < 0) & (greatest > 0)).sum()) for least, greatest in limits)


def tightened(
    moves: Moves, network: Network, limits: list[Ends], *, margin: float, most: float, deadline: float
) -> list[Ends] | None:
    """Return ends that are at least as tight, by linear programs; none if nothing meets even those.

    References:
        Belotti et al., Branching and bounds tightening techniques for non-convex MINLP (2009), section 4.
    """
    for number in range(len(limits)):
        program = TableProgram(moves, network, limits, margin=margin, most=most)
        relaxation = program.relaxation()
        least, greatest = (end.copy() for end in limits[number])
        for k, column in program.inputs[number].items():
            if least[k] < 0 < greatest[k] and time.monotonic() < deadline:
                greatest[k] = min(greatest[k], relaxation.most(column))
                least[k] = max(least[k], relaxation.least(column))
        if relaxation.infeasible:
            return None
        limits = ends_by_intervals(moves, network, [*limits[:number], (least, greatest)])
    return limits
