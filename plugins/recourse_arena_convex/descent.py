"""Trust-region sequential convex programming, for many rows side by side."""

from __future__ import annotations

__all__ = ["Descent", "merit"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena_convex.incumbents import Incumbents
from recourse_arena_convex.landscape import Landscape, Slopes
from recourse_arena_convex.subproblem import Subproblem

_PENALTY = 20.0
"""Price of missing a margin by one unit of `y`: costs are squares of a few units, so that it is an exact penalty."""

_ACCEPTED, _POOR, _GOOD = 0.05, 0.25, 0.7
"""Shares of the promised reduction that take a step, shrink the trust region below, and let it grow above."""

_SHRINK, _GROW = 0.4, 2.0
_SMALLEST = 1e-3
"""Trust radius at which a search ends, in standard deviations."""

_NEGLIGIBLE = (1e-6, 1e-4)
"""Promised reduction of the merit at which a search ends: absolute, and relative to the merit."""


def merit(y: Tensor, margins: Tensor, scale: Tensor, aim: float) -> Tensor:
    """Return cost plus exact penalty `(rows,)`.

    Arguments:
        y: Points, `(rows, actionable)`.
        margins: Their margins, true or linear, `(rows, 2)`.
        scale: Slopes that turn margins into distances, `(rows, 2)`.
        aim: What margins should be at least.
    """
    return y.square().sum(1) + _PENALTY * ((aim - margins).clamp(min=0) / scale).sum(1)


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

    References:
        Nocedal & Wright, Numerical Optimization (2006), section 18.5: the l1-penalty trust-region method.
    """

    subproblem: Subproblem
    iterations: int
    radius: float = 0.5
    aim: float = 1e-3

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
        return state.y, merit(state.y, state.slopes.margins, state.slopes.scale, self.aim)

    def _step(self, landscape: Landscape, state: _State, rows: Tensor, best: Incumbents) -> None:
        now = state[rows]
        reach = self._reach(landscape, now.radius)
        y = self._candidate(landscape, now, reach)
        lost = y.isnan().any(1)
        y = torch.where(lost[:, None], now.y, y)
        slopes = landscape.slopes(y)
        best.offer(landscape, y, slopes.margins)
        linear = now.slopes.margins + (now.slopes.gradient * (y - now.y)[:, None]).sum(-1)
        before, promise, after = (
            merit(point, margins, now.slopes.scale, self.aim)
            for point, margins in ((now.y, now.slopes.margins), (y, linear), (y, slopes.margins))
        )
        promised, kept = before - promise, before - after
        state.move(rows, y, slopes, kept > _ACCEPTED * promised.clamp(min=0))
        at_edge = ((y - now.y).abs() >= 0.99 * reach).any(1)
        growth = torch.where((kept > _GOOD * promised) & at_edge, _GROW, 1.0)
        radius = now.radius * torch.where(kept < _POOR * promised, _SHRINK, growth)
        state.radius[rows] = radius
        absolute, relative = _NEGLIGIBLE
        done = (promised < absolute) | (promised < relative * before) | (radius < _SMALLEST)
        state.moving[rows] = ~(lost | done)

    def _reach(self, landscape: Landscape, radius: Tensor) -> Tensor:
        """Return the half-widths `(rows, actionable)` of the trust regions."""
        columns = landscape.request.features.actionable
        return radius[:, None] * landscape.request.unit_cost.sd[columns] / landscape.unit

    def _candidate(self, landscape: Landscape, now: _State, reach: Tensor) -> Tensor:
        """Return the solutions of the quadratic programs `(rows, actionable)`; NaN where there is none."""
        margins, gradient = now.slopes
        scale = now.slopes.scale
        lower, upper = torch.maximum(landscape.lower, now.y - reach), torch.minimum(landscape.upper, now.y + reach)
        offset = (margins - self.aim - (gradient * now.y[:, None]).sum(-1)) / scale
        y = self.subproblem.solve(offset, gradient / scale[..., None], lower, upper, _PENALTY)
        return torch.minimum(torch.maximum(y, lower), upper)
