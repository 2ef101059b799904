"""What users say, on command lines, in files and from Python: whole numbers, names, places, yes or no; options."""

from __future__ import annotations

__all__ = [
    "LARGEST",
    "Options",
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
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recourse_arena.base.errors import ArenaError, unknown

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


@dataclass(frozen=True)
class Options:
    """Options of a plugin, checked one by one: each check returns the value, or says what was expected and what came.

    Arguments:
        owner: Whose they are, as `solver face`.

    Raises:
        ArenaError: By each check, if the value is another one.

    Example:
        >>> options = Options("solver face")
        >>> options.whole("neighbours", 50, 1, 1000), options.number("radius", 1, above=0)
        (50, 1.0)
        >>> options.whole("neighbours", 0, 1, 1000)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver face: neighbours must be a whole number from 1 to 1000, got 0
        >>> options.number("share", 1, above=0, below=1)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver face: share must be a number above 0 and below 1, got 1
        >>> options.constraints("some")
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: unknown constraints of solver face 'some'. Known: ignore, keep.
    """

    owner: str

    def whole(self, option: str, value: object, least: int = 1, most: int | None = None) -> int:
        """Return an option that is a whole number of at least `least`, and at most `most` if that is given."""
        fine = isinstance(value, int) and not isinstance(value, bool)
        if not fine or not least <= value or not (most is None or value <= most):  # type: ignore[operator]
            limits = f"of at least {least}" if most is None else f"from {least} to {most}"
            raise ArenaError(f"{self.owner}: {option} must be a whole number {limits}, got {value!r}")
        return value  # type: ignore[return-value]

    def number(
        self,
        option: str,
        value: object,
        *,
        least: float | None = None,
        above: float | None = None,
        most: float | None = None,
        below: float | None = None,
    ) -> float:
        """Return an option that is a finite number, within what is given of bounds: one to each side at most."""
        fine = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
        if fine:
            number = float(value)  # type: ignore[arg-type]
            fine = (least is None or number >= least) and (above is None or number > above)
            fine = fine and (most is None or number <= most) and (below is None or number < below)
        if not fine:
            limits = _limits(least, above, most, below)
            raise ArenaError(f"{self.owner}: {option} must be a number{limits}, got {value!r}")
        return number

    def yes_or_no(self, option: str, value: object) -> bool:
        """Return an option that is true or false."""
        if not isinstance(value, bool):
            raise ArenaError(f"{self.owner}: {option} must be true or false, got {value!r}")
        return value

    def one_of(self, option: str, value: object, known: Iterable[str]) -> str:
        """Return an option that is one of some words."""
        if value not in (words := tuple(known)):
            raise unknown(f"{option} of {self.owner}", str(value), words)
        return str(value)

    def constraints(self, value: object, *more: str) -> str:
        """Return the option `constraints`: `keep` what each person asks for, `ignore` it as in what was published.

        What is ignored says :func:`~recourse_arena.problem.request.unconstrained`; `more` words may be known.
        """
        return self.one_of("constraints", value, ("keep", "ignore", *more))


def _limits(least: float | None, above: float | None, most: float | None, below: float | None) -> str:
    """Return bounds of a number in words, with a space before them; nothing where there are none."""
    upper = "" if below is None else f"below {below:.12g}"
    if above is not None:
        upper = upper if most is None else f"at most {most:.12g}"
        return f" above {above:.12g}" + (f" and {upper}" if upper else "")
    upper = upper if most is None else f"{most:.12g}"
    if least is not None:
        return f" from {least:.12g} to {upper}" if upper else f" of at least {least:.12g}"
    return "" if not upper else f" {upper}" if most is None else f" of at most {upper}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
