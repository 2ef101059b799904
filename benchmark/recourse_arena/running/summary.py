"""A row per cell with the value of every metric."""

from __future__ import annotations

__all__ = ["Measures", "summarise"]

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from recourse_arena.judging.metrics import Metric
from recourse_arena.running.cache import content_key
from recourse_arena.running.store import CellRecord
from recourse_arena.running.tables import as_frame


@dataclass(frozen=True)
class Measures:
    """The metrics of a run."""

    metrics: Mapping[str, Metric]

    @cached_property
    def digest(self) -> str:
        """A digest of what the metrics declare: values measured under another one are measured again."""
        return content_key(metrics=[metric.declaration() for metric in self.metrics.values()])

    def of(self, people: pd.DataFrame, timings: Mapping[str, float]) -> dict[str, float | None]:
        """Return the value of every metric, none where undefined; one that fails is reported and undefined."""
        return {name: _value(metric, people, timings) for name, metric in self.metrics.items()}


def _value(metric: Metric, people: pd.DataFrame, timings: Mapping[str, float]) -> float | None:
    try:
        value = metric.compute(people, timings)
        return None if value is None or math.isnan(value) else float(value)
    except Exception as error:  # metrics are plugins, too
        warnings.warn(f"metric {metric.name!r} is left undefined: {type(error).__name__}: {error}", stacklevel=2)
        return None


def summarise(records: list[CellRecord], metrics: Mapping[str, Metric]) -> pd.DataFrame:
    """Return a row per cell with every metric; undefined values are missing."""
    measures, rows = Measures(metrics), list[dict[str, Any]]()
    for record in records:
        row: dict[str, Any] = {**record.cell.label, "outcome": str(record.outcome)}
        row["people"] = 0 if record.people is None else len(record.people)
        values: Mapping[str, float | None] = dict.fromkeys(metrics)
        if record.people is not None:
            fresh = record.measured == measures.digest
            values = record.metrics if fresh else measures.of(as_frame(record.people), record.timings)
        rows.append({**row, **{name: values[name] for name in metrics}})
    return pd.DataFrame(rows)
