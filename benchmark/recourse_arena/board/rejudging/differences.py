"""What an entry says beside what the judge says: the first difference, with person, column and both values."""

from __future__ import annotations

__all__ = ["Closeness", "refuse_other_averages", "refuse_other_rows"]

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recourse_arena.base.errors import ArenaError
from recourse_arena.board.entries.shape import CellSaid
from recourse_arena.storage.people_table import KEYS

_RELATIVE, _ROUNDING = 1e-5, 1e-7
"""By how much numbers may differ where other packages compute them: relative to the larger one, and beside that."""


@dataclass
class Closeness:
    """How far an entry's numbers may be from the judge's.

    Arguments:
        close: Whether the last digits may differ, because other packages computed them; else nothing may.
        off: How many numbers did, so far.
        most: The largest difference of them, relative to the larger number.
    """

    close: bool
    off: int = 0
    most: float = 0.0

    def differs(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Return which numbers differ more than they may, bool `(rows,)`; nan is a missing one."""
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        if not self.close or same.all():
            return np.asarray(~same)
        with np.errstate(invalid="ignore"):
            apart, size = np.abs(one - other), np.maximum(np.abs(one), np.abs(other))
            near = ~same & (apart <= _RELATIVE * size + _ROUNDING)
        if near.any():
            self.off += int(near.sum())
            self.most = max(self.most, float((apart[near] / np.maximum(size[near], 1e-30)).max()))
        return np.asarray(~same & ~near)


def refuse_other_rows(claimed: pa.Table, judged: pa.Table, closeness: Closeness) -> list[str]:
    """Refuse rows that are not the judge's, and return the columns of his of which they say nothing.

    What an entry does not say it does not claim: a run of before the judge wrote a column has none of it.

    Arguments:
        claimed: The entry's rows.
        judged: The judge's, of the same people in the same order, under the same columns for their cells.
        closeness: How far numbers may be off.

    Raises:
        ArenaError: With cell, person, column and both values of the first difference, and how many there are.
    """
    wrong = {name: bad for name in claimed.column_names if (bad := _differing(name, claimed, judged, closeness)).any()}
    if not wrong:
        more = [name for name in judged.column_names if name not in claimed.column_names]
        return [name for name in more if judged[name].null_count < len(judged)]
    values = sum(int(bad.sum()) for bad in wrong.values())
    anybody = np.logical_or.reduce([*wrong.values()])
    row = int(np.flatnonzero(anybody)[0])
    column = next(name for name, bad in wrong.items() if bad[row])
    where = [_at(claimed, name, row) for name in KEYS]
    raise ArenaError(
        f"{where[0]}, {where[1]}, {where[2]}, seed {where[3]}, person {_at(claimed, 'person', row)}: column {column}: "
        f"entry says {_told(_at(claimed, column, row))}, judged {_told(_at(judged, column, row))}"
        f" ({values} values of {int(anybody.sum())} rows differ)"
    )


def _at(table: pa.Table, column: str, row: int) -> Any:
    return table[column][row].as_py() if column in table.column_names else None


def _told(value: Any) -> str:
    return "nothing" if value is None else f"{value:.9g}" if isinstance(value, float) else str(value)


def _differing(name: str, claimed: pa.Table, judged: pa.Table, closeness: Closeness) -> np.ndarray:
    """Return in which rows a column differs, bool `(rows,)`; one that is not there has no values."""
    if name not in judged.column_names:
        return _numpy(pc.is_valid(claimed[name]))
    one, other = claimed[name], judged[name]
    if pa.types.is_floating(one.type) and pa.types.is_floating(other.type):
        return closeness.differs(_floats(one), _floats(other))
    one, other = (column.cast(_plain(column.type)) for column in (one, other))
    missing = pc.not_equal(pc.is_null(one), pc.is_null(other))
    return _numpy(pc.or_(missing, pc.fill_null(pc.not_equal(one, other), False)))


def _plain(kind: pa.DataType) -> pa.DataType:
    words = pa.types.is_dictionary(kind) or pa.types.is_string(kind)
    return pa.large_string() if words else kind


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(column.to_numpy().astype(np.float64))


def _numpy(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(column.to_numpy(), dtype=bool)


def refuse_other_averages(cell: CellSaid, judged: Mapping[Any, Any], closeness: Closeness) -> None:
    """Refuse averages of a cell that are not those of its rows.

    Arguments:
        cell: The cell, with the averages that the entry claims.
        judged: What the judge finds, by the name of the metric.
        closeness: How far numbers may be off.

    Raises:
        ArenaError: With the metric and both values.
    """
    for name, claimed in cell.averages.items():
        if name not in judged:
            raise ArenaError(f"{cell.words}: average {name}: no metric of that name is measured here")
        found = None if pd.isna(judged[name]) else float(judged[name])
        if (claimed is None) != (found is None) or (
            claimed is not None and found is not None and _apart(claimed, found, closeness)
        ):
            raise ArenaError(f"{cell.words}: average {name}: entry says {_told(claimed)}, judged {_told(found)}")


def _apart(claimed: float, found: float, closeness: Closeness) -> bool:
    """Return whether two averages differ as `summary.csv` writes them, in six digits."""
    if f"{claimed:.6g}" == f"{found:.6g}":
        return False
    close = closeness.close and math.isclose(claimed, found, rel_tol=2 * _RELATIVE, abs_tol=_ROUNDING)
    return not close
