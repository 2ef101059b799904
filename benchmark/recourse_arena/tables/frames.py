"""A dataset made of a pandas frame, in a notebook."""

from __future__ import annotations

__all__ = ["of_frame"]

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.tables.cells import Cells
from recourse_arena.tables.declaration import declared, once
from recourse_arena.tables.guesses import guessed
from recourse_arena.tables.table_dataset import TableDataset

if TYPE_CHECKING:
    import pandas as pd

    from recourse_arena.interfaces.decision import Decision


def of_frame(
    frame: pd.DataFrame,
    *,
    label: str,
    favourable: object = 1,
    actionable: Sequence[str] = (),
    immutable: Sequence[str] = (),
    directions: Mapping[str, str] | None = None,
    sensitive: Sequence[str] = (),
    kinds: Mapping[str, str] | None = None,
    levels: Mapping[str, Sequence[object]] | None = None,
    name: str = "frame",
    cost: str = "gower",
    decision: Decision | str | None = None,
) -> TableDataset:
    """Return a dataset whose people are the rows of a frame; what is not said is guessed from its values.

    Arguments:
        frame: The people; rows with missing values are left out.
        label: Its column of true labels.
        favourable: The favourable label.
        actionable: Columns that people can act upon; the others are not.
        immutable: Columns that nothing can change.
        directions: `up` or `down` of columns that people may move one way only.
        sensitive: Columns by which results are broken down.
        kinds: Kinds of columns: `continuous`, `integer`, `binary`, `ordinal` or `categorical`.
        levels: Levels of columns, in their order where they have one.
        name: Name of the dataset.
        cost: Name of the cost of actions.
        decision: The decision model, by name with options or as an object; by default a network is trained.

    Raises:
        ArenaError: If a column is not there, or something is not what it should be.
    """
    if not (hasattr(frame, "columns") and hasattr(frame, "dropna")):
        raise ArenaError(f"expected a pandas frame with a row for each person, got {type(frame).__name__}")
    label = str(label)
    open_, fixed, groups = (
        _named(what, columns)
        for what, columns in (("actionable", actionable), ("immutable", immutable), ("sensitive", sensitive))
    )
    ways, said_kinds, said_levels = (
        {str(column): value for column, value in (said or {}).items()} for said in (directions, kinds, levels)
    )
    cells = _cells(frame)
    _check_columns(cells, label, (*open_, *fixed, *groups, *ways, *said_kinds, *said_levels))
    if not open_:
        raise ArenaError("actionable: expected the columns that people can act upon, got none")
    guesses = guessed(cells, label=label, complete=True)
    for column, reason in guesses.ignored.items():
        if column in (*open_, *fixed, *groups, *ways, *said_kinds, *said_levels):
            raise ArenaError(f"the column {column!r} of the frame can be no feature: {reason}")
    columns = []
    for said in guesses.columns:
        source = said.get("column", said["name"])
        role = "actionable" if source in open_ else "immutable" if source in fixed else "mutable"
        entry = {**said, "role": role, "sensitive": source in groups}
        if source in ways:
            entry["direction"] = ways[source]
        columns.append(entry | _levelled(source, cells, said_kinds, said_levels, said.get("levels", [])))
    values: dict[str, Any] = {
        "name": name,
        "cost": cost,
        "label": {"column": label, "favourable": _cell(favourable)},
        "table": {"duplicates": "keep", "missing": []},
        "feature": columns,
    }
    dataset = TableDataset.of(declared(Path(str(name)), values), cells)
    dataset.splits(seed=0, data=Path())  # what is wrong with a value is an error here, where the frame is given
    if decision is not None:
        dataset.decision = decision
    return dataset


def _levelled(
    source: str,
    cells: Cells,
    kinds: Mapping[str, str],
    levels: Mapping[str, Sequence[object]],
    guess: Sequence[str],
) -> dict[str, Any]:
    """Return kind and levels of a column where they are said; levels are those that occur where they are not."""
    said: dict[str, Any] = {}
    if source in kinds:
        named = kinds[source] in ("binary", "ordinal", "categorical")
        said = {"kind": kinds[source], "levels": (guess or sorted(set(cells.columns[source]))) if named else []}
    if source in levels:
        said["levels"] = [_cell(level) for level in levels[source]]
        said.setdefault("kind", "binary" if len(said["levels"]) == 2 else "categorical")
    return said | ({"lower": -math.inf} if said.get("levels") else {})


def _named(what: str, columns: Iterable[object]) -> tuple[str, ...]:
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        raise ArenaError(f"{what}: expected a list of columns, got {columns!r}")
    return tuple(map(str, columns))


def _check_columns(cells: Cells, label: str, named: Sequence[str]) -> None:
    if label not in cells.columns:
        raise unknown("column of the frame", label, cells.columns)
    for column in named:
        if column not in cells.columns or column == label:
            raise unknown("feature of the frame", column, [known for known in cells.columns if known != label])


def _cells(frame: pd.DataFrame) -> Cells:
    once("the columns of the frame", [*map(str, frame.columns)])
    complete = frame.dropna()
    if not len(complete):
        raise ArenaError(f"each of {len(frame):,} rows of the frame lacks a value: expected people without gaps")
    frame = complete
    columns = {
        str(name): np.array([_cell(value) for value in values.tolist()], dtype=object) for name, values in frame.items()
    }
    return Cells(columns, [f"row {index}" for index in frame.index], "the frame")


def _cell(value: object) -> str:
    value = value.item() if hasattr(value, "item") else value  # of a number that is NumPy's
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value).strip()
