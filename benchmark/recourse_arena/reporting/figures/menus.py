"""Menus: what they cost against how many actions there are, and whom they help at which cost, by group."""

from __future__ import annotations

__all__ = ["help_by_cost", "offers_menus", "price_of_sharing"]

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from recourse_arena.reporting.figures.drawing.figure_data import FigureData, NoData
from recourse_arena.reporting.figures.drawing.style import Pen, canvas, pens, shown
from recourse_arena.reporting.menus.asked import named_menu
from recourse_arena.reporting.menus.cells import INDIVIDUAL, MenuRun
from recourse_arena.reporting.menus.curves import Effectiveness, Sharing, effectiveness_curves, sharing_curves
from recourse_arena.reporting.menus.table import Menus
from recourse_arena.storage.run_files import RunFiles

_MOST = 60
"""Panels that one picture can still show."""
_ALONE: dict[str, Any] = {"color": "#707070", "linestyle": (0, (5, 2)), "linewidth": 0.9}


def offers_menus(run: RunFiles) -> bool:
    """Return whether a run offers menus."""
    return any(named_menu(str(cell["scenario"])) is not None for cell in run.info["cells"])


def price_of_sharing(run: FigureData) -> Figure:
    """Return a panel per dataset and scenario: the mean weighted cost of the helped over the number of shared actions.

    Bars are 95 % intervals over people; the dashed line is everybody's own cheapest action.

    Raises:
        NoData: If no solver's menus come in two sizes, or there are too many panels.
    """
    curves = sharing_curves(Menus.of(run.result).fairness)
    panels: dict[tuple[str, str], list[Sharing]] = {}
    for curve in curves:
        panels.setdefault((curve.dataset, curve.scenario), []).append(curve)
    if not panels:
        raise NoData("no solver of the run was asked for menus of two sizes")
    figure, every = _panels(len(panels))
    looks = {name: pen for (_, name), pen in pens(("", curve.solver) for curve in curves).items()}
    for axes, ((dataset, scenario), some) in zip(every, panels.items(), strict=False):
        _titled(axes, dataset, scenario)
        for curve in some:
            _sharing(axes, curve, looks[curve.solver])
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    labels = shown(looks)
    handles = [Line2D([], [], label=labels[name], **_line(pen)) for name, pen in looks.items()]
    figure.legend(handles=[*handles, Line2D([], [], label="everybody's own", **_ALONE)], loc="outside right upper")
    figure.supxlabel("shared actions; bars are 95 % intervals over people", fontsize=8)
    figure.supylabel("mean weighted cost of the helped", fontsize=8)
    return figure


def help_by_cost(run: FigureData, dataset: str) -> Figure:
    """Return a panel per scenario and solver: which share of each group an action of at most a cost helps.

    The widest gap between two lines of a panel is the cost gap, their distance at the right end PD. What everybody's
    own cheapest action does is drawn first: its gap is the model's, and no menu's.

    Raises:
        NoData: If nobody is helped, or there are too many menus.
    """
    curves = [curve for curve in effectiveness_curves(MenuRun.of(run.result)) if curve.dataset == dataset]
    if not curves:
        raise NoData("no menu of the run helps anybody here")
    if len(curves) > _MOST:
        raise NoData(f"{len(curves)} menus are too many for a picture (at most {_MOST})")
    curves.sort(key=lambda curve: curve.solver != INDIVIDUAL)
    figure, every = _panels(len(curves), alike=True)
    groups = list(dict.fromkeys(name for curve in curves for name in curve.groups))
    looks = {name: pen for (_, name), pen in pens(("", name) for name in groups).items()}
    for axes, curve in zip(every, curves, strict=False):
        _titled(axes, curve.solver, curve.scenario)
        _helped(axes, curve, looks)
    labels = shown(looks)
    figure.legend(
        handles=[
            Line2D([], [], color=pen.colour, linestyle=pen.line, label=labels[name]) for name, pen in looks.items()
        ],
        loc="outside right upper",
    )
    figure.supxlabel("weighted cost of at most", fontsize=8)
    figure.supylabel("share of the group helped", fontsize=8)
    return figure


def _panels(count: int, *, alike: bool = False) -> tuple[Figure, Sequence[Axes]]:
    """Return a figure and its panels; `alike` if they have the same axes."""
    if count > _MOST:
        raise NoData(f"{count} scenarios are too many for a picture (at most {_MOST})")
    columns = min(3, count)
    rows = ceil(count / columns)
    figure = canvas(2.7 * columns + 1.6, 2.2 * rows + 0.5)
    every = figure.subplots(rows, columns, squeeze=False, sharex=alike, sharey=alike).ravel()
    for axes in every[count:]:
        axes.set_axis_off()
    return figure, list(every)


def _titled(axes: Axes, *names: str) -> None:
    axes.set_title("\n".join(shown([name])[name] for name in names), loc="left", fontweight="bold", fontsize=7)
    axes.grid(color="#E8E8E8", linewidth=0.5)


def _sharing(axes: Axes, curve: Sharing, pen: Pen) -> None:
    points = curve.points
    bars = np.abs(points[["low", "high"]].to_numpy() - points[["cost"]].to_numpy()).T
    axes.errorbar(points["actions"], points["cost"], yerr=bars, elinewidth=0.9, **_line(pen))
    if np.isfinite(curve.alone):
        axes.axhline(curve.alone, **_ALONE)


def _helped(axes: Axes, curve: Effectiveness, looks: dict[str, Pen]) -> None:
    for name, share in curve.groups.items():
        axes.step(curve.cost, share, where="post", color=looks[name].colour, linestyle=looks[name].line)
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def _line(pen: Pen) -> dict[str, Any]:
    return {"color": pen.colour, "marker": pen.marker, "linestyle": pen.line, "fillstyle": pen.fill}
