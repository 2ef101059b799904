"""The metrics of a run, computed from the records of a cell."""

from __future__ import annotations

__all__ = ["MetricValues", "Values"]

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.base.errors import described
from recourse_arena.base.keys import content_key
from recourse_arena.interfaces.metric import Average
from recourse_arena.judging.metrics import recourse_metrics
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.people_table import metric_column
from recourse_arena.storage.task_result import Note, own_traceback

Values = Mapping[str, float | None]

_BUILT_IN = frozenset(metric.name for metric in recourse_metrics())


@dataclass(frozen=True)
class MetricValues:
    """The metrics of a run."""

    registry: Registry

    @cached_property
    def metrics(self) -> Mapping[str, Any]:
        """The metrics by name."""
        return self.registry.measured

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
                notes.append(self._note(name, error))
        return values, tuple(notes)

    @property
    def averages_of_plugins(self) -> bool:
        """Whether a plugin has a metric that is an average."""
        return any(metric.average is not None for name, metric in self.metrics.items() if name not in _BUILT_IN)

    def columns(self, people: pd.DataFrame) -> tuple[dict[str, np.ndarray], tuple[Note, ...]]:
        """Return what metrics of plugins average, float `(people,)` by column, and notes on those that raised.

        Reports read it from the records, so that they need no plugin.
        """
        found, notes = dict[str, np.ndarray](), list[Note]()
        for name, metric in self.metrics.items():
            if metric.average is not None and name not in _BUILT_IN:
                try:
                    found[metric_column(name)] = metric.average.values(people)
                except Exception as error:  # a plugin may raise anything
                    notes.append(self._note(name, error))
        return found, tuple(notes)

    def _note(self, name: str, error: Exception) -> Note:
        compute = self.metrics[name].compute
        written_in = compute.of if isinstance(compute, Average) else compute
        trace = own_traceback(error, getattr(written_in, "__module__", ""))
        text = f"metric {name} raised {described(error)}"
        return Note("metric", self.registry.owner("metrics", name), text, traceback=trace)
