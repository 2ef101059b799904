"""Tighter limits by optimising each quantity over a linear relaxation (optimisation-based bound tightening)."""

from __future__ import annotations

__all__ = ["tighten"]

import time
from collections.abc import Iterable
from dataclasses import replace

import highspy
import numpy as np
import scipy.sparse as sp

from recourse_arena_certified.limits import Limits
from recourse_arena_certified.person import Person
from recourse_arena_certified.program import Infeasible, Program
from recourse_arena_certified.world import World

_SLACK = 1e-6
"""By how much an optimum of the linear solver may be wrong, relative to its size and 1."""


def tighten(world: World, person: Person, limits: Limits, *, margin: float, deadline: float) -> Limits:
    """Return limits that are at least as tight; as far as it comes until `deadline` (of `time.monotonic`).

    Raises:
        Infeasible: If no action meets even the linear relaxation.

    References:
        Belotti et al., Branching and bounds tightening techniques for non-convex MINLP (2009), section 4.
    """
    for layer in range(max(len(limits.layers), 1)):
        limits = _layer_tightened(world, person, limits, layer, margin, deadline)
    return limits


def _layer_tightened(
    world: World, person: Person, limits: Limits, layer: int, margin: float, deadline: float
) -> Limits:
    """Return limits where those of one hidden layer are tightened, and before the first one those of features."""
    program = Program(world, person, limits, margin=margin, relaxed=True)
    relaxation = _Relaxation(program)
    lower, upper = (end.copy() for end in limits.value)
    layers = list(limits.layers)
    if not layer:
        relaxation.improve(relaxation.columns(program.x), program.moving, lower, upper, deadline)
    if layers:
        below, above = (end.copy() for end in layers[layer])
        undecided = ((below < 0) & (above > 0)).nonzero()[0].tolist()
        relaxation.improve(relaxation.columns(program.probes[layer])[undecided], undecided, below, above, deadline)
        layers[layer] = below, above
    return Limits.of(world, person, limits.distance, replace(limits, value=(lower, upper), layers=tuple(layers)))


class _Relaxation:
    """A linear program whose objective changes; each optimum starts from the last."""

    def __init__(self, program: Program) -> None:
        data, _, _ = program.problem.get_problem_data("HIGHS")
        self._place = data["param_prob"].var_id_to_col
        table, bound, equal = sp.csc_matrix(data["A"]), np.asarray(data["b"], float), data["dims"].zero
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = table.shape
        model.col_cost_ = np.zeros(table.shape[1])
        model.col_lower_, model.col_upper_ = np.full(table.shape[1], -np.inf), np.full(table.shape[1], np.inf)
        model.row_lower_ = np.where(np.arange(len(bound)) < equal, bound, -np.inf)
        model.row_upper_ = bound
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_ = table.indptr, table.indices
        model.a_matrix_.value_ = table.data
        self._solver = highspy.Highs()
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 1)
        self._solver.passModel(model)

    def columns(self, variable: object) -> np.ndarray:
        """Return the columns of a variable's entries."""
        return self._place[variable.id] + np.arange(variable.size)  # type: ignore[attr-defined]

    def improve(
        self, columns: Iterable[int], entries: Iterable[int], lower: np.ndarray, upper: np.ndarray, deadline: float
    ) -> None:
        """Narrow `lower` and `upper` at some entries to the ranges of their columns."""
        for column, entry in zip(columns, entries, strict=False):
            if time.monotonic() > deadline:
                return
            for end, sign, tighter in ((lower, 1.0, max), (upper, -1.0, min)):
                least = self._least(int(column), sign)
                if least is not None:
                    end[entry] = tighter(end[entry], sign * (least - _SLACK * (1 + abs(least))))

    def _least(self, column: int, sign: float) -> float | None:
        """Return the least value of a column times `sign`; none if it is unbounded or could not be found."""
        self._solver.changeColCost(column, sign)
        self._solver.run()
        status, least = self._solver.getModelStatus(), float(self._solver.getInfo().objective_function_value)
        self._solver.changeColCost(column, 0.0)  # which makes it forget both
        if status == highspy.HighsModelStatus.kInfeasible:
            raise Infeasible
        return least if status == highspy.HighsModelStatus.kOptimal else None
