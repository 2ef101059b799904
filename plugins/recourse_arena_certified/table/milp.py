"""A mixed-integer linear program in HiGHS, put together column by column and row by row."""

from __future__ import annotations

__all__ = ["Answer", "LinearProgram"]

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import highspy
import numpy as np

from recourse_arena_certified.backend import Status

_OPTIONS = {
    "output_flag": False,
    "threads": 1,
    # A ReLU that is off by this much times its largest value is one that the exact models refuse.
    "mip_feasibility_tolerance": 1e-7,
    "mip_abs_gap": 1e-9,
}

_SLACK = 1e-6
"""By how much an optimum may be wrong, relative to its size and 1."""


@dataclass(frozen=True)
class Answer:
    """What a search found.

    Arguments:
        status: How it ended.
        bound: Proved lower bound of the objective, 0 if nothing is proved.
        values: Value of each column, `(columns,)`; none without a solution.
        reason: What the solver says.
    """

    status: Status
    bound: float
    values: np.ndarray | None
    reason: str


class LinearProgram:
    """Columns with finite bounds, and linear rows. The objective is not below 0, and is minimised."""

    def __init__(self) -> None:
        self._cost: list[float] = []
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._whole: list[bool] = []
        self._rows: list[tuple[float, float]] = []
        self._starts, self._index, self._factor = [0], list[int](), list[float]()

    def column(self, lower: float, upper: float, *, cost: float = 0.0, whole: bool = False) -> int:
        """Add a column; return its number."""
        self._cost.append(cost)
        self._lower.append(lower)
        self._upper.append(upper)
        self._whole.append(whole)
        return len(self._cost) - 1

    def row(self, terms: Mapping[int, float], lower: float, upper: float) -> None:
        """Ask for a weighted sum of columns, `terms` by column, to lie between two ends; they may be infinite."""
        for column, factor in terms.items():
            if factor:
                self._index.append(column)
                self._factor.append(factor)
        self._starts.append(len(self._index))
        self._rows.append((lower, upper))

    def hold(self, columns: Iterable[int], values: Iterable[float]) -> None:
        """Leave some columns no value but one."""
        for column, value in zip(columns, values, strict=True):
            self._lower[column] = self._upper[column] = value

    def minimum(self, seconds: float, gap: float) -> Answer:
        """Search for the minimum, for some seconds or until it is known up to a relative gap."""
        solver = self._solver(relaxed=False)
        solver.setOptionValue("time_limit", max(seconds, 0.0))
        solver.setOptionValue("mip_rel_gap", gap)
        solver.run()
        status, info = solver.getModelStatus(), solver.getInfo()
        word = f"HiGHS: {solver.modelStatusToString(status).lower()}"
        if status == highspy.HighsModelStatus.kInfeasible:
            return Answer(Status.INFEASIBLE, 0.0, None, word)
        ends = {highspy.HighsModelStatus.kOptimal: Status.OPTIMAL, highspy.HighsModelStatus.kTimeLimit: Status.STOPPED}
        found = info.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible)
        values = np.array(solver.getSolution().col_value) if found else None
        if status not in ends:
            return Answer(Status.TROUBLE, 0.0, values, word)
        bound = info.mip_dual_bound if any(self._whole) else info.objective_function_value if found else 0.0
        bound = bound - _SLACK * (abs(bound) + 1e-3) if np.isfinite(bound) else 0.0
        return Answer(ends[status], max(bound, 0.0), values, word)

    def relaxation(self) -> Relaxation:
        """Return the linear program without whole numbers and objective."""
        return Relaxation(self._solver(relaxed=True))

    def _solver(self, *, relaxed: bool) -> highspy.Highs:
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self._cost), len(self._rows)
        model.col_cost_ = np.zeros(len(self._cost)) if relaxed else np.array(self._cost)
        model.col_lower_, model.col_upper_ = np.array(self._lower), np.array(self._upper)
        ends = np.array(self._rows, dtype=float).reshape(-1, 2)
        model.row_lower_, model.row_upper_ = ends[:, 0].copy(), ends[:, 1].copy()
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.array(self._starts, dtype=np.int32)
        model.a_matrix_.index_ = np.array(self._index, dtype=np.int32)
        model.a_matrix_.value_ = np.array(self._factor)
        if any(self._whole) and not relaxed:
            kinds = highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger
            model.integrality_ = [kinds[whole] for whole in self._whole]
        solver = highspy.Highs()
        for option, value in _OPTIONS.items():
            solver.setOptionValue(option, value)
        solver.passModel(model)
        return solver


class Relaxation:
    """A linear program whose objective is one column after the other; each optimum starts from the last."""

    def __init__(self, solver: highspy.Highs) -> None:
        self._solver = solver
        self.infeasible = False
        """Whether it turned out that nothing meets it."""

    def least(self, column: int) -> float:
        """Return what a column is never below; minus infinity if that could not be found."""
        return self._optimum(column, 1.0)

    def most(self, column: int) -> float:
        """Return what a column is never above; infinite if that could not be found."""
        return -self._optimum(column, -1.0)

    def _optimum(self, column: int, sign: float) -> float:
        self._solver.changeColCost(column, sign)
        self._solver.run()
        status, optimum = self._solver.getModelStatus(), float(self._solver.getInfo().objective_function_value)
        self._solver.changeColCost(column, 0.0)  # which makes it forget both
        self.infeasible |= status == highspy.HighsModelStatus.kInfeasible
        return optimum - _SLACK * (1 + abs(optimum)) if status == highspy.HighsModelStatus.kOptimal else -np.inf
