"""A dataset made of a pandas frame, in a notebook."""

from __future__ import annotations

__all__ = ["of_frame"]

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.tables.cells import Cells
from recourse_arena.tables.declaration import declared
from recourse_arena.tables.guesses import guessed
from recourse_arena.tables.table_dataset import TableDataset
from recourse_arena.tables.table_file import once

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
    protected: Mapping[str, Sequence[object]] | None = None,
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
        protected: Sensitive columns between whose groups menus are to be fair, each with the levels that are not
            protected; none: each level is a group.
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
    asked = _Asked(
        actionable=_named("actionable", actionable),
        immutable=_named("immutable", immutable),
        sensitive=(*_named("sensitive", sensitive), *_by_name(protected)),
        directions=_by_name(directions),
        kinds=_by_name(kinds),
        levels=_by_name(levels),
    )
    label, cells = str(label), _cells(frame)
    _check_columns(cells, label, sorted(asked.named))
    if not asked.actionable:
        raise ArenaError("actionable: expected the columns that people can act upon, got none")
    guesses = guessed(cells, label=label, complete=True, named=asked.named)
    for column, reason in guesses.ignored.items():
        if column in asked.named:
            raise ArenaError(f"the column {column!r} of the frame can be no feature: {reason}")
    values: dict[str, Any] = {
        "name": name,
        "cost": cost,
        "label": {"column": label, "favourable": _cell(favourable)},
        "protected": {str(column): list(map(_cell, told)) for column, told in (protected or {}).items()},
        "table": {"duplicates": "keep", "missing": []},
        "feature": [_feature(said, cells, asked) for said in guesses.columns],
    }
    dataset = TableDataset.of(declared(Path(str(name)), values), cells)
    dataset.splits(seed=0, data=Path())  # what is wrong with a value is an error here, where the frame is given
    if decision is not None:
        dataset.decision = decision
    return dataset


@dataclass(frozen=True)
class _Asked:
    """What was said of columns, by their names as text."""

    actionable: tuple[str, ...]
    immutable: tuple[str, ...]
    sensitive: tuple[str, ...]
    directions: Mapping[str, Any]
    kinds: Mapping[str, Any]
    levels: Mapping[str, Any]

    @property
    def named(self) -> frozenset[str]:
        """Every column of which something was said."""
        return frozenset().union(*(getattr(self, field.name) for field in fields(self)))


def _feature(guess: Mapping[str, Any], cells: Cells, asked: _Asked) -> dict[str, Any]:
    """Return what a declaration says of a column: what was said, else the guess."""
    source = guess.get("column", guess["name"])
    role = "actionable" if source in asked.actionable else "immutable" if source in asked.immutable else "mutable"
    said = {**guess, "role": role, "sensitive": source in asked.sensitive}
    if source in asked.directions:
        said["direction"] = asked.directions[source]
    if (kind := asked.kinds.get(source)) is not None:
        named = kind in ("binary", "ordinal", "categorical")
        said |= {"kind": kind, "levels": guess.get("levels") or sorted(set(cells.columns[source])) if named else []}
    if source in asked.levels:
        said["levels"] = [_cell(level) for level in asked.levels[source]]
        if source not in asked.kinds:
            said["kind"] = "binary" if len(said["levels"]) == 2 else "categorical"
    return said | ({"lower": -math.inf} if said.get("levels") else {})


def _named(what: str, columns: Iterable[object]) -> tuple[str, ...]:
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        raise ArenaError(f"{what}: expected a list of columns, got {columns!r}")
    return tuple(map(str, columns))


def _by_name(said: Mapping[str, Any] | None) -> dict[str, Any]:
    return {str(column): value for column, value in (said or {}).items()}


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
        raise ArenaError(f"expected people without gaps, got {len(frame):,} rows of which none has all values")
    for name, values in complete.select_dtypes("number").items():
        endless = ~np.isfinite(values.to_numpy(dtype=float))
        if endless.any():
            row = complete.index[int(endless.argmax())]
            raise ArenaError(f"row {row}: column {str(name)!r}: expected a number; got an infinite one")
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
