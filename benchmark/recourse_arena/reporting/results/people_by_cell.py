"""The people of a dataset side by side: a row per person, a column per scenario and solver."""

from __future__ import annotations

__all__ = ["PeopleByCell", "panels"]

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recourse_arena.interfaces.metric import Average
from recourse_arena.reporting.results.averages import OPTIONAL, Averages, averages
from recourse_arena.statistics.bootstrap import Array, Resamples
from recourse_arena.storage.people_table import metric_column
from recourse_arena.storage.run_files import RunFiles

_DENSITIES = ("logp_factual", "logp_counterfactual")


@dataclass(frozen=True)
class PeopleByCell:
    """Everybody asked about on a dataset.

    Arguments:
        dataset: Its name.
        seeds: The seed of each person.
        persons: The number of each person within the seed.
        groups: A column of words per group that people are in, empty where it is not known.
        cells: Scenario and solver of each column.
        records: Their records, a row per person and cell.
        row: The person of each record.
        column: The cell of each record.
        averages: What each metric averages, by name.
    """

    dataset: str
    seeds: NDArray[np.int64]
    persons: NDArray[np.int64]
    groups: pd.DataFrame
    cells: tuple[tuple[str, str], ...]
    records: pd.DataFrame
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    averages: Averages

    @cached_property
    def resamples(self) -> Resamples:
        """The resamples that all cells of the dataset share."""
        return Resamples.draw(self.seeds)

    def values(self, metric: str) -> Array:
        """Return the value of each person in each cell, nan where somebody does not count."""
        return self._spread(self.averages[metric].values(self.records))

    def recorded(self, column: str) -> Array:
        """Return a column of the records for each person in each cell, nan where it is missing."""
        if column not in self.records:
            return np.full((len(self.seeds), len(self.cells)), np.nan)
        return self._spread(Average(lambda people: people[column], "mean").values(self.records))

    def _spread(self, values: Array) -> Array:
        found = np.full((len(self.seeds), len(self.cells)), np.nan)
        found[self.row, self.column] = values
        found[~np.isfinite(found)] = np.nan
        return found


def panels(results: Sequence[RunFiles]) -> dict[str, PeopleByCell]:
    """Return the panel of each dataset; none where no run kept its people.

    Raises:
        ArenaError: If the people of a run cannot be read.
    """
    averaged = averages(metric for result in results for metric in result.info.get("metrics", []))
    own = {metric_column(name) for name in averaged}

    def wanted(column: str) -> bool:
        return column in (*OPTIONAL, *_DENSITIES) or column in own or column.startswith("group_")

    tables = [table for result in results if (table := result.read_people(wanted)) is not None]
    if not tables:
        return {}
    people = pd.concat(tables, ignore_index=True)
    return {str(name): _panel(str(name), rows, averaged) for name, rows in people.groupby("dataset", sort=False)}


def _panel(dataset: str, records: pd.DataFrame, averaged: Averages) -> PeopleByCell:
    keys = pd.MultiIndex.from_frame(records[["seed", "person"]].astype("int64"))
    row, everybody = pd.factorize(keys)
    column, cells = pd.factorize(pd.MultiIndex.from_frame(records[["scenario", "solver"]]))
    seeds, persons = (np.array(everybody.get_level_values(i), dtype=np.int64) for i in (0, 1))
    named = [name for name in records if str(name).startswith("group_") and records[name].notna().any()]
    groups = records[named].groupby(row).first().fillna("").astype(str)
    groups.columns = [str(name).removeprefix("group_") for name in named]
    found = tuple((str(scenario), str(solver)) for scenario, solver in cells)
    places = row.astype(np.int64), column.astype(np.int64)
    return PeopleByCell(dataset, seeds, persons, groups, found, records, *places, averaged)
