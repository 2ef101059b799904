"""Kaggle's `cs-training.csv`, read as it is published and checked cell by cell."""

from __future__ import annotations

__all__ = ["COLUMNS", "LABEL", "read"]

import csv
import difflib
import io
from pathlib import Path

import pandas
from pandas import DataFrame, Series

from recourse_arena import ArenaError

LABEL = "SeriousDlqin2yrs"

COLUMNS = (
    LABEL,
    "RevolvingUtilizationOfUnsecuredLines",
    "age",
    "NumberOfTime30-59DaysPastDueNotWorse",
    "DebtRatio",
    "MonthlyIncome",
    "NumberOfOpenCreditLinesAndLoans",
    "NumberOfTimes90DaysLate",
    "NumberRealEstateLoansOrLines",
    "NumberOfTime60-89DaysPastDueNotWorse",
    "NumberOfDependents",
)
"""Columns in the published order, after an index without a name."""

_MISSING = ("", "NA")
_CUT = ("", "N")
_FRACTIONAL = {"RevolvingUtilizationOfUnsecuredLines", "DebtRatio", "MonthlyIncome"}
_FEWEST = 1000
_LONGEST = 10_000
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_COPY = "A good copy: Kaggle's cs-training.csv, or `recourse-arena data fetch gmsc --force`."


def read(path: Path, *, called: str = "") -> DataFrame:
    """Return the file's rows, one float column for each of `COLUMNS`; a missing cell is NaN.

    Arguments:
        path: The file.
        called: What errors call it; its path if empty.

    Raises:
        ArenaError: If there is no such file, or it is not UTF-8, is cut off, has other columns or another
            delimiter, or a cell is not what its column holds.
    """
    text = _text(path)
    what = called or str(path)
    _check_header(what, text)
    _check_lines(what, text)
    cells = pandas.read_csv(io.StringIO(text), dtype=str, na_values=list(_MISSING), keep_default_na=False)
    table = DataFrame({name: _numbers(what, cells[name]) for name in COLUMNS})
    complete = table.dropna()
    if len(complete) < _FEWEST or complete[LABEL].nunique() < 2:
        raise ArenaError(
            f"{what}: expected at least {_FEWEST:,} complete rows, with label 0 and with label 1,\n"
            f"got {len(complete):,} complete rows of {len(table):,}, {complete[LABEL].sum():,.0f} with label 1\n{_COPY}"
        )
    return table


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ArenaError(f"expected Kaggle's cs-training.csv at {path}, found no file") from None
    except IsADirectoryError:
        raise ArenaError(f"expected the file cs-training.csv at {path}, found a directory") from None
    except OSError as error:
        raise ArenaError(f"expected to read {path}, got: {error.strerror}") from None
    if raw.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        raise ArenaError(f"{path}: expected a CSV file, got a compressed one: unpack it and use its cs-training.csv")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ArenaError(
            f"{path}, line {line}: expected UTF-8 text, got the byte 0x{raw[error.start]:02x}: save it as UTF-8"
        ) from None


def _check_header(what: str, text: str) -> None:
    if not text.strip():
        raise ArenaError(f"{what}: expected Kaggle's cs-training.csv, got an empty file\n{_COPY}")
    header = text[: text.find("\n")] if "\n" in text else text
    if "," not in header:
        for delimiter, words in _DELIMITERS.items():
            if delimiter in header:
                raise ArenaError(f"{what}: expected columns separated by commas, found {words}: save it with commas")
    found = next(csv.reader([header[:_LONGEST]]))
    missing = [name for name in COLUMNS if name not in found]
    if missing:
        others = [name for name in found if name and name not in COLUMNS]
        raise ArenaError(
            f"{what}: expected the {len(COLUMNS)} columns of Kaggle's cs-training.csv; missing: {', '.join(missing)}\n"
            f"found instead: {_listed(others)}\n{_renaming(others, missing) or _COPY}"
        )
    repeated = [name for name in COLUMNS if found.count(name) > 1]
    if repeated:
        raise ArenaError(f"{what}: expected each column once, found more than one {', '.join(repeated)}\n{_COPY}")


def _listed(names: list[str]) -> str:
    shown = [repr(name if len(name) <= 50 else name[:50] + "...") for name in names[: len(COLUMNS)]]
    return ", ".join(shown + ["..."] * (len(names) > len(shown))) or "nothing"


def _renaming(found: list[str], missing: list[str]) -> str:
    """Return which of the columns `found` are `missing` ones but for a slip, or nothing."""
    published = {name.casefold(): name for name in missing}
    near = {name: difflib.get_close_matches(name.casefold(), list(published), n=1) for name in found[: len(COLUMNS)]}
    return "; ".join(f"rename {name!r} to {published[match[0]]}" for name, match in near.items() if match)


def _check_lines(what: str, text: str) -> None:
    """Refuse a file with too few or too many fields in a line, or one that ends inside a line."""
    body = text.rstrip("\n")
    rows = csv.reader(io.StringIO(body))
    width, last = len(next(rows)), body.count("\n") + 1
    ending = body.rsplit("\n", 1)[-1][-60:]
    try:
        for fields in rows:
            if rows.line_num == last and (len(fields) < width or (body == text and fields[-1] in _CUT)):
                raise ArenaError(
                    f"{what}: expected {width} fields and a line end in the last line, {last:,},\n"
                    f"got {ending!r}: the file is cut off there\n{_COPY}"
                )
            if len(fields) != width:
                raise ArenaError(f"{what}, line {rows.line_num}: expected {width} fields, got {len(fields)}\n{_COPY}")
    except csv.Error as error:
        raise ArenaError(f"{what}, line {rows.line_num}: expected {width} fields, got: {error}\n{_COPY}") from None


def _numbers(what: str, cells: Series) -> Series:
    """Return a column as floats, or raise with the first cell that is not what the column holds."""
    values = pandas.to_numeric(cells, errors="coerce").astype(float)
    good = values.between(0, float("inf"), inclusive="left")
    expected = "a number of at least 0"
    if cells.name == LABEL:
        good, expected = values.isin((0, 1)), "0 or 1"
    elif cells.name not in _FRACTIONAL:
        good, expected = good & (values % 1 == 0), "a whole number of at least 0"
    bad = ~good if cells.name == LABEL else ~good & cells.notna()
    if bad.any():
        row = int(bad.to_numpy().argmax())
        got = "nothing" if pandas.isna(cells.iloc[row]) else repr(cells.iloc[row])
        hint = "; Kaggle's cs-test.csv has no labels" if cells.name == LABEL and cells.isna().all() else ""
        raise ArenaError(
            f"{what}, line {row + 2}, column {cells.name}: expected {expected}, got {got}\n"
            f"({int(bad.sum()):,} of {len(cells):,} rows are affected{hint})\n{_COPY}"
        )
    return values
