"""A first draft of a declaration, guessed from a table; every guess is marked, for somebody who knows to look at."""

from __future__ import annotations

__all__ = ["drafted", "guessed"]

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import is_name
from recourse_arena.tables.cells import Cells
from recourse_arena.tables.declaration import FileOfTable

_LABELS = ("label", "target", "y", "class", "outcome", "approved", "accepted", "default", "decision", "risk", "income")
_GOOD = ("1", "yes", "good", "true", "approved", "accepted", "y", ">50k", "paid")
_MARKS = ("", "?", "na", "n/a", "nan", "null", "none")
_FEW, _MOST = 12, 60
"""Whole numbers of up to so many values, and texts of up to so many, are taken for levels."""


def drafted(path: Path, name: str, beside: Path) -> str:
    """Return the text of a TOML file that declares the table of a CSV file.

    Arguments:
        path: The CSV file.
        name: The dataset's name.
        beside: The folder of the TOML file, from which the CSV file is named.

    Raises:
        ArenaError: If the file cannot be read, or no column can be a label.
    """
    said = guessed(Cells.read([path], FileOfTable()))
    try:
        file = path.resolve().relative_to(beside.resolve())
    except ValueError:
        file = path.resolve()
    marks = said["missing"]
    lines = [
        f"# {name}: drafted from {path.name}. Every line that ends with `# review` is a guess.",
        "# Then: `recourse-arena check` and `recourse-arena run tabular --dataset` with this file.",
        f"name = {_text(name)}",
        'version = "1"',
        'summary = ""  # review: one line for people, with the source and licence',
        'cost = "gower"',
        "",
        "[table]",
        f"file = {_text(str(file))}",
        *_missing(marks),
        *(['duplicates = "keep"  # review: some rows are the same'] if said["repeated"] else []),
        "",
        "[label]",
        f"column = {_text(said['label'])}  # review",
        f"favourable = {_text(said['favourable'])}  # review",
    ]
    for column in said["columns"]:
        lines += ["", "[[feature]]", *(f"{key} = {_value(value)}  # review" for key, value in column.items())]
        lines[-len(column)] = lines[-len(column)].removesuffix("  # review")  # its name is no guess
    for ignored in said["ignored"]:
        lines += ["", f"# column {_text(ignored)} is no feature: every row has another value, or all have one"]
    lines += [
        "",
        "# [[rule]]  # what must hold in every counterfactual",
        "# terms = { loans_paid = 1, loans = -1 }  # their sum is at most",
        "# limit = 0",
        "",
        "# [decision]  # by default a network is trained; a model of your own:",
        '# model = "onnx"',
        '# file = "model.onnx"',
    ]
    return "\n".join(lines) + "\n"


def _missing(marks: Sequence[str]) -> list[str]:
    if not marks:
        return []
    return [f"missing = {_list(marks)}  # review", 'rows_with_missing = "drop"  # review: or "refuse"']


def guessed(cells: Cells, *, label: str = "") -> dict[str, Any]:
    """Return what a table seems to hold: `label`, `favourable`, `columns`, `missing`, `repeated`, `ignored`.

    Arguments:
        cells: The table.
        label: Its column of labels, where that is known.

    Raises:
        ArenaError: If no column has two values, or what is left is no feature.
    """
    label = label or _label(cells)
    columns, ignored = [], []
    marks: set[str] = set()
    for name, values in cells.columns.items():
        if name == label:
            continue
        texts = values.astype(str)
        found = {text for text in set(texts) if text.lower() in _MARKS}
        known = texts[~np.isin(texts, list(found))] if found else texts
        distinct = sorted(set(known))
        if len(distinct) < 2 or (len(distinct) == len(texts) and len(texts) > _FEW and _no_quantity(name, known)):
            ignored.append(name)
            continue
        marks |= found
        columns.append(_column(name, known, distinct))
    if not columns:
        raise ArenaError(f"{cells.what}: expected columns beside the label {label!r} that could be features")
    if not any(column.get("role") == "actionable" for column in columns):
        columns[0]["role"] = "actionable"
    return {
        "label": label,
        "favourable": _favourable(cells.column(label).astype(str)),
        "columns": columns,
        "missing": sorted(marks),
        "repeated": bool(cells.repeated().any()),
        "ignored": ignored,
    }


def _label(cells: Cells) -> str:
    two = [name for name, values in cells.columns.items() if len(set(values)) == 2]
    if not two:
        raise ArenaError(f"{cells.what}: expected a column with two values, the label; there is none")
    named = [name for name in two if any(word == name.lower() for word in _LABELS)]
    near = [name for name in two if any(word in name.lower() for word in _LABELS if len(word) > 3)]
    return (named or near or two[::-1])[0]


def _favourable(values: np.ndarray) -> str:
    found = sorted(set(values))
    return next((value for value in found if value.lower() in _GOOD), found[-1])


def _no_quantity(name: str, values: np.ndarray) -> bool:
    """Return whether a column of which no two cells are the same is a number or name of the row."""
    try:
        numbers = values.astype(float)
    except ValueError:
        return True
    whole = bool((numbers == numbers.round()).all())
    return whole and ("id" in name.lower() or name == "" or bool((np.diff(numbers) == 1).all()))


def _column(name: str, values: np.ndarray, distinct: Sequence[str]) -> dict[str, Any]:
    good = is_name(name.replace(" ", "_"))
    said: dict[str, Any] = {"name": name} if good else {"name": f"x_{abs(hash(name)) % 10**6}", "column": name}
    if " " in name and good:
        said = {"name": name.replace(" ", "_"), "column": name}
    try:
        numbers = values.astype(float)
    except ValueError:
        numbers = None
    if numbers is None or not np.isfinite(numbers).all():
        if len(distinct) > _MOST:
            raise ArenaError(
                f"column {name!r}: {len(distinct):,} different texts are too many for levels; take the column out, or "
                f"group its values first"
            )
        kind = "binary" if len(distinct) == 2 else "categorical"
        return said | {"kind": kind, "role": "actionable", "levels": list(distinct)} | _sensitive(name)
    whole = bool((numbers == numbers.round()).all())
    if whole and set(distinct) == {"0", "1"}:
        return said | {"kind": "binary", "role": "actionable", "levels": ["0", "1"]} | _sensitive(name)
    bounds = {"lower": 0.0} if numbers.min() >= 0 else {}
    return said | {"kind": "integer" if whole else "continuous", "role": "actionable"} | bounds | _sensitive(name)


def _sensitive(name: str) -> dict[str, Any]:
    """Return that a column is somebody's sex, age, origin or the like, which nobody acts upon."""
    words = ("sex", "gender", "race", "ethnic", "age", "nation", "religion", "birth")
    parts = name.lower().replace("-", "_").replace(" ", "_").split("_")
    return {"role": "immutable", "sensitive": "age" not in parts} if any(word in parts for word in words) else {}


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return _list(value)
    return _text(value) if isinstance(value, str) else repr(value)


def _list(values: Sequence[str]) -> str:
    return "[" + ", ".join(map(_text, values)) + "]"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
