"""The cells of a table by column, and how they become numbers; what is wrong is said with file, line and column."""

from __future__ import annotations

__all__ = ["Cells"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.table_file import read_lines
from recourse_arena.people.features import Feature
from recourse_arena.tables.declaration import Column, FileOfTable

_SHOWN = 12


@dataclass(frozen=True)
class Cells:
    """Text by column, and where each row stands.

    Arguments:
        columns: Cells of each column, objects `(rows,)`, without spaces around them.
        places: File and line of each row, for messages: `people.csv:17`.
        what: What the table is, for messages.
    """

    columns: Mapping[str, np.ndarray]
    places: Sequence[str]
    what: str

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, rows: np.ndarray) -> Cells:
        """Return some of the rows: a bool array, or numbers."""
        numbers = rows.nonzero()[0] if rows.dtype == bool else rows
        cells = {name: values[numbers] for name, values in self.columns.items()}
        return Cells(cells, [self.places[i] for i in numbers.tolist()], self.what)

    @classmethod
    def read(cls, files: Sequence[Path], table: FileOfTable) -> Cells:
        """Return the cells of files, one after the other.

        Raises:
            ArenaError: With file and line, and what was expected.
        """
        names: tuple[str, ...] = ()
        rows: list[list[str]] = []
        places: list[str] = []
        for file in files:
            lines = read_lines(file, "people", table.separator, table.comment)
            if table.header and not lines:
                raise ArenaError(f"{file}: expected a table with a header, got an empty file")
            header = tuple(cell.strip() for cell in lines.pop(0)[1]) if table.header else tuple(table.columns)
            _check_header(file, header, names)
            names = header
            for line, cells in lines:
                if len(cells) != len(names):
                    raise ArenaError(f"{file}:{line}: expected {len(names)} cells, got {len(cells)}")
                rows.append(cells)
                places.append(f"{file}:{line}")
        if not rows:
            raise ArenaError(f"{', '.join(map(str, files))}: expected people, got no rows")
        turned = zip(*rows, strict=True)
        columns = {
            name: np.array([cell.strip() for cell in cells], dtype=object)
            for name, cells in zip(names, turned, strict=True)
        }
        return cls(columns, places, ", ".join(map(str, files)))

    def column(self, name: str) -> np.ndarray:
        """Return the cells of a column.

        Raises:
            ArenaError: With near matches, if there is no such column.
        """
        if name not in self.columns:
            near = get_close_matches(name, list(self.columns), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            shown = ", ".join(list(self.columns)[:_SHOWN]) + (", ..." if len(self.columns) > _SHOWN else "")
            raise ArenaError(f"{self.what}: expected a column {name!r}{hint} It has {shown}".replace("? It", "? It"))
        return self.columns[name]

    def numbers(self, column: Column, feature: Feature, decimal: str = ".") -> np.ndarray:
        """Return a feature's values in single precision, codes of its levels where it has them, `(rows,)`.

        Raises:
            ArenaError: With file, line and column of the first cell that is not what it should be.
        """
        cells = self.column(column.source)
        if column.replace:
            cells = np.array([column.replace.get(cell, cell) for cell in cells], dtype=object)
        values = self._codes(cells, column) if column.levels else self._values(cells, column, feature, decimal)
        outside = (values < feature.lower) | (values > feature.upper)
        if outside.any():
            bounds = f"a value from {feature.lower:g} to {feature.upper:g}"
            raise self._wrong(outside, column.source, bounds, cells)
        return values.astype(np.float32)

    def _codes(self, cells: np.ndarray, column: Column) -> np.ndarray:
        codes = {level: code for code, level in enumerate(column.levels)}
        values = np.array([codes.get(cell, -1) for cell in cells], dtype=float)
        if (values < 0).any():
            listed = ", ".join(map(repr, column.levels[:_SHOWN])) + (", ..." if len(column.levels) > _SHOWN else "")
            raise self._wrong(values < 0, column.source, f"one of the levels {listed}", cells)
        return values

    def _values(self, cells: np.ndarray, column: Column, feature: Feature, decimal: str) -> np.ndarray:
        if decimal != ".":
            cells = np.array([cell.replace(decimal, ".") for cell in cells], dtype=object)
        try:
            values = cells.astype(float)
        except ValueError:
            values = np.array([_number(cell) for cell in cells])
        bad = ~np.isfinite(values)
        if bad.any():
            raise self._wrong(bad, column.source, "a number", cells)
        if feature.whole and (values != values.round()).any():
            raise self._wrong(values != values.round(), column.source, "a whole number", cells)
        return values

    def _wrong(self, bad: np.ndarray, column: str, expected: str, cells: np.ndarray) -> ArenaError:
        row = int(bad.argmax())
        got = repr(str(cells[row])[:80]) if cells[row] else "an empty cell"
        more = f" ({int(bad.sum()):,} of {len(self):,} rows are affected)" if bad.sum() > 1 else ""
        return ArenaError(f"{self.places[row]}: column {column!r}: expected {expected}; got {got}{more}")

    def missing(self, columns: Sequence[Column], marks: Sequence[str]) -> tuple[np.ndarray, str]:
        """Return which rows lack a cell of some columns, and the column of the first that does.

        A mark that is declared as a level, or replaced, is no missing cell.
        """
        lacking, first = np.zeros(len(self), dtype=bool), ""
        for column in columns:
            meant = {*marks} - {*column.levels} - {*column.replace}
            here = np.isin(self.column(column.source).astype(str), list(meant))
            if here.any() and (not lacking.any() or here.argmax() < lacking.argmax()):
                first = column.source
            lacking |= here
        return lacking, first

    def repeated(self) -> np.ndarray:
        """Return which rows are the same as an earlier one in every column, bool `(rows,)`."""
        seen: set[tuple[str, ...]] = set()
        found = []
        for row in zip(*self.columns.values(), strict=True):
            found.append(row in seen)
            seen.add(row)
        return np.array(found)


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def _check_header(file: Path, header: tuple[str, ...], before: tuple[str, ...]) -> None:
    for name in header:
        if header.count(name) > 1:
            raise ArenaError(f"{file}: expected each column once; {name!r} occurs {header.count(name)} times")
    if before and header != before:
        raise ArenaError(f"{file}: expected the columns {', '.join(before)}; got {', '.join(header)}")
