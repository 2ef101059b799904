"""The people of a dataset side by side: a row per person, a column per scenario and solver."""

from __future__ import annotations

__all__ = ["PeopleByCell", "panels"]

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recourse_arena.base.errors import ArenaError
from recourse_arena.reporting.result import Result
from recourse_arena.reporting.results.person_values import ALL_MEASURES, OPTIONAL, RECORDED
from recourse_arena.statistics.bootstrap import Array, Resamples

_NAMES = ("dataset", "scenario", "solver")
_KEYS = (*_NAMES, "seed", "person")
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
    """

    dataset: str
    seeds: NDArray[np.int64]
    persons: NDArray[np.int64]
    groups: pd.DataFrame
    cells: tuple[tuple[str, str], ...]
    records: pd.DataFrame
    row: NDArray[np.int64]
    column: NDArray[np.int64]

    @cached_property
    def resamples(self) -> Resamples:
        """The resamples that all cells of the dataset share."""
        return Resamples.draw(self.seeds)

    def values(self, metric: str) -> Array:
        """Return the value of each person in each cell, nan where somebody does not count."""
        return self._spread(ALL_MEASURES[metric].of(self.records))

    def recorded(self, column: str) -> Array:
        """Return a column of the records for each person in each cell, nan where it is missing."""
        if column not in self.records:
            return np.full((len(self.seeds), len(self.cells)), np.nan)
        return self._spread(self.records[column])

    def _spread(self, values: pd.Series) -> Array:
        found = np.full((len(self.seeds), len(self.cells)), np.nan)
        found[self.row, self.column] = values.astype("Float64").to_numpy(dtype="float64", na_value=np.nan)
        found[~np.isfinite(found)] = np.nan
        return found


def panels(results: Sequence[Result]) -> dict[str, PeopleByCell]:
    """Return the panel of each dataset; none where no run kept its people.

    Raises:
        ArenaError: If the people of a run cannot be read.
    """
    tables = [table for result in results if (table := _people(result)) is not None]
    if not tables:
        return {}
    people = pd.concat(tables, ignore_index=True)
    return {str(name): _panel(str(name), rows) for name, rows in people.groupby("dataset", sort=False)}


def _people(result: Result) -> pd.DataFrame | None:
    """Return the columns of a run's people that leaderboards read; none if it kept no people."""
    path = None if result.path is None else result.path / "people.parquet"
    if path is None or not path.exists():
        return None
    try:
        file = pq.ParquetFile(path)
        found = file.schema_arrow.names
        if not file.metadata.num_rows:
            return None
        missing = [name for name in (*_KEYS, *RECORDED) if name not in found]
        if missing:
            raise ArenaError(f"{path}: missing columns {', '.join(missing)}; run the suite again")
        wanted = {*_KEYS, *RECORDED, *OPTIONAL, *_DENSITIES}
        table = file.read([name for name in found if name in wanted or name.startswith("group_")])
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ArenaError(f"cannot read {path}: {error}") from None
    people = table.to_pandas(types_mapper=_nullable)
    return people.astype({name: "string" for name in _NAMES}).astype({name: object for name in _NAMES})


def _nullable(kind: pa.DataType) -> object:
    if pa.types.is_boolean(kind):
        return pd.BooleanDtype()
    return pd.Int64Dtype() if pa.types.is_integer(kind) else None


def _panel(dataset: str, records: pd.DataFrame) -> PeopleByCell:
    keys = pd.MultiIndex.from_frame(records[["seed", "person"]].astype("int64"))
    row, everybody = pd.factorize(keys)
    column, cells = pd.factorize(pd.MultiIndex.from_frame(records[["scenario", "solver"]]))
    seeds, persons = (np.array(everybody.get_level_values(i), dtype=np.int64) for i in (0, 1))
    named = [name for name in records if str(name).startswith("group_") and records[name].notna().any()]
    groups = records[named].groupby(row).first().fillna("").astype(str)
    groups.columns = [str(name).removeprefix("group_") for name in named]
    found = tuple((str(scenario), str(solver)) for scenario, solver in cells)
    return PeopleByCell(dataset, seeds, persons, groups, found, records, row.astype(np.int64), column.astype(np.int64))
