"""For whom an entry's recommendations attain what was asked: what pairs of solvers are compared by."""

from __future__ import annotations

__all__ = ["met_by_cell"]

import hashlib
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recourse_arena.base.errors import ArenaError
from recourse_arena.board.summary.rows import Met
from recourse_arena.reporting.results.averages import built_in
from recourse_arena.storage.people_table import KEYS, as_frame

_READ = ("person", "valid", "plausible", "plausible_scm", "plausible_heldout")
_METRICS = ("attainability", "attainability_truth", "attainability_heldout", "validity")


def met_by_cell(path: Path) -> dict[tuple[str, str, str, int], tuple[str, Met]]:
    """Return by dataset, scenario, solver and seed a digest of who was asked, and for whom which metric is true.

    The rows of an entry on a board are those that re-judging found again, so that they may be read from its file.

    Raises:
        ArenaError: If the file is no table of people.
    """
    try:
        schema = pq.read_schema(path)
        table = pq.read_table(path, columns=[name for name in (*KEYS, *_READ) if name in schema.names])
    except (pa.ArrowException, OSError) as error:
        raise ArenaError(f"{path} is no entry: {' '.join(str(error).split())[:200]}") from None
    if not {*KEYS, "person", "valid"} <= set(table.column_names):
        return {}
    people = as_frame(table)
    values = {name: built_in()[name].values(people) for name in _METRICS}
    numbers = people["person"].to_numpy(dtype=np.int64)
    found: dict[tuple[str, str, str, int], tuple[str, Met]] = {}
    for key, rows in people.groupby(list(KEYS), sort=False, observed=True).indices.items():
        dataset, scenario, solver, seed = cast("tuple[str, str, str, int]", key)
        known = {name: column[rows] for name, column in values.items() if np.isfinite(column[rows]).all()}
        asked = hashlib.sha256(numbers[rows].tobytes()).hexdigest()[:16]
        met = {name: column.astype(bool) for name, column in known.items()}
        found[str(dataset), str(scenario), str(solver), int(seed)] = asked, met
    return found
