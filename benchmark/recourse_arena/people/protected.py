"""Protected groups by name: levels against all others, and cells of several attributes."""

from __future__ import annotations

__all__ = ["OTHERS", "attributes_named", "cell_names"]

from collections.abc import Sequence

OTHERS = "other"
"""What all are called who are of no level that stands by itself."""


def attributes_named(by: str, known: Sequence[str]) -> tuple[str, ...] | None:
    """Return the attributes that a text names, joined by `-`; none if it does not.

    Names may have a `-` in them: the longest that fits is taken.

    Example:
        >>> attributes_named("marital-status-sex", ("sex", "marital-status")), attributes_named("mood", ("sex",))
        (('marital-status', 'sex'), None)
    """
    if not by:
        return ()
    for name in sorted(known, key=len, reverse=True):
        if by == name or by.startswith(f"{name}-"):
            rest = attributes_named(by[len(name) + 1 :], [other for other in known if other != name])
            if rest is not None:
                return (name, *rest)
    return None


def cell_names(attributes: Sequence[tuple[Sequence[str], Sequence[str]]]) -> list[str]:
    """Return the cell of each person: their level of each attribute, or that they are of another one, joined by commas.

    Arguments:
        attributes: For each attribute the level of each person, and the levels that stand by themselves; all do where
            none is named.

    Example:
        >>> cell_names([(["White", "Black", "Asian"], ["White"]), (["f", "m", "m"], [])])
        ['White, f', 'other, m', 'other, m']
    """
    columns = [[word if not alone or word in alone else OTHERS for word in words] for words, alone in attributes]
    return [", ".join(cell) for cell in zip(*columns, strict=True)]
