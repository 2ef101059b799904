"""What users say, on command lines, in files and from Python: whole numbers, names, places, yes or no."""

from __future__ import annotations

__all__ = [
    "LARGEST",
    "as_path",
    "as_seconds",
    "as_several",
    "as_whole_number",
    "as_yes_or_no",
    "parsed_number",
    "parsed_whole_number",
]

import math
import operator
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from recourse_arena.base.errors import ArenaError

LARGEST = 2**63 - 1
"""Largest whole number that every file format here can hold: 64 bit with a sign."""


def parsed_whole_number(text: str) -> int | None:
    """Return the whole number from 0 to :data:`LARGEST` that a text says; none if it says something else.

    Spreadsheets write whole numbers with a fraction of zeros; that is understood.

    Example:
        >>> parsed_whole_number("12"), parsed_whole_number("1.0"), parsed_whole_number("1.5")
        (12, 1, None)
        >>> parsed_whole_number("9" * 24) is None
        True
    """
    found = re.fullmatch(r"0*(\d{1,19})(\.0*)?", text.strip(), re.ASCII)
    number = int(found[1]) if found else LARGEST + 1
    return number if number <= LARGEST else None


def parsed_number(text: str, decimal: str = ".") -> float:
    """Return the number that a text says; nan if it says none.

    Arguments:
        text: The text.
        decimal: What stands before decimals, a point or a comma; the other one is no part of a number then.

    Example:
        >>> parsed_number("1.5"), parsed_number("1,5", decimal=","), parsed_number("1_000"), parsed_number("1,000")
        (1.5, 1.5, nan, nan)
    """
    if decimal != ".":
        text = text.translate(str.maketrans(f"{decimal}.", ".?"))
    try:
        return float("nan" if "_" in text else text)  # Python's own way of writing thousands
    except ValueError:
        return math.nan


def as_whole_number(what: str, value: object, least: int = 0) -> int:
    """Return a value that is a whole number, of Python or of NumPy; true and false are none.

    Raises:
        ArenaError: If it is none, below `least` or above :data:`LARGEST`.
    """
    kind = str(getattr(value, "dtype", type(value).__name__))
    try:
        number = operator.index(value) if "bool" not in kind else -1  # type: ignore[arg-type]
    except TypeError:
        number = -1
    if not least <= number <= LARGEST:
        most = f" to {LARGEST}" if number > LARGEST else ""
        raise ArenaError(f"{what}: expected a whole number from {least}{most}, got {_shown(value)}")
    return number


def as_several(what: str, value: Any, one: type | tuple[type, ...] = str) -> tuple[Any, ...]:
    """Return what was given of something: several, a single one that is of type `one`, or nothing (`None`).

    Raises:
        ArenaError: If it is neither.

    Example:
        >>> as_several("solvers", "grid"), as_several("solvers", ["grid", "carma"]), as_several("solvers", None)
        (('grid',), ('grid', 'carma'), ())
    """
    if value is None:
        return ()
    if isinstance(value, one):
        return (value,)
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ArenaError(f"{what}: expected a list, got {_shown(value)}")
    try:
        return tuple(value)
    except TypeError:  # an array of no dimension
        raise ArenaError(f"{what}: expected a list, got {_shown(value)}") from None


def as_seconds(what: str, value: object) -> float | None:
    """Return a value that is a number of seconds above 0, or none.

    Raises:
        ArenaError: If it is neither.
    """
    if value is None or (type(value) in (int, float) and 0 < value < math.inf):  # type: ignore[operator]
        return value  # type: ignore[return-value]
    raise ArenaError(f"{what}: expected seconds above 0, got {_shown(value)}")


def as_path(what: str, value: object) -> Path | None:
    """Return a value that names a file or folder, or none.

    Raises:
        ArenaError: If it is neither, or empty.
    """
    if value is None:
        return None
    if not isinstance(value, (str, os.PathLike)) or not isinstance(os.fspath(value), str):
        raise ArenaError(f"{what}: expected the name of a folder, got {_shown(value)}")
    if not str(value).strip():
        raise ArenaError(f"{what}: expected the name of a folder, got an empty one")
    if "\0" in str(value):
        raise ArenaError(f"{what}: expected the name of a folder, got {_shown(value)}")
    return Path(value)


def as_yes_or_no(what: str, value: object) -> bool:
    """Return a value that is true or false.

    Raises:
        ArenaError: If it is neither.
    """
    if type(value) is not bool:
        raise ArenaError(f"{what}: expected True or False, got {_shown(value)}")
    return value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
