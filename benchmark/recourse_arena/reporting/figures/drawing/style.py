"""How all figures look: colours that colour-blind people tell apart, markers and lines that survive grey printing."""

from __future__ import annotations

__all__ = ["PROFILE_PENS", "Pen", "canvas", "house_style", "pens", "render", "shown"]

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal, get_args

import matplotlib
import matplotlib.style
from matplotlib.figure import Figure

from recourse_arena.reporting.figures.drawing.figure_data import NoData
from recourse_arena.reporting.results.palette import BLUE, COLOURS, GREEN, ORANGE, places

_MARKERS = ("o", "^", "s", "D", "v", "P", "X", "<", ">")
_LINES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))
Filling = Literal["none", "full", "left", "bottom", "right", "top"]
_LONGEST = 28
_HIGHEST = 150.0
"""Inches: beyond, a picture has more pixels than programs can show."""
_SETTINGS: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same letters everywhere
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 4.5,
    "text.parse_math": False,  # names may hold dollar signs
    "svg.hashsalt": "recourse-arena",
    "svg.fonttype": "path",
}


@dataclass(frozen=True)
class Pen:
    """How one solver or profile is drawn."""

    colour: str
    marker: str
    line: Any
    fill: Filling = "full"

    def marks(self, **more: Any) -> dict[str, Any]:
        """Return arguments for matplotlib's `errorbar` that draw markers with bars and no line between them."""
        return {"color": self.colour, "marker": self.marker, "linestyle": "none", "elinewidth": 0.9, **more}


PROFILE_PENS = {
    "constant": Pen("#000000", "o", _LINES[2]),
    "concave": Pen(ORANGE, "^", _LINES[1]),
    "linear": Pen(BLUE, "s", _LINES[0]),
    "convex": Pen(GREEN, "D", _LINES[3]),
}


def pens(cells: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Pen]:
    """Return how each solver is drawn on each dataset, from (dataset, solver) pairs in the order of the run.

    A solver looks the same on every dataset, also where its options differ; two variants of it on one dataset look
    different.

    Example:
        >>> found = pens([("loan", "grid"), ("loan", "icarma"), ("gmsc", "icarma?batch=256")])
        >>> found["loan", "icarma"] == found["gmsc", "icarma?batch=256"] != found["loan", "grid"]
        True
    """
    kinds: tuple[Any, ...] = (COLOURS, _MARKERS, _LINES, get_args(Filling))
    return {cell: Pen(*(kind[i % len(kind)] for kind in kinds)) for cell, i in places(cells).items()}


def shown(names: Iterable[str]) -> dict[str, str]:
    """Return names as figures show them: printable, at most 28 letters long, no two alike.

    Example:
        >>> list(shown(["icarma?preferences=scenario&batch=256"]).values())
        ['icarma?prefere…rio&batch=256']
    """
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        label = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name) or '""'
        if len(label) > _LONGEST:
            label = f"{label[: _LONGEST // 2]}…{label[1 - _LONGEST // 2 :]}"
        # matplotlib leaves labels with an underscore in front out of legends
        label = f" {label}" if label.startswith("_") else label
        tries = [label, *(f"{label} ({i})" for i in range(2, len(found) + 3))]
        found[name] = next(label for label in tries if label not in found.values())
    return found


def canvas(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches.

    Raises:
        NoData: If it would be too high to be looked at.
    """
    if height > _HIGHEST:
        raise NoData(f"it would be {height / 39.37:.0f} metres high; draw a run of fewer scenarios or solvers")
    return Figure(figsize=(width, height), layout="constrained")


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in this style whatever the user's own settings are, and leave those as they were."""
    with matplotlib.style.context(["default", _SETTINGS]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a name in a script that the font lacks
        yield


def render(figure: Figure) -> dict[str, bytes]:
    """Return a figure as PNG (200 dpi) and SVG, the same bytes each time: neither holds a date."""
    files = {}
    for ending, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        content = BytesIO()
        figure.savefig(content, format=ending, dpi=200, metadata=metadata)
        files[ending] = content.getvalue()
        figure.set_layout_engine("none")  # laid out once, alike in both files
    return files
