"""Markdown with aligned numbers; text from files cannot break out of a table."""

from __future__ import annotations

__all__ = ["code", "interval", "number", "section", "table"]

from collections.abc import Container, Sequence

from tabulate import tabulate

from recourse_arena.reporting.results.estimate import Estimate


def code(text: object) -> str:
    """Return text as a code span in which nothing is markup, on one line, safe in a table.

    Example:
        >>> code("a|b `c`\\nd")
        "`a¦b 'c' d`"
    """
    words = " ".join(str(text).split())
    return f"`{words.replace('`', chr(39)).replace('|', '¦')}`"


def number(value: float | None, *, sign: bool = False) -> str:
    """Return a number with three decimals; a dash where there is none.

    Example:
        >>> number(0.5), number(-0.0004, sign=True), number(None)
        ('0.500', '+0.000', '-')
    """
    if value is None:
        return "-"
    value = round(value, 3) + 0.0  # -0.0 would show a sign
    return f"{value:+.3f}" if sign else f"{value:.3f}"


def interval(estimate: Estimate, *, sign: bool = False) -> str:
    """Return the interval of an estimate.

    Example:
        >>> interval(Estimate(0.5, 0.4, 0.6, 100))
        '[0.400, 0.600]'
    """
    return f"[{number(estimate.low, sign=sign)}, {number(estimate.high, sign=sign)}]"


def section(title: str, *paragraphs: str) -> str:
    """Return a section; empty paragraphs are left out."""
    return "\n\n".join([f"## {title}", *(paragraph for paragraph in paragraphs if paragraph)])


def table(rows: Sequence[Sequence[str]], heads: Sequence[str], numbers: Container[int] = ()) -> str:
    """Return a table; columns of numbers are aligned right."""
    align = ["right" if place in numbers else "left" for place in range(len(heads))]
    return tabulate(rows, heads, "pipe", disable_numparse=True, colalign=align)
