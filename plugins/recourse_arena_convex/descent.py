"""Trust-region sequential convex programming, for many rows side by side."""

from __future__ import annotations

__all__ = ["Descent", "distance", "merit", "size"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena_convex.incumbents import Incumbents
from recourse_arena_convex.landscape import Landscape, Slopes
from recourse_arena_convex.subproblem import Subproblem

_ACCEPTED, _POOR, _GOOD = 0.05, 0.25, 0.7
"""Shares of the promised reduction that take a step, shrink the trust region below, and let it grow above."""

_SHRINK, _GROW = 0.4, 2.0
_SMALLEST = 1e-4
"""Trust radius at which a search ends, in standard deviations."""

_TINY = 1e-6
"""Least size of a row: keeps numbers finite for people on the very edge of acceptance."""


def distance(margins: Tensor, scale: Tensor, aim: float) -> Tensor:
    """Return how far margins `(rows, 2)` are from their `aim`, as distances in the space of points, `(rows,)`.

    Arguments:
        margins: True or linear margins, `(rows, 2)`.
        scale: Slopes that turn margins into distances, `(rows, 2)`.
        aim: What margins should be at least.
    """
    return ((aim - margins).clamp(min=0) / scale).sum(1)


def size(y: Tensor, missed: Tensor) -> Tensor:
    """Return the size `(rows,)` of searches at points `y` that `missed` by so much: what change is large or small."""
    return (y.norm(dim=1) + missed).clamp(min=_TINY)


def merit(y: Tensor, missed: Tensor, price: Tensor) -> Tensor:
    """Return cost plus exact penalty `(rows,)` of points `y` that `missed` by so much at some `price` each."""
    return y.square().sum(1) + price * missed


@dataclass
class _State:
    """Where each row stands, what is known there, its trust radius, and whether it still moves."""

    y: Tensor
    slopes: Slopes
    radius: Tensor
    moving: Tensor

    def __getitem__(self, rows: Tensor) -> _State:
        slopes = Slopes(*(table[rows] for table in self.slopes))
        return _State(self.y[rows], slopes, self.radius[rows], self.moving[rows])

    def move(self, rows: Tensor, y: Tensor, slopes: Slopes, taken: Tensor) -> None:
        """Move those of `rows` whose step is `taken` to the points `y`, where `slopes` are known."""
        for mine, new in zip((self.y, *self.slopes), (y, *slopes), strict=True):
            mine[rows[taken]] = new[taken]


@dataclass(frozen=True)
class Descent:
    """Repeats: linearise the margins, solve the quadratic program within the trust region, take what holds true.

    Arguments:
        subproblem: Solves the quadratic programs.
        iterations: Most of them per row.
        radius: First trust radius, in standard deviations of each feature.
        aim: Margin that the programs ask for: a little more than feasible, since linear models err.
        penalty: Price of missing a margin, in terms of the size of a row: exact while its multiplier is below.
        negligible: Promised reduction at which a search ends, relative to the merit.

    References:
        Nocedal & Wright, Numerical Optimization (2006), section 18.5: the l1-penalty trust-region method.
    """

    subproblem: Subproblem
    iterations: int
    radius: float = 0.5
    aim: float = 1e-3
    penalty: float = 60.0
    negligible: float = 1e-4

    def __call__(self, landscape: Landscape, start: Tensor, best: Incumbents) -> tuple[Tensor, Tensor]:
        """Return where searches from points `start` end, and their merit `(rows,)`.

        Feasible points on the way are offered to `best`.
        """
        y = landscape.clamp(start)
        slopes = landscape.slopes(y)
        best.offer(landscape, y, slopes.margins)
        state = _State(y, slopes, y.new_full((len(y),), self.radius), landscape.free.any(1))
        for _ in range(self.iterations):
            rows = state.moving.nonzero()[:, 0]
            if not len(rows):
                break
            self._step(landscape[rows], state, rows, best)
        missed = distance(state.slopes.margins, state.slopes.scale, self.aim)
        return state.y, merit(state.y, missed, self.penalty * size(state.y, missed))

    def _step(self, landscape: Landscape, state: _State, rows: Tensor, best: Incumbents) -> None:
        now = state[rows]
        reach = self._reach(landscape, now.radius)
        y = self._candidate(landscape, now, reach)
        lost = y.isnan().any(1)
        y = torch.where(lost[:, None], now.y, y)
        slopes = landscape.slopes(y)
        best.offer(landscape, y, slopes.margins)
        before, promised, kept = self._reductions(now, y, slopes.margins)
        state.move(rows, y, slopes, kept > _ACCEPTED * promised.clamp(min=0))
        at_edge = ((y - now.y).abs() >= 0.99 * reach).any(1)
        growth = torch.where((kept > _GOOD * promised) & at_edge, _GROW, 1.0)
        radius = now.radius * torch.where(kept < _POOR * promised, _SHRINK, growth)
        state.radius[rows] = radius
        state.moving[rows] = ~(lost | (promised <= self.negligible * before) | (radius < _SMALLEST))

    def _reductions(self, now: _State, y: Tensor, margins: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the merit `(rows,)`, how much the linear model promised to reduce it at `y`, and how much it was."""
        linear = now.slopes.margins + (now.slopes.gradient * (y - now.y)[:, None]).sum(-1)
        missed = [distance(each, now.slopes.scale, self.aim) for each in (now.slopes.margins, linear, margins)]
        price = self.penalty * size(now.y, missed[0])
        before, promise, after = (merit(*place, price) for place in zip((now.y, y, y), missed, strict=True))
        return before, before - promise, before - after

    def _reach(self, landscape: Landscape, radius: Tensor) -> Tensor:
        """Return the half-widths `(rows, actionable)` of the trust regions."""
        columns = landscape.request.features.actionable
        return radius[:, None] * landscape.request.unit_cost.sd[columns] / landscape.unit

    def _candidate(self, landscape: Landscape, now: _State, reach: Tensor) -> Tensor:
        """Return the solutions of the quadratic programs `(rows, actionable)`; NaN where there is none."""
        margins, gradient = now.slopes
        scale = now.slopes.scale
        extent = size(now.y, distance(margins, scale, self.aim))[:, None]
        lower, upper = torch.maximum(landscape.lower, now.y - reach), torch.minimum(landscape.upper, now.y + reach)
        offset = (margins - self.aim - (gradient * now.y[:, None]).sum(-1)) / scale
        slope = gradient / scale[..., None]
        y = self.subproblem.solve(offset / extent, slope, lower / extent, upper / extent, self.penalty) * extent
        return torch.minimum(torch.maximum(y, lower), upper)
