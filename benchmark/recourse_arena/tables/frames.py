"""A dataset made of a pandas frame, in a notebook."""

from __future__ import annotations

__all__ = ["of_frame"]

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.tables.cells import Cells
from recourse_arena.tables.declaration import declared
from recourse_arena.tables.draft import guessed
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
    if label not in frame:
        raise unknown("column of the frame", label, map(str, frame))
    named = {*actionable, *immutable, *sensitive, *(directions or {}), *(kinds or {}), *(levels or {})}
    for column in named:
        if column not in frame or column == label:
            raise unknown("feature of the frame", str(column), [str(c) for c in frame if c != label])
    if not actionable:
        raise ArenaError("actionable: expected the columns that people can act upon, got none")
    cells = _cells(frame.dropna())
    guesses = guessed(cells, label=label)
    columns = []
    for said in guesses["columns"]:
        source = said.get("column", said["name"])
        role = "actionable" if source in actionable else "immutable" if source in immutable else "mutable"
        entry = {**said, "role": role, "sensitive": source in sensitive}
        if directions and source in directions:
            entry["direction"] = directions[source]
        columns.append(entry | _levelled(source, cells, kinds or {}, levels or {}, said.get("levels", [])))
    values: dict[str, Any] = {
        "name": name,
        "cost": cost,
        "label": {"column": label, "favourable": _cell(favourable)},
        "table": {"duplicates": "keep"},
        "feature": columns,
    }
    dataset = TableDataset.of(declared(Path(name), values), cells)
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
    return said


def _cells(frame: pd.DataFrame) -> Cells:
    columns = {
        str(name): np.array([_cell(value) for value in values.tolist()], dtype=object) for name, values in frame.items()
    }
    return Cells(columns, [f"row {index}" for index in frame.index], "the frame")


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value).strip()
