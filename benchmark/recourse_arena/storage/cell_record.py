"""How a cell ended."""

from __future__ import annotations

__all__ = ["CellRecord"]

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from recourse_arena.planning.plan import Cell
from recourse_arena.problem.outcome import Outcome
from recourse_arena.storage.task_result import CellResult, Failure, Note


@dataclass(frozen=True)
class CellRecord:
    """How a cell ended.

    Arguments:
        cell: The cell.
        outcome: `solved`, `failed`, `timed_out` or `skipped`.
        people: A row per person, as the judge records them; none unless solved.
        timings: `fit_seconds` and `solve_seconds`; beside them the `validation_score` of the fit, if it has one,
            and `alone_seconds`, how long one person alone waits for a menu's offers, a mean of some.
        metrics: Value of each metric.
        measured: Digest of the metrics' declarations; empty if they must be measured anew.
        reason: Why it failed or was skipped.
        traceback: Where in the solver's code it failed, if it did.
        plugin: Name of the plugin at fault, if it failed.
        notes: What the solver did that it should not have.
        key: Its content key; empty if it has none.
        menu: The moves of the menu that people picked from.
    """

    cell: Cell
    outcome: str
    people: pa.Table | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    measured: str = ""
    reason: str = ""
    traceback: str = ""
    plugin: str = ""
    notes: tuple[Note, ...] = ()
    key: str = ""
    menu: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def solved(cls, cell: Cell, judged: CellResult, key: str) -> CellRecord:
        """Return the record of a solved cell."""
        return cls(
            cell,
            Outcome.SOLVED,
            judged.people,
            judged.timings,
            judged.metrics,
            judged.measured,
            notes=judged.notes,
            key=key,
            menu=judged.menu,
        )

    @classmethod
    def unsolved(cls, cell: Cell, failure: Failure, key: str = "") -> CellRecord:
        """Return the record of a cell that ended otherwise."""
        why, where, plugin = failure.reason, failure.traceback, failure.plugin
        return cls(cell, failure.outcome, reason=why, traceback=where, plugin=plugin, key=key)

    def as_dict(self) -> dict[str, Any]:
        """Return what `run.json` says about it."""
        row: dict[str, Any] = {**self.cell.label, "outcome": str(self.outcome), **self.timings}
        if self.cell.people is not None:
            row["asked"] = self.cell.people
        if self.people is not None:
            row["people"] = len(self.people)
            counts = pc.value_counts(self.people["outcome"]).to_pylist()
            found = sorted(counts, key=lambda count: (-count["counts"], count["values"]))
            row["outcomes"] = {str(count["values"]): int(count["counts"]) for count in found}
        for name in ("reason", "traceback", "plugin", "key"):
            if getattr(self, name):
                row[name] = getattr(self, name)
        if self.notes:
            row["notes"] = [note.as_dict() for note in self.notes]
        return row
