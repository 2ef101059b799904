"""Whole numbers as they are written in files and on command lines."""

from __future__ import annotations

__all__ = ["LARGEST", "parsed_whole_number"]

import re

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
