"""A small dataset of one's own, as TOML and CSV, to be spoilt in one place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

TOML = """\
name = "own"

[table]
file = "own.csv"
duplicates = "keep"

[label]
column = "paid"
favourable = "yes"

[[feature]]
name = "income"
kind = "integer"
role = "actionable"

[[feature]]
name = "debt"
role = "actionable"

[[feature]]
name = "home"
kind = "categorical"
levels = ["own", "rent"]

[[feature]]
name = "age"
kind = "integer"
role = "immutable"
"""

ROWS = tuple((100 + i, i / 2, ("own", "rent")[i % 2], 20 + i % 41, ("yes", "no")[i % 3 > 0]) for i in range(60))
"""Sixty people, a third of whom paid."""

COLUMNS = ("income", "debt", "home", "age", "paid")


def csv_text(rows: Sequence[Sequence[object]] = ROWS, *, columns: Sequence[str] = COLUMNS, separator: str = ",") -> str:
    """Return rows as the text of a CSV file."""
    return "\n".join(separator.join(map(str, row)) for row in (columns, *rows)) + "\n"


def with_row(**cells: object) -> str:
    """Return the CSV file with one more row, in line 62."""
    row = dict(zip(COLUMNS, (150, 1.5, "own", 33, "yes"), strict=True)) | cells
    return csv_text((*ROWS, tuple(row.values())))


def written(folder: Path, toml: str | bytes = TOML, table: str | bytes | None = None) -> Path:
    """Write both files, and return the path of the TOML file; no table is written if it is empty bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    table = csv_text() if table is None else table
    if table != b"":
        (folder / "own.csv").write_bytes(table.encode() if isinstance(table, str) else table)
    path = folder / "own.toml"
    path.write_bytes(toml.encode() if isinstance(toml, str) else toml)
    return path


def replaced(*changes: tuple[str, str]) -> str:
    """Return the TOML file with other text in places that it has once."""
    text = TOML
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text
