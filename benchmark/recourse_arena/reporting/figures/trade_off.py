"""Soft constraints: how often advice asks for what a person likes least, against how often it can be followed."""

from __future__ import annotations

__all__ = ["trade_off"]

from collections.abc import Mapping
from math import ceil

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from recourse_arena.problem.scenario import Scenario
from recourse_arena.reporting.figures.drawing.figure_data import FigureData, NoData, caption, shares
from recourse_arena.reporting.figures.drawing.style import PROFILE_PENS, Pen, canvas, pens, shown
from recourse_arena.reporting.results.families import family_title, soft_families


def trade_off(run: FigureData, dataset: str) -> Figure:
    """Return hap against attainability, a panel per way of asking.

    Colour and filling of a marker are the solver, its shape is the profile.

    Raises:
        NoData: If the dataset has no soft-* scenario whose hap is defined.
    """
    cells = run.summary(dataset)
    hap, attainability = (shares(run, dataset, metric) for metric in ("hap", "attainability"))
    points = attainability.add_suffix("_y").join(hap.add_suffix("_x"), how="inner")
    families = {
        family: names
        for family, names in soft_families(cells["scenario"]).items()
        if set(names.values()) & set(points.index.get_level_values("scenario"))
    }
    if not families:
        raise NoData("the run has no soft-* scenario whose hap is defined")
    looks = pens(zip(run.cells["dataset"], run.cells["solver"], strict=True))
    solvers = {solver: looks[dataset, solver] for solver in _shown(points, families)}
    columns = min(2, len(families))
    rows = ceil(len(families) / columns)
    figure = canvas(3.2 * columns + 1.6, 3.0 * rows + 0.5)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, (family, names) in zip(panels, families.items(), strict=False):
        _points(axes, points, names, solvers)
        axes.set_title(family_title(family))
    for axes in panels[len(families) :]:
        axes.set_axis_off()
    profiles = [p for p in PROFILE_PENS if any(p in names for names in families.values())]
    _legends(figure, solvers, profiles)
    figure.supylabel("attainability (higher is better)", fontsize=8)
    asked = f"hap: acts on the least-preferred feature (lower is better); {shown([dataset])[dataset]}"
    figure.supxlabel(f"{asked}\n{caption(run)}", fontsize=8)
    return figure


def _shown(points: pd.DataFrame, families: Mapping[Scenario, Mapping[str, str]]) -> list[str]:
    """Return the solvers that have a point in some family."""
    names = {name for family in families.values() for name in family.values()}
    found = points[points.index.get_level_values("scenario").isin(names)]
    return list(found.index.get_level_values("solver").unique())


def _points(axes: Axes, points: pd.DataFrame, names: dict[str, str], solvers: dict[str, Pen]) -> None:
    rows = dict(zip(points.index, points.to_dict("records"), strict=True))
    for solver, pen in solvers.items():
        found = [
            (profile, rows[names[profile], solver])
            for profile in PROFILE_PENS
            if profile in names and (names[profile], solver) in rows
        ]
        places = [(row["value_x"], row["value_y"]) for _, row in found]
        axes.plot([x for x, _ in places], [y for _, y in places], color=pen.colour, ls=pen.line, lw=0.9, alpha=0.7)
        for profile, row in found:
            axes.errorbar(
                row["value_x"],
                row["value_y"],
                xerr=[[row["below_x"]], [row["above_x"]]],
                yerr=[[row["below_y"]], [row["above_y"]]],
                **pen.marks(marker=PROFILE_PENS[profile].marker, elinewidth=0.6, markersize=6, fillstyle=pen.fill),
            )
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(color="#E8E8E8", linewidth=0.5)


def _legends(figure: Figure, solvers: dict[str, Pen], profiles: list[str]) -> None:
    labels = shown(solvers)
    lines = [
        Line2D([], [], color=pen.colour, ls=pen.line, marker="o", fillstyle=pen.fill, label=labels[solver])
        for solver, pen in solvers.items()
    ]
    marks = [Line2D([], [], color="#666666", ls="none", marker=PROFILE_PENS[p].marker, label=p) for p in profiles]
    gap = Line2D([], [], ls="none", label=" ")
    figure.legend(handles=[*lines, gap, *marks], loc="outside right upper")
