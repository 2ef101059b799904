"""What solvers of an entry claim to have proved, and for whom somebody's solution could have said otherwise."""

from __future__ import annotations

__all__ = ["proofs_of"]

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from recourse_arena.judging.certificates import CERTIFIED
from recourse_arena.planning.plan import Cell
from recourse_arena.problem.outcome import Outcome
from recourse_arena.storage.cell_record import CellRecord


def proofs_of(records: Sequence[CellRecord], alarms: Sequence[Mapping[str, Any]]) -> list[dict[str, int] | None]:
    """Return of each cell how much is proved: `optima`, `infeasible`, `held`, `refuted`, counts of people; none where
    its solver claims nothing.

    Arguments:
        records: The cells, with the judge's rows.
        alarms: Judged solutions that contradict a proof, as :func:`~recourse_arena.execution.summary.cross_checked`
            lists them.
    """
    solutions: dict[tuple[object, ...], list[tuple[str, np.ndarray]]] = {}
    for record in records:
        if record.people is not None:
            ids = record.people["person"].to_numpy()[_good(record.people, record.cell)]
            solutions.setdefault(_world(record.cell), []).append((record.cell.solver, ids))
    return [_proof(record, solutions, alarms) for record in records]


def _world(cell: Cell) -> tuple[object, ...]:
    return cell.dataset, cell.seed, cell.scenario


def _good(people: pa.Table, cell: Cell) -> np.ndarray:
    """Return who has advice that does what the scenario asks for, bool `(people,)`."""
    good = _truth(people, "valid")
    return good & _truth(people, "plausible") if cell.scenario.plausibility else good


def _truth(people: pa.Table, name: str) -> np.ndarray:
    return np.asarray(people[name].fill_null(False).to_numpy(), dtype=bool)


def _proof(
    record: CellRecord,
    solutions: Mapping[tuple[object, ...], Sequence[tuple[str, np.ndarray]]],
    alarms: Sequence[Mapping[str, Any]],
) -> dict[str, int] | None:
    people, cell = record.people, record.cell
    if people is None or not cell.scenario.certifiable:
        return None
    infeasible = np.asarray([word == Outcome.INFEASIBLE for word in people["outcome"].to_pylist()], dtype=bool)
    optimal = np.zeros(len(people), dtype=bool)
    if "lower_bound" in people.column_names:
        cost, bound = (people[name].to_numpy().astype(float) for name in ("weighted_cost", "lower_bound"))
        with np.errstate(invalid="ignore"):
            optimal = _good(people, cell) & (cost <= bound * (1 + CERTIFIED))
    if not infeasible.any() and not optimal.any():
        return None
    person = people["person"].to_numpy()
    others = [ids for solver, ids in solutions.get(_world(cell), ()) if solver != cell.solver]
    met = np.isin(person, np.concatenate(others)) if others else np.zeros(len(people), dtype=bool)
    against = [
        alarm["people"]
        for alarm in alarms
        if alarm["certifier"] == cell.solver
        and (alarm["dataset"], alarm["scenario"], alarm["seed"]) == (cell.dataset, cell.scenario.name, cell.seed)
    ]
    return {
        "optima": int(optimal.sum()),
        "infeasible": int(infeasible.sum()),
        "held": int((met & (optimal | infeasible)).sum()),
        "refuted": max(against, default=0),
    }
