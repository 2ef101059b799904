"""A row per cell with the value of every metric."""

from __future__ import annotations

__all__ = ["summarise"]

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from recourse_arena.plugins import Registry
from recourse_arena.plugins.plugin import described
from recourse_arena.running.note import Note, own_traceback
from recourse_arena.running.store import CellRecord


def summarise(records: Sequence[CellRecord], registry: Registry) -> tuple[pd.DataFrame, list[CellRecord]]:
    """Return a row per cell with every metric, and the records with notes on metrics that raised.

    Undefined values are missing, and so are those of a metric that raises.
    """
    rows, noted = [], []
    for record in records:
        row: dict[str, Any] = {**record.cell.label, "outcome": record.outcome}
        row["people"] = 0 if record.people is None else len(record.people)
        values, notes = _measured(record, registry)
        rows.append({**row, **values})
        noted.append(replace(record, notes=(*record.notes, *notes)) if notes else record)
    return pd.DataFrame(rows), noted


def _measured(record: CellRecord, registry: Registry) -> tuple[dict[str, float | None], list[Note]]:
    values: dict[str, float | None] = {}
    notes = []
    for name, metric in registry.metrics.items():
        values[name] = None
        if record.people is None:
            continue
        try:
            value = metric.compute(record.people, record.timings)
            values[name] = None if value is None else float(value)
        except Exception as error:  # a plugin may raise anything; the other metrics and what was computed stay
            text = f"metric {name} raised {described(error)}"
            trace = own_traceback(error, getattr(metric.compute, "__module__", ""))
            notes.append(Note("metric", registry.owner("metrics", name), text, traceback=trace))
    return values, notes
