"""The cells of a table by column, and how they become numbers; what is wrong is said with file, line and column."""

from __future__ import annotations

__all__ = ["Cells", "among", "as_numbers"]

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from recourse_arena.base.arguments import parsed_number
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.table_file import read_lines
from recourse_arena.people.features import Feature
from recourse_arena.tables.declaration import Column
from recourse_arena.tables.table_file import FileOfTable

if TYPE_CHECKING:
    import numpy as np

_SHOWN = 12
_LARGEST = 3.4028234e38
"""Of a number: values are kept in single precision."""


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
        import numpy as np

        names: tuple[str, ...] = ()
        rows: list[list[str]] = []
        places: list[str] = []
        for file in files:
            lines = read_lines(file, "people", table.separator, table.comment)
            if table.header and not lines:
                raise ArenaError(f"{file}: expected a table with a header, got an empty file")
            line, first = lines.pop(0) if table.header else (0, [])
            header = tuple(cell.strip() for cell in first) if table.header else tuple(table.columns)
            _check_header(f"{file}:{line}" if line else str(file), header, names)
            names = header
            for line, cells in lines:
                if len(cells) != len(names):
                    raise ArenaError(f"{file}:{line}: expected {len(names)} cells, got {len(cells)}")
                rows.append(cells)
                places.append(f"{file}:{line}")
        if not rows:
            below = " below the header" if table.header else ""
            raise ArenaError(f"{', '.join(map(str, files))}: expected people, got no rows{below}")
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
            known = {known.lower(): known for known in self.columns}
            near = get_close_matches(name.lower(), list(known), n=1)
            hint = f"did you mean {known[near[0]]!r}? " if near else ""
            shown = ", ".join(map(repr, list(self.columns)[:_SHOWN])) + (", ..." if len(self.columns) > _SHOWN else "")
            one = "; say `separator` in [table] if that is several" if len(self.columns) == 1 else ""
            raise ArenaError(f"{self.what}: expected a column {name!r}; {hint}it has {shown}{one}")
        return self.columns[name]

    def numbers(self, column: Column, feature: Feature, decimal: str = ".") -> np.ndarray:
        """Return a feature's values in single precision, codes of its levels where it has them, `(rows,)`.

        Raises:
            ArenaError: With file, line and column of the first cell that is not what it should be.
        """
        import numpy as np

        cells = self.column(column.source)
        if column.replace:
            cells = np.array([column.replace.get(cell, cell) for cell in cells], dtype=object)
        values = self._codes(cells, column) if column.levels else self._values(cells, column, feature, decimal)
        outside = (values < feature.lower) | (values > feature.upper)
        if outside.any():
            low, high = np.isfinite(feature.lower), np.isfinite(feature.upper)
            least, most = f"{feature.lower:.10g}", f"{feature.upper:.10g}"
            bounds = f"from {least} to {most}" if low and high else f"of at least {least}" if low else f"up to {most}"
            raise self._wrong(outside, column.source, f"a value {bounds}", cells)
        return values.astype(np.float32)

    def _codes(self, cells: np.ndarray, column: Column) -> np.ndarray:
        import numpy as np

        codes = {level: code for code, level in enumerate(column.levels)}
        values = np.array([codes.get(cell, -1) for cell in cells], dtype=float)
        if (values < 0).any():
            listed = ", ".join(map(repr, column.levels[:_SHOWN])) + (", ..." if len(column.levels) > _SHOWN else "")
            raise self._wrong(values < 0, column.source, f"one of the levels {listed}", cells)
        return values

    def _values(self, cells: np.ndarray, column: Column, feature: Feature, decimal: str) -> np.ndarray:
        import numpy as np

        values = as_numbers(cells, decimal)
        bad = ~np.isfinite(values)
        if bad.any():
            said = "a number" if decimal == "." else f"a number with {decimal!r} before its decimals"
            raise self._wrong(bad, column.source, said, cells)
        if (abs(values) > _LARGEST).any():
            raise self._wrong(abs(values) > _LARGEST, column.source, f"a number up to {_LARGEST:.2g}", cells)
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
        import numpy as np

        lacking, first = np.zeros(len(self), dtype=bool), ""
        for column in columns:
            meant = {*marks} - {*column.levels} - {*column.replace}
            here = among(self.column(column.source), meant)
            if here.any() and (not lacking.any() or here.argmax() < lacking.argmax()):
                first = column.source
            lacking |= here
        return lacking, first

    def repeated(self) -> np.ndarray:
        """Return which rows are the same as an earlier one in every column, bool `(rows,)`."""
        import numpy as np

        seen: set[tuple[str, ...]] = set()
        found = []
        for row in zip(*self.columns.values(), strict=True):
            found.append(row in seen)
            seen.add(row)
        return np.array(found)


def among(cells: np.ndarray, texts: Collection[str]) -> np.ndarray:
    """Return which cells are one of some texts, bool `(rows,)`; one long cell makes no wide array of all of them."""
    import numpy as np

    wanted = {*texts}
    return np.fromiter((cell in wanted for cell in cells), dtype=bool, count=len(cells))


def as_numbers(cells: np.ndarray, decimal: str = ".") -> np.ndarray:
    """Return cells as numbers, `(rows,)`: nan where a cell is none.

    Arguments:
        cells: Texts, objects `(rows,)`.
        decimal: What stands before decimals, a point or a comma; the other one is no part of a number then.
    """
    import numpy as np

    if decimal == ".":
        try:
            if not any("_" in cell for cell in cells):
                return cells.astype(float)
        except ValueError:
            pass
    return np.array([parsed_number(cell, decimal) for cell in cells], dtype=float)


def _check_header(file: str, header: tuple[str, ...], before: tuple[str, ...]) -> None:
    for name in header:
        if header.count(name) > 1:
            hint = "" if name else "; take the columns without a name out"
            raise ArenaError(f"{file}: expected each column once; {name!r} occurs {header.count(name)} times{hint}")
    if before and header != before:
        raise ArenaError(f"{file}: expected the columns {', '.join(before)}; got {', '.join(header)}")
