"""A first draft of a declaration, guessed from a table; every guess is marked, for somebody who knows to look at."""

from __future__ import annotations

__all__ = ["drafted"]

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.tables.cells import Cells
from recourse_arena.tables.declaration import declared
from recourse_arena.tables.guesses import Guesses, guessed
from recourse_arena.tables.table_dataset import TableDataset
from recourse_arena.tables.table_file import FileOfTable


def drafted(path: Path, name: str, beside: Path) -> str:
    """Return the text of a TOML file that declares the table of a CSV file, and by which its people can be read.

    Arguments:
        path: The CSV file.
        name: The dataset's name.
        beside: The folder of the TOML file, from which the CSV file is named.

    Raises:
        ArenaError: If the file cannot be read, no column can be a label, or its people cannot be split.
    """
    cells = Cells.read([path], FileOfTable())
    try:
        file = path.resolve().relative_to(beside.resolve())
    except ValueError:
        file = path.resolve()
    text = _toml(guessed(cells), name, path.name, str(file))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ArenaError(f"the path {str(file)!r} is no text in UTF-8; rename the file") from None
    said = declared(beside / f"{name}.toml", tomllib.loads(text))
    TableDataset.of(said, cells).splits(seed=0, data=Path())
    return text


def _toml(said: Guesses, name: str, shown: str, file: str) -> str:
    others = f"unfavourable = {_text(said.unfavourable)}  # review" if said.unfavourable is not None else ""
    lines = [
        f"# {name}: drafted from {_text(shown)}. Every line that ends with `# review` is a guess.",
        "# Then: `recourse-arena check` and `recourse-arena run tabular --dataset` with this file.",
        f"name = {_text(name)}",
        'version = "1"',
        'summary = ""  # review: one line for people, with the source and licence',
        'cost = "gower"',
        "",
        "[table]",
        f"file = {_text(file)}",
        *(['decimal = ","  # review'] if said.decimal == "," else []),
        *_missing(said.missing),
        *(['duplicates = "keep"  # review: some rows are the same'] if said.repeated else []),
        "",
        "[label]",
        f"column = {_text(said.label)}  # review",
        f"favourable = {_text(said.favourable)}  # review",
        *([others] if others else []),
    ]
    for column in said.columns:
        lines += ["", "[[feature]]", *(f"{key} = {_value(value)}  # review" for key, value in column.items())]
        lines[-len(column)] = lines[-len(column)].removesuffix("  # review")  # its name is no guess
    for ignored, reason in said.ignored.items():
        lines += ["", f"# column {_text(ignored)} is no feature: {reason}"]
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


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return _list(value)
    return _text(value) if isinstance(value, str) else repr(value)


def _list(values: Sequence[str]) -> str:
    return "[" + ", ".join(map(_text, values)) + "]"


def _text(value: str) -> str:
    """Return a text as TOML writes it: as JSON does, but for one sign that it forbids."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
