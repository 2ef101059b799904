"""The quadratic programs of one iteration: independent rows, solved as one block-separable problem with cvxpy."""

from __future__ import annotations

__all__ = ["SIZES", "Block", "Subproblem"]

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import cvxpy as cp
import numpy as np
import torch
from torch import Tensor

SIZES = (16, 64, 256)
"""Numbers of rows of a block: few, so that few are compiled."""

_SOLVERS: Sequence[tuple[str, dict[str, float]]] = (
    (cp.CLARABEL, {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}),
    (cp.OSQP, {"eps_abs": 1e-7, "eps_rel": 1e-7, "max_iter": 20_000}),
)
"""Solvers in the order they are tried: an interior-point method, then one that needs no interior."""

_FAR = 1e3
"""No solution is farther from the origin than the penalty: bounds and offsets beyond mean the same as this."""

_NARROW = 1e-7
"""Bounds this close leave no choice."""

_DECIMALS = 6
"""Digits kept of a solution: what lies beyond depends on the other rows of a block."""


class Block:
    """A fixed number of rows as one parametrised problem, compiled once (disciplined parametrised programming).

    Each row is `min |y|^2 + penalty * sum(slack)` subject to `offset + slope y + slack >= 0`, `slack >= 0` and
    `lower <= y <= upper`: always feasible and bounded. Rows that are not needed are filled with trivial ones.
    """

    def __init__(self, rows: int, features: int) -> None:
        self.y = cp.Variable((rows, features))
        slack = cp.Variable((rows, 2), nonneg=True)
        self.offset = cp.Parameter((rows, 2))
        self.slopes = [cp.Parameter((rows, features)) for _ in range(2)]
        self.lower, self.upper = cp.Parameter((rows, features)), cp.Parameter((rows, features))
        self.penalty = cp.Parameter(nonneg=True)
        linear = cp.vstack([cp.sum(cp.multiply(slope, self.y), axis=1) for slope in self.slopes]).T
        self.problem = cp.Problem(
            cp.Minimize(cp.sum_squares(self.y) + self.penalty * cp.sum(slack)),
            [self.offset + linear + slack >= 0, self.y >= self.lower, self.y <= self.upper],
        )

    def solve(
        self, offset: np.ndarray, slope: np.ndarray, lower: np.ndarray, upper: np.ndarray, penalty: float
    ) -> np.ndarray | None:
        """Return the solution `(n, features)` of the first n rows, or none if no solver finds one."""
        count = len(offset)
        for parameter, rows, filling in (
            (self.offset, offset, 0.0),
            (self.slopes[0], slope[:, 0], 0.0),
            (self.slopes[1], slope[:, 1], 0.0),
            (self.lower, lower, -1.0),
            (self.upper, upper, 1.0),
        ):
            filled = np.full(parameter.shape, filling)
            filled[:count] = rows
            parameter.value = filled
        self.penalty.value = penalty
        for solver, options in _SOLVERS:
            solution = self._solution(solver, options)
            if solution is not None:
                return solution[:count]
        return None

    def _solution(self, solver: str, options: dict[str, float]) -> np.ndarray | None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # about accuracy: the true check decides
                self.problem.solve(solver=solver, enforce_dpp=True, **options)
        except (cp.error.SolverError, ArithmeticError, ValueError, RuntimeError):
            return None
        y = self.y.value if self.problem.status in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE) else None
        return y if y is not None and np.isfinite(y).all() else None


@dataclass
class Subproblem:
    """Quadratic programs of any number of rows, cut into blocks.

    Arguments:
        features: Columns of a point.
        blocks: Blocks by their size, compiled when first needed.
    """

    features: int
    blocks: dict[int, Block] = field(default_factory=dict, repr=False)

    def solve(self, offset: Tensor, slope: Tensor, lower: Tensor, upper: Tensor, penalty: float) -> Tensor:
        """Return the solution `(rows, features)` of `min |y|^2 + penalty * sum(max(0, -(offset + slope y)))`.

        A row that no solver can do, even alone, is NaN; the others do not suffer.

        Arguments:
            offset: `(rows, 2)`.
            slope: `(rows, 2, features)`, at most 1 each in norm.
            lower: Smallest `y`, `(rows, features)`; may equal `upper`.
            upper: Largest `y`.
            penalty: Price of missing a constraint, well below 1000.
        """
        free = upper - lower > _NARROW  # an interior-point method needs an interior
        fixed = torch.where(free, 0.0, lower)
        offset = (offset + (slope * fixed[:, None]).sum(-1)).clamp(-_FAR, _FAR)
        slope = torch.where(free[:, None], slope, 0.0)
        lower, upper = (torch.where(free, end.clamp(-_FAR, _FAR), fill) for end, fill in ((lower, -1.0), (upper, 1.0)))
        tables = [table.double().numpy() for table in (offset, slope, lower, upper)]
        solution = np.full(fixed.shape, np.nan)
        rows = np.all([np.isfinite(table.reshape(len(table), -1)).all(1) for table in tables], 0).nonzero()[0]
        while len(rows):
            size = max((size for size in SIZES if size <= len(rows)), default=len(rows))
            solution[rows[:size]] = self._solved([table[rows[:size]] for table in tables], penalty)
            rows = rows[size:]
        y = torch.from_numpy(solution.round(_DECIMALS)).to(fixed.dtype)
        return torch.where(free | y.isnan(), y, fixed)

    def _solved(self, tables: list[np.ndarray], penalty: float) -> np.ndarray:
        """Return the solution of rows that fit into a block; where that fails, of each half by itself."""
        count = len(tables[0])
        size = next(size for size in SIZES if size >= count)
        if size not in self.blocks:
            self.blocks[size] = Block(size, self.features)
        offset, slope, lower, upper = tables
        solution = self.blocks[size].solve(offset, slope, lower, upper, penalty)
        if solution is not None:
            return solution
        if count == 1:
            return np.full((1, self.features), np.nan)
        halves = zip(*(np.array_split(table, 2) for table in tables), strict=True)
        return np.concatenate([self._solved(list(half), penalty) for half in halves])
