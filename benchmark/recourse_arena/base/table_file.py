"""CSV files of users: any usual encoding and separator; what is wrong is said with file, line and column."""

from __future__ import annotations

__all__ = ["TableFile", "TableRow", "read_lines"]

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.text_file import read_text

_SEPARATORS = (",", ";", "\t")
"""The first of them that stands in the header."""


@dataclass(frozen=True)
class TableRow:
    """One row.

    Arguments:
        path: The file.
        line: Its line, from 1.
        cells: Text by column, without spaces around it.
        problem: What keeps it from being a row of the table; empty, and never anything else unless that was asked for.
    """

    path: Path
    line: int
    cells: Mapping[str, str]
    problem: str = ""

    def error(self, column: str, expected: str) -> ArenaError:
        """Return the error that something else was expected in a column."""
        got = repr(self.cells[column][:80]) if self.cells.get(column) else "an empty cell"
        return ArenaError(f"{self.path}:{self.line}: column {column!r}: expected {expected}; got {got}")


@dataclass(frozen=True)
class TableFile:
    """A table with a header.

    Arguments:
        path: The file.
        line: Line of the header.
        columns: Names of the columns, each once.
        rows: The rows below it.
    """

    path: Path
    line: int
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]

    @classmethod
    def read(cls, path: Path, kind: str, *, ragged: bool = False) -> TableFile:
        """Read a CSV file in UTF-8, or in UTF-16 with its byte order mark, perhaps packed with gzip.

        Columns are separated by commas, semicolons or tabs. Empty lines count nowhere, nor do lines of separators
        alone after the last row, as spreadsheets leave them.

        Arguments:
            path: The file; what it holds counts, not its suffix.
            kind: What it is a table of, for errors.
            ragged: Whether a row with another number of cells than the header is one with a `problem`.

        Raises:
            ArenaError: With file and line, and what was expected.
        """
        lines = read_lines(path, kind)
        if not lines:
            raise ArenaError(f"{path}: expected a CSV file with a header, got an empty file")
        (line, header), *below = lines
        columns = tuple(cell.strip() for cell in header)
        for name in columns:
            if columns.count(name) > 1:
                raise ArenaError(
                    f"{path}:{line}: expected each column once; {name!r} occurs {columns.count(name)} times"
                )
        rows = []
        for number, cells in below:
            problem = ""
            if len(cells) != len(columns):
                problem = f"{path}:{number}: expected {len(columns)} cells as in the header, got {len(cells)}"
            if problem and not ragged:
                raise ArenaError(problem)
            by_column = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
            rows.append(TableRow(path, number, by_column, problem))
        return cls(path, line, columns, tuple(rows))


def read_lines(path: Path, kind: str, separator: str = "", comment: str = "") -> list[tuple[int, list[str]]]:
    """Return the lines of a CSV file that hold cells, with their numbers from 1.

    Arguments:
        path: The file.
        kind: What it is a table of, for errors.
        separator: What stands between cells, a space for any number of them; by default the first of comma, semicolon
            and tab in the first line.
        comment: How lines begin that are passed over.

    Raises:
        ArenaError: With file and line, and what was expected.
    """
    text = read_text(path, f"a readable CSV file of {kind}")
    if comment:  # emptied, so that the others keep their numbers
        text = "\n".join("" if line.startswith(comment) else line for line in text.split("\n"))
    if separator == " ":
        text = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    header = next((line for line in text.splitlines() if line.strip()), "")
    separator = separator or next((sign for sign in _SEPARATORS if sign in header), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    lines, line = [], 1
    try:
        for cells in reader:
            if cells:
                lines.append((line, cells))  # the line it begins in: cells in quotes may hold several
            line = reader.line_num + 1
    except csv.Error as error:
        raise ArenaError(f"{path}:{line}: expected a readable CSV file of {kind}: {error}") from None
    while lines and not any(cell.strip() for cell in lines[-1][1]):
        lines.pop()
    while lines and not any(cell.strip() for cell in lines[0][1]):
        lines.pop(0)
    return lines
