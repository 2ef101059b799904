"""Trust-region sequential quadratic programming, for many rows side by side."""

from __future__ import annotations

__all__ = ["Descent", "Found", "distance", "leading", "merit", "paid", "size"]

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from recourse_arena_frontier.program import allocate, solve
from recourse_arena_frontier.rows import Rows, Slopes, padded, root

_ACCEPTED, _POOR, _GOOD = 0.05, 0.25, 0.7
"""Shares of the promised reduction that take a step, shrink the trust region below, and let it grow above."""

_SHRINK, _GROW = 0.4, 2.0
_SMALLEST = 1e-4
"""Trust radius at which a search ends, in standard deviations."""

_TINY = 1e-6
"""Least size of a row: keeps numbers finite for people on the very edge of acceptance."""

_DROPPED = 0.85
"""Share of rows still moving below which the others are dropped."""

_ROUNDS = 4
"""Rounds of the dual, from the last step's multipliers."""


class Found(NamedTuple):
    """What each row found.

    Arguments:
        cost: Weighted cost of the cheapest feasible point, infinite where there is none, `(rows,)`.
        y: That point, `(actionable, rows)`.
        merit: Merit of where the search ended, `(rows,)`.
        end: That point, `(actionable, rows)`.
    """

    cost: Tensor
    y: Tensor
    merit: Tensor
    end: Tensor


def distance(margins: Tensor, scale: Tensor, aim: float) -> Tensor:
    """Return how far margins `(2, rows)` are from their `aim`, as distances in the space of points, `(rows,)`."""
    return ((aim - margins).clamp(min=0) / scale).sum(0)


def paid(y: Tensor, power: int = 2) -> Tensor:
    """Return the weighted cost `(rows,)` of points `y`: the sum of that power of their changes, 1 or 2."""
    return y.square().sum(0) if power == 2 else y.abs().sum(0)


def size(y: Tensor, missed: Tensor, power: int = 2) -> Tensor:
    """Return the size `(rows,)` of searches at points `y` that `missed` by so much: what change is large or small."""
    cost = paid(y, power)
    return ((root(cost) if power == 2 else cost) + missed).clamp(min=_TINY)


def merit(y: Tensor, missed: Tensor, price: Tensor, power: int = 2) -> Tensor:
    """Return cost plus exact penalty `(rows,)` of points `y` that `missed` by so much at some `price` each."""
    return paid(y, power) + price * missed


class _State:
    """Where the rows stand that still move, and what is known there."""

    def __init__(self, rows: Rows, index: Tensor, y: Tensor, slopes: Slopes, radius: float) -> None:
        self.rows, self.index = rows, index
        self.tables = [y, *slopes, torch.zeros_like(slopes.margins), y.new_full((len(rows),), radius)]
        self.moving = rows.free.any(0)

    def drop(self, kept: Tensor) -> None:
        """Go on with some rows, by their indices among those of now."""
        self.rows, self.index, self.moving = self.rows[kept], self.index[kept], self.moving[kept]
        self.tables = [table.index_select(-1, kept) for table in self.tables]


@dataclass(frozen=True)
class Descent:
    """Repeats: linearise the margins, solve the quadratic program within the trust region, take what holds true.

    Arguments:
        iterations: Most of them per row.
        radius: First trust radius, in standard deviations of each feature.
        aim: Margin that the programs ask for: a little more than feasible, since linear models err.
        penalty: Price of missing a margin, in terms of the size of a row: exact while its multiplier is below. Where
            the cost is a sum of changes and not of their squares, it does not depend on the size.
        negligible: Promised reduction at which a search ends, relative to the merit.
        best: After how many steps only so many rows of each person go on: the best by merit.

    References:
        Nocedal & Wright, Numerical Optimization (2006), section 18.5: the l1-penalty trust-region method.
    """

    iterations: int = 20
    radius: float = 0.5
    aim: float = 1e-3
    penalty: float = 60.0
    negligible: float = 1e-4
    best: tuple[tuple[int, int], ...] = ()

    def __call__(self, rows: Rows, start: Tensor) -> Found:
        """Return what searches from points `start` `(actionable, rows)` find."""
        count = len(rows)
        index = padded(torch.arange(count, device=start.device))
        rows, start = rows[index], start[:, index]
        y = rows.clamp(start)
        slopes = rows.slopes(y)
        state = _State(rows, index, y, slopes, self.radius)
        cost = y.new_full((count,), torch.inf)
        found = Found(cost, y[:, :count].clone(), torch.zeros_like(cost), y[:, :count].clone())
        self._offer(found, state, y, slopes.margins, ~rows.relaxed)
        pruned = dict(self.best)
        for number in range(self.iterations):
            if number in pruned:
                self._prune(state, pruned[number])
            going = state.moving.nonzero()[:, 0]
            if not len(going):
                break
            if len(going) <= _DROPPED * len(state.index) and len(padded(going)) < len(state.index):
                self._keep(state, found)
                state.drop(padded(going))
            self._step(state, found)
        self._keep(state, found)
        return found

    def _step(self, state: _State, found: Found) -> None:
        rows, (y, margins, gradient, multipliers, radius) = state.rows, state.tables
        scale = Slopes(margins, gradient).scale
        missed = distance(margins, scale, self.aim)
        extent, reach = size(y, missed, rows.power), radius * rows.reach
        lower, upper = torch.maximum(rows.lower, y - reach), torch.minimum(rows.upper, y + reach)
        lower, upper = rows.within_sums(y, lower, upper)
        slope = gradient / scale[:, None]
        offset = (margins - self.aim) / scale - (slope * y).sum(1)
        if rows.power == 1:
            there = allocate(offset[0], slope[0], lower, upper, self.penalty)
        else:
            there, multipliers = solve(
                offset / extent, slope, lower / extent, upper / extent, self.penalty, rounds=_ROUNDS, start=multipliers
            )
            there = torch.minimum(torch.maximum(there * extent, lower), upper)
        there = rows.keeping_sums(there, lower, upper)
        lost = there.isnan().any(0)
        there = torch.where(lost, y, there)
        after = rows.slopes(there)
        # Rows that stopped are still there while few have: what they would do next is no business of others.
        self._offer(found, state, there, after.margins, state.moving & ~rows.relaxed)
        price = self._price(extent, rows.power)
        now = merit(y, missed, price, rows.power)
        linear = -(offset + (slope * there).sum(1))
        promised = now - merit(there, linear.clamp(min=0).sum(0), price, rows.power)
        kept = now - merit(there, distance(after.margins, scale, self.aim), price, rows.power)
        taken = ((kept > _ACCEPTED * promised.clamp(min=0)) & state.moving).to(y.dtype)
        at_edge = ((there - y).abs() >= 0.99 * reach).any(0)
        growth = torch.where((kept > _GOOD * promised) & at_edge, _GROW, 1.0)
        radius = radius * torch.where(kept < _POOR * promised, _SHRINK, growth)
        state.moving = state.moving & ~(lost | (promised <= self.negligible * now) | (radius < _SMALLEST))
        moved = [old.lerp(new, taken) for new, old in zip((there, *after), (y, margins, gradient), strict=True)]
        state.tables = [*moved, multipliers.nan_to_num(nan=0.0), radius]

    def _offer(self, found: Found, state: _State, y: Tensor, margins: Tensor, may: Tensor) -> None:
        index = state.index
        cost = torch.where((margins >= 0).all(0) & may, paid(y, state.rows.power), torch.inf)
        before = found.cost[index]
        better = cost < before
        found.cost.index_copy_(0, index, torch.where(better, cost, before))
        found.y.index_copy_(1, index, torch.where(better, y, found.y.index_select(1, index)))

    def _merit(self, state: _State) -> Tensor:
        y, margins, gradient, *_ = state.tables
        missed, power = distance(margins, Slopes(margins, gradient).scale, self.aim), state.rows.power
        return merit(y, missed, self._price(size(y, missed, power), power), power)

    def _price(self, extent: Tensor, power: int) -> Tensor:
        """Return the price of missing a margin, `(rows,)`."""
        return self.penalty * extent if power == 2 else torch.full_like(extent, self.penalty)

    def _keep(self, state: _State, found: Found) -> None:
        """Note where the rows of now stand."""
        found.merit.index_copy_(0, state.index, self._merit(state))
        found.end.index_copy_(1, state.index, state.tables[0])

    def _prune(self, state: _State, most: int) -> None:
        """Stop all but the best rows of each person."""
        first = torch.ones_like(state.moving)
        first[1:] = state.index[1:] != state.index[:-1]  # what fills a block is no row of its own
        rows = first.nonzero()[:, 0]
        lead = leading(state.rows.person[rows], self._merit(state)[rows], most)
        goes_on = torch.zeros(int(state.index.max()) + 1, dtype=torch.bool, device=rows.device)
        goes_on[state.index[rows[lead]]] = True
        state.moving = state.moving & goes_on[state.index]


def leading(person: Tensor, merit: Tensor, most: int) -> Tensor:
    """Return the rows that are among the `most` best of their person by `merit` `(rows,)`.

    Example:
        >>> leading(torch.tensor([0, 0, 1]), torch.tensor([2.0, 1.0, 3.0]), 1)
        tensor([1, 2])
    """
    rows = merit.argsort(stable=True)
    rows = rows[person[rows].argsort(stable=True)]
    rank = torch.arange(len(rows), device=rows.device) - torch.searchsorted(person[rows], person[rows])
    return rows[rank < most]
