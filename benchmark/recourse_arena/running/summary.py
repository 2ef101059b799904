"""A row per cell with the value of every metric."""

from __future__ import annotations

__all__ = ["summarise"]

from typing import Any

import pandas as pd

from recourse_arena.plugins import Registry
from recourse_arena.running.store import CellRecord


def summarise(records: list[CellRecord], registry: Registry) -> pd.DataFrame:
    """Return a row per cell with every metric; undefined values are missing."""
    rows = []
    for record in records:
        row: dict[str, Any] = {**record.cell.label, "outcome": record.outcome}
        row["people"] = 0 if record.people is None else len(record.people)
        for name, metric in registry.metrics.items():
            row[name] = None if record.people is None else metric.compute(record.people, record.timings)
        rows.append(row)
    return pd.DataFrame(rows)
