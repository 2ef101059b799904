"""What a metric provides."""

from __future__ import annotations

__all__ = ["Metric"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Metric:
    """One metric of a cell: a dataset, a scenario, a solver and a seed.

    Arguments:
        name: Its name; the column in `summary.csv`.
        direction: Which way is better: `higher`, `lower`, or `none` where neither is.
        unit: Unit of its values.
        population: The people it averages over.
        definition: What it is, in one sentence.
        compute: Its value for the records of a cell's people and the cell's timings in seconds (`fit_seconds`,
            `solve_seconds`); none where undefined. Records have `optimal_cost` and `optimality_gap` beside what the
            judge writes, if an exact solver certified anybody of the dataset, scenario and seed.
        title: Short heading for tables; its name if empty.
    """

    name: str
    direction: Literal["higher", "lower", "none"]
    unit: str
    population: str
    definition: str
    compute: Callable[[pd.DataFrame, Mapping[str, float]], float | None]
    title: str = ""

    def declaration(self) -> dict[str, str]:
        """Return what travels with every file that holds its values."""
        return {
            "name": self.name,
            "direction": self.direction,
            "unit": self.unit,
            "population": self.population,
            "definition": self.definition,
            "title": self.title or self.name,
        }
