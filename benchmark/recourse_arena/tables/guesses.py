"""What a table seems to hold: its label, what values each column has, what stands for a missing one."""

from __future__ import annotations

__all__ = ["Guesses", "feature_name", "guessed"]

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import is_name
from recourse_arena.people.features import WHO
from recourse_arena.tables.cells import Cells, among, as_numbers

_LABELS = ("label", "target", "y", "class", "outcome", "approve", "accept", "default", "decision", "risk", "income")
_GOOD = ("1", "yes", "good", "true", "approved", "accepted", "y", ">50k", "paid")
_MARKS = ("", "?", "na", "n/a", "nan", "null", "none")
_FEW, _MOST = 12, 60
"""So few rows may each have another value; so many texts are taken for levels."""
_KEPT = 0.5
"""Least share of the people of either label who must be left when rows with missing values are not."""


@dataclass(frozen=True)
class Guesses:
    """What a table seems to hold.

    Arguments:
        label: The column of labels.
        favourable: The favourable label.
        unfavourable: The other one; none if there are several.
        columns: What a declaration says of each feature.
        missing: What stands for a missing value; rows with one are left out.
        repeated: Whether some rows are the same.
        decimal: What stands before decimals.
        ignored: Why a column is no feature, by name.
    """

    label: str
    favourable: str
    unfavourable: str | None
    columns: Sequence[dict[str, Any]]
    missing: Sequence[str]
    repeated: bool
    decimal: str
    ignored: Mapping[str, str]


def guessed(cells: Cells, *, label: str = "", complete: bool = False, named: Collection[str] = frozenset()) -> Guesses:
    """Return what a table seems to hold.

    Arguments:
        cells: The table.
        label: Its column of labels, where that is known.
        complete: Whether it is known to lack nothing, so that no text stands for a missing value.
        named: Columns that are known to be features, even if they look like numbers of the rows.

    Raises:
        ArenaError: If no column has two values, or what is left is no feature.
    """
    label = label or _label(cells)
    labels = cells.columns[label]
    decimal = _decimal(cells)
    favourable = _favourable(labels)
    marks = {name: set() if complete else _marks(values) for name, values in cells.columns.items()}
    marks[label] = set() if complete else _blanks(labels)
    ignored = _scarce(cells, label, favourable, marks)
    left, features = _features(cells, label, marks, ignored, decimal, named)
    columns: list[dict[str, Any]] = []
    for name in features:
        values, taken = cells.columns[name], {*(column["name"] for column in columns)}
        low = values[left & (labels != favourable)]
        columns.append(_column(name, len(columns) + 1, values[left], low, decimal, taken))
    if not columns:
        raise ArenaError(f"{cells.what}: expected columns beside the label {label!r} that could be features")
    if not any(column["role"] == "actionable" for column in columns):
        columns[0]["role"] = "actionable"
    others = sorted({*labels.tolist()} - {favourable} - marks[label])
    return Guesses(
        label=label,
        favourable=favourable,
        unfavourable=others[0] if len(others) == 1 else None,
        columns=columns,
        missing=sorted(set().union(*(marks[name] for name in (*features, label)))),
        repeated=bool(cells.repeated().any()),
        decimal=decimal,
        ignored=ignored,
    )


def _label(cells: Cells) -> str:
    two = [name for name, values in cells.columns.items() if len(set(values) - _blanks(values)) == 2]
    if not two:
        raise ArenaError(f"{cells.what}: expected a column with two values, the label; there is none")
    named = [name for name in two if any(word == name.lower() for word in _LABELS)]
    near = [name for name in two if any(word in name.lower() for word in _LABELS if len(word) > 3)]
    return (named or near or two[::-1])[0]


def _favourable(labels: np.ndarray) -> str:
    found = sorted({*labels.tolist()} - _blanks(labels))
    if not found:
        return ""
    return next((value for value in found if value.lower() in _GOOD), found[-1])


def _blanks(values: np.ndarray) -> set[str]:
    """Return what can stand for nothing but a missing label: `none` is one of two answers as often."""
    return {value for value in set(values) if value.lower() in _MARKS[:-1]}


def _marks(values: np.ndarray) -> set[str]:
    """Return what stands for a missing value: `none` among numbers only, for among words it is one."""
    found = {value for value in set(values) if value.lower() in _MARKS}
    known = np.array(sorted(set(values) - found), dtype=object)
    numbers = np.isfinite(as_numbers(known)).all() or np.isfinite(as_numbers(known, ",")).all()
    return found if numbers else found & _blanks(values)


def _decimal(cells: Cells) -> str:
    """Return a comma if columns are numbers with one and none are with a point; else a point."""
    pointed = re.compile(r"[-+]?\d*\.\d+")
    with_comma = re.compile(r"[-+]?\d+,\d+")
    points = commas = 0
    for values in cells.columns.values():
        known = set(values) - _marks(values)
        points += any(pointed.fullmatch(value) for value in known)
        commas += any(with_comma.fullmatch(value) for value in known) and bool(
            np.isfinite(as_numbers(np.array(sorted(known), dtype=object), ",")).all()
        )
    return "," if commas and not points else "."


def _scarce(cells: Cells, label: str, favourable: str, marks: dict[str, set[str]]) -> dict[str, str]:
    """Return columns that too many people lack, and why; texts that many lack get a level for that instead.

    As long as less than half of the people of some label have all columns, the one that most of them lack goes.
    """
    lacking = {name: among(values, marks[name]) for name, values in cells.columns.items() if name != label}
    lacking = {name: lacks for name, lacks in lacking.items() if lacks.any()}
    good = cells.columns[label] == favourable
    bad = ~good & ~among(cells.columns[label], marks[label])
    ignored: dict[str, str] = {}
    while lacking:
        left = ~np.any(list(lacking.values()), 0)
        short = [people for people in (good, bad) if left[people].sum() < _KEPT * people.sum()]
        if not short:
            break
        name = max(lacking, key=lambda name: max(lacking[name][people].mean() for people in short))
        lacks = lacking.pop(name)
        known = cells.columns[name][~lacks]
        if len(known) and not np.isfinite(as_numbers(known)).all() and len(set(known)) < _MOST:
            marks[name] = set()  # a level of its own
        else:
            ignored[name] = f"{int(lacks.sum()):,} of {len(cells):,} rows lack it"
    return ignored


def _features(
    cells: Cells,
    label: str,
    marks: Mapping[str, set[str]],
    ignored: dict[str, str],
    decimal: str,
    named: Collection[str],
) -> tuple[np.ndarray, list[str]]:
    """Return which rows lack nothing, and the columns that can be features there; `ignored` gets the others.

    A column that goes may bring back rows that only it lacked, so the others are looked at again.
    """
    lacking = {name: among(values, marks[name]) for name, values in cells.columns.items()}
    while True:
        features = [name for name in cells.columns if name != label and name not in ignored]
        left = ~np.any([lacking[name] for name in (*features, label)], 0)
        reasons = {name: _no_feature(name, cells.columns[name][left], decimal, name in named) for name in features}
        if not any(reasons.values()):
            return left, features
        ignored.update({name: reason for name, reason in reasons.items() if reason})


def _no_feature(name: str, values: np.ndarray, decimal: str, named: bool) -> str:
    """Return why a column is no feature, empty if it may be one."""
    distinct = set(values)
    if len(distinct) < 2:
        return "all rows have the same value" if len(values) else "no row has all values"
    numbers = as_numbers(values, decimal)
    texts = not np.isfinite(numbers).all() or bool((abs(numbers) > np.finfo(np.float32).max).any())
    if len(distinct) == len(values) > _FEW and not named and (texts or _counts_rows(name, numbers)):
        return "every row has another value"
    if texts and len(distinct) > _MOST:
        return f"{len(distinct):,} different texts are too many for levels; group them first"
    return ""


def _counts_rows(name: str, numbers: np.ndarray) -> bool:
    """Return whether numbers of which no two are the same are numbers of the rows."""
    whole = bool((numbers == numbers.round()).all())
    words = re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    return whole and ("id" in words or not name or bool((np.diff(numbers) == 1).all()))


def _column(
    name: str, place: int, values: np.ndarray, low: np.ndarray, decimal: str, taken: Collection[str]
) -> dict[str, Any]:
    """Return what a declaration says of a column.

    Arguments:
        name: Its name.
        place: Its place among the features, from 1.
        values: Its cells, without missing ones.
        low: Those of people with an unfavourable label.
        decimal: What stands before decimals.
        taken: Names that are taken.
    """
    said: dict[str, Any] = {"name": feature_name(name, place, taken)}
    if said["name"] != name:
        said["column"] = name
    distinct = sorted(set(values))
    numbers = as_numbers(values, decimal)
    if not np.isfinite(numbers).all():
        said |= {"kind": "binary" if len(distinct) == 2 else "categorical", "role": _role(low), "levels": distinct}
    elif distinct == ["0", "1"]:
        said |= {"kind": "binary", "role": _role(low), "levels": distinct}
    else:
        whole = bool((numbers == numbers.round()).all())
        said |= {"kind": "integer" if whole else "continuous", "role": _role(low)}
        said |= {"lower": 0.0} if numbers.min() >= 0 else {}
    return said | _sensitive(name)


def _role(low: np.ndarray) -> str:
    """Return that a feature can be acted upon, if those who would act on it are not all the same."""
    count = Counter(low.tolist()).most_common(1)
    others = len(low) - (count[0][1] if count else 0)
    return "actionable" if others >= max(3, min(10, len(low) // 10)) else "mutable"


def feature_name(name: str, place: int = 0, taken: Collection[str] = ()) -> str:
    """Return a name of plain letters, the same in every process and taken by nothing else."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    short = name if is_name(name) else re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")[:60].strip("_")
    short = short or f"column_{place}"
    found, number = short, 2
    while found in taken or found == WHO:
        found, number = f"{short[:56].strip('_')}_{number}", number + 1
    return found


def _sensitive(name: str) -> dict[str, Any]:
    """Return that a column is somebody's sex, age, origin or the like, which nobody acts upon."""
    words = ("sex", "gender", "race", "ethnic", "age", "nation", "religion", "birth")
    parts = name.lower().replace("-", "_").replace(" ", "_").split("_")
    return {"role": "immutable", "sensitive": "age" not in parts} if any(word in parts for word in words) else {}
