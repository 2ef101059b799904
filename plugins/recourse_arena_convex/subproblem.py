"""The quadratic programs of one iteration: independent rows, solved as one block-separable problem with cvxpy."""

from __future__ import annotations

__all__ = ["Subproblem"]

from functools import cached_property

import cvxpy as cp
import numpy as np
import torch
from torch import Tensor

_ROWS = (16, 256)
_TIGHT = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}
_SOLVERS: tuple[tuple[str, dict[str, float]], ...] = ((cp.CLARABEL, _TIGHT), (cp.OSQP, {"eps_abs": 1e-7, "eps_rel": 1e-7}))
_GOOD = (cp.OPTIMAL, cp.OPTIMAL_INACCURATE)


class _Block:
    """A fixed number of rows, compiled once; rows that are not needed are filled with a trivial problem.

    `minimise |y|^2 + penalty . slack  s.t.  offset + slope y + slack >= 0, slack >= 0, lower <= y <= upper`
    """

    def __init__(self, rows: int, features: int) -> None:
        self.rows = rows
        self.y = cp.Variable((rows, features))
        slack = cp.Variable((rows, 2), nonneg=True)
        self.offset, self.penalty = cp.Parameter((rows, 2)), cp.Parameter((rows, 2), nonneg=True)
        self.slope = [cp.Parameter((rows, features)) for _ in range(2)]
        self.lower, self.upper = cp.Parameter((rows, features)), cp.Parameter((rows, features))
        linear = cp.vstack([cp.sum(cp.multiply(slope, self.y), axis=1) for slope in self.slope]).T
        self.problem = cp.Problem(
            cp.Minimize(cp.sum_squares(self.y) + cp.sum(cp.multiply(self.penalty, slack))),
            [self.offset + linear + slack >= 0, self.y >= self.lower, self.y <= self.upper],
        )

    def solve(self, rows: list[np.ndarray]) -> np.ndarray | None:
        """Return the solution `(rows, features)` of at most `self.rows` rows, or none if no solver has one."""
        offset, slope, lower, upper, penalty = rows
        count = len(offset)
        for parameter, value, filling in (
            (self.offset, offset, 1.0),
            (self.slope[0], slope[:, 0], 0.0),
            (self.slope[1], slope[:, 1], 0.0),
            (self.lower, lower, -1.0),
            (self.upper, upper, 1.0),
            (self.penalty, penalty, 1.0),
        ):
            full = np.full(parameter.shape, filling)
            full[:count] = value
            parameter.value = full
        for solver, options in _SOLVERS:
            try:
                self.problem.solve(solver=solver, **options)
            except (cp.error.SolverError, ValueError, ArithmeticError):
                continue
            if self.problem.status in _GOOD and np.isfinite(self.y.value).all():
                return self.y.value[:count]
        return None


class Subproblem:
    def __init__(self, features: int) -> None:
        self.features = features
        self.blocks = {}

    def block(self, rows):
        if rows not in self.blocks:
            self.blocks[rows] = _Block(rows, self.features)
        return self.blocks[rows]

    def solve(self, offset: Tensor, slope: Tensor, lower: Tensor, upper: Tensor, penalty: Tensor) -> Tensor:
        free = upper - lower > 1e-9
        fixed = torch.where(free, 0.0, lower)
        offset = offset + (slope * fixed[:, None]).sum(-1)
        slope = torch.where(free[:, None], slope, 0.0)
        arrays = [t.double().numpy() for t in (offset, slope, torch.where(free, lower, -1.0), torch.where(free, upper, 1.0), penalty)]
        out = np.full(lower.shape, np.nan)
        i, n = 0, len(out)
        while i < n:
            size = 256 if n - i > 64 else 16
            j = min(i + size, n)
            y = self.block(size).solve([a[i:j] for a in arrays])
            if y is not None: out[i:j] = y
            i = j
        y = torch.from_numpy(out).to(lower.dtype)
        return torch.where(free, y, fixed)
