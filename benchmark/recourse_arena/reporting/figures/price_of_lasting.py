"""The price of lasting: what a margin costs, whom it loses, and how much less advice is lost when models change."""

from __future__ import annotations

__all__ = ["keeps_lasting", "price_of_lasting"]

from collections.abc import Iterable
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from recourse_arena.reporting.figures.drawing.figure_data import FigureData, NoData
from recourse_arena.reporting.figures.drawing.style import Pen, canvas, pens, shown
from recourse_arena.reporting.lasting.curves import Curve, curves_of
from recourse_arena.reporting.lasting.table import Lasting
from recourse_arena.reporting.results.palette import GREY
from recourse_arena.storage.lasting_table import LASTING, kept_redecided
from recourse_arena.storage.run_files import RunFiles

_MOST = 12
"""Panels that one picture can still show."""
_COST, _FOUND = "cost (left)", "advice found (right)"
_DOTTED: dict[str, Any] = {"color": "#707070", "linestyle": (0, (1, 1.2)), "marker": "|"}


def keeps_lasting(run: RunFiles) -> bool:
    """Return whether a run keeps what changed models decide."""
    return run.path is not None and (run.path / LASTING).exists()


def price_of_lasting(run: FigureData) -> Figure:
    """Return a panel per dataset (scenario and solver, where there are several): cost and shares over margins.

    On the left the mean cost over that without a margin, with its interval. On the right shares: advice found, and the
    validity drop under each change, thresholds as they are; of changes with several models the mean.

    Raises:
        NoData: If no solver was asked for two margins, or too many were.
    """
    found = kept_redecided(run.result)
    curves = curves_of(Lasting(found, run.result)) if found is not None and len(found.rows) else []
    if not curves:
        raise NoData("no solver of the run was asked for two margins")
    if len(curves) > _MOST:
        raise NoData(f"{len(curves)} solvers under scenarios are too many for a picture (at most {_MOST})")
    changes = dict.fromkeys(change for curve in curves for change in curve.drops["change"])
    looks = {name: pen for (_, name), pen in pens(("", name) for name in (_COST, *changes)).items()}
    columns = min(2, len(curves))
    rows = ceil(len(curves) / columns)
    figure = canvas(3.7 * columns + 1.6, 2.7 * rows + 0.5)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, curve in zip(panels, curves, strict=False):
        _panel(axes, curve, looks)
    for axes in panels[len(curves) :]:
        axes.set_axis_off()
    _legend(figure, looks)
    figure.supylabel("cost, relative to no margin", fontsize=8)
    said = "a model that accepts more people lets more advice last: a low VD can be bought; bars are 95 % intervals"
    figure.supxlabel(said if columns > 1 else said.replace(": ", ":\n"), fontsize=8)
    return figure


def _panel(axes: Axes, curve: Curve, looks: dict[str, Pen]) -> None:
    axes.set_title(_shown([curve.dataset, curve.scenario, curve.solver]), loc="left", fontweight="bold", fontsize=7)
    axes.set_xlabel(f"margin, {curve.unit}")
    price = curve.price
    bars = np.abs(price[["low", "high"]].to_numpy() - price[["ratio"]].to_numpy()).T
    axes.errorbar(price["margin"], price["ratio"], yerr=bars, elinewidth=1.2, linewidth=2, **_line(looks[_COST]))
    axes.grid(color="#E8E8E8", linewidth=0.5)
    right = axes.twinx()
    right.plot(price["margin"], price["found"], **_DOTTED)
    step = 0.006 * float(price["margin"].max())
    for place, (change, rows) in enumerate(curve.drops.groupby("change", sort=False)):
        pen, shift = looks[str(change)], step * (place - (curve.drops["change"].nunique() - 1) / 2)
        ends = np.abs(rows[["low", "high"]].to_numpy() - rows[["vd"]].to_numpy()).T
        how = _line(pen) | {"elinewidth": 0.5, "linewidth": 0.9, "alpha": 0.85}
        right.errorbar(rows["margin"] + shift, rows["vd"], yerr=ends, **how)
    right.set_ylim(-0.03, 1.03)
    right.yaxis.set_major_formatter(PercentFormatter(1.0))
    right.spines["right"].set(visible=True, color=GREY)


def _shown(names: Iterable[str]) -> str:
    return ", ".join(shown([name])[name] for name in names)


def _legend(figure: Figure, looks: dict[str, Pen]) -> None:
    drops = [name for name in looks if name != _COST]
    labels = shown(f"VD, {name}" for name in drops)
    marks = {_COST: _line(looks[_COST]), _FOUND: _DOTTED}
    marks |= {labels[f"VD, {name}"]: _line(looks[name]) for name in drops}
    handles = [Line2D([], [], label=label, **how) for label, how in marks.items()]
    figure.legend(handles=handles, loc="outside right upper")


def _line(pen: Pen) -> dict[str, Any]:
    return {"color": pen.colour, "marker": pen.marker, "linestyle": pen.line, "fillstyle": pen.fill}
