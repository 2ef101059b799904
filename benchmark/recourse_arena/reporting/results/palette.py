"""Which colour and shape a solver has, in every figure and on every page. Needs no plotting library."""

from __future__ import annotations

__all__ = ["BLUE", "COLOURS", "DARK_COLOURS", "GREEN", "GREY", "ORANGE", "SKY", "VERMILLION", "places"]

from collections.abc import Iterable

BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
"""Colours of Okabe and Ito (Color universal design, 2008); their yellow is too faint on paper."""
GREY = "#BBBBBB"

COLOURS = (BLUE, ORANGE, "#000000", GREEN, PURPLE, VERMILLION, SKY)
"""In the order in which solvers get them."""
DARK_COLOURS = ("#4A9FDE", "#F0B437", "#F4F4F4", "#2EBE95", "#E3A0C6", "#F5844C", "#9AD8F7")
"""The same hues, light enough for a dark page."""


def places(cells: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return the place of each solver in the palette on each dataset, from (dataset, solver) pairs in order.

    A solver has the same place on every dataset, also where its options differ; two variants of it on one dataset have
    different ones.

    Example:
        >>> places([("loan", "grid"), ("loan", "icarma"), ("gmsc", "icarma?batch=256")])
        {('loan', 'grid'): 0, ('loan', 'icarma'): 1, ('gmsc', 'icarma?batch=256'): 1}
    """
    variants: dict[tuple[str, str], int] = {}
    taken: dict[tuple[str, int], int] = {}
    found = {}
    for dataset, solver in dict.fromkeys(cells):
        base = solver.partition("?")[0]
        count = variants[dataset, base] = variants.get((dataset, base), -1) + 1
        found[dataset, solver] = taken.setdefault((base, count), len(taken))
    return found
