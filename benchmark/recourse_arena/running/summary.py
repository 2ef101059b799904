"""A row per cell with the value of every metric."""

from __future__ import annotations

__all__ = ["Measures", "summarise"]

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from recourse_arena.base.errors import described
from recourse_arena.base.keys import content_key
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.cell_record import CellRecord
from recourse_arena.storage.people_table import as_frame
from recourse_arena.storage.task_result import Note, own_traceback

Values = Mapping[str, float | None]


@dataclass(frozen=True)
class Measures:
    """The metrics of a run."""

    registry: Registry

    @cached_property
    def metrics(self) -> Mapping[str, Any]:
        """The metrics by name."""
        return dict(self.registry.metrics)

    @cached_property
    def digest(self) -> str:
        """A digest of what the metrics declare: values measured under another one are measured again."""
        return content_key(metrics=[metric.declaration() for metric in self.metrics.values()])

    def of(self, people: pd.DataFrame, timings: Mapping[str, float]) -> tuple[Values, tuple[Note, ...]]:
        """Return the value of every metric, none where undefined, and notes on metrics that raised."""
        values, notes = dict[str, float | None](), list[Note]()
        for name, metric in self.metrics.items():
            values[name] = None
            try:
                value = metric.compute(people, timings)
                values[name] = None if value is None or math.isnan(value) else float(value)
            except Exception as error:  # a plugin may raise anything; the other metrics and what was computed stay
                text = f"metric {name} raised {described(error)}"
                trace = own_traceback(error, getattr(metric.compute, "__module__", ""))
                notes.append(Note("metric", self.registry.owner("metrics", name), text, traceback=trace))
        return values, tuple(notes)


def summarise(records: Sequence[CellRecord], registry: Registry) -> tuple[pd.DataFrame, list[CellRecord]]:
    """Return a row per cell with every metric, and the records with notes on metrics that raised.

    Undefined values are missing, and so are those of a metric that raises.
    """
    measures, rows, noted = Measures(registry), list[dict[str, Any]](), list[CellRecord]()
    for record in records:
        row: dict[str, Any] = {**record.cell.label, "outcome": str(record.outcome)}
        row["people"] = 0 if record.people is None else len(record.people)
        values, notes = _measured(record, measures)
        rows.append({**row, **{name: values[name] for name in measures.metrics}})
        noted.append(replace(record, notes=(*record.notes, *notes)) if notes else record)
    return pd.DataFrame(rows), noted


def _measured(record: CellRecord, measures: Measures) -> tuple[Values, tuple[Note, ...]]:
    if record.people is None:
        return dict.fromkeys(measures.metrics), ()
    if record.measured == measures.digest:
        return record.metrics, ()
    return measures.of(as_frame(record.people), record.timings)
