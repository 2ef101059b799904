"""Validity, plausibility and attainability against the number of actionable features."""

from __future__ import annotations

__all__ = ["actionable_features"]

from textwrap import wrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from recourse_arena.reporting.figures.drawing.figure_data import FigureData, NoData, caption, shares
from recourse_arena.reporting.figures.drawing.style import Pen, canvas, pens, shown
from recourse_arena.reporting.results.families import family_title, hard_families

_METRICS = ("validity", "plausibility", "attainability")


def actionable_features(run: FigureData, dataset: str) -> Figure:
    """Return a panel per metric and a row of panels per way of asking (scheme, distribution, plausibility).

    Raises:
        NoData: If the dataset has no two hard-* scenarios of the same kind.
    """
    cells = run.summary(dataset)
    families = {f: names for f, names in hard_families(cells["scenario"]).items() if len(names) > 1}
    if not families:
        raise NoData("the run has no two hard-* scenarios that differ in the number of actionable features alone")
    tables = {metric: shares(run, dataset, metric) for metric in _METRICS}
    looks = pens(zip(run.cells["dataset"], run.cells["solver"], strict=True))
    solvers = {solver: looks[dataset, solver] for solver in cells["solver"].unique()}
    figure = canvas(7.0, 2.3 * len(families) + 0.7)
    panels = figure.subplots(len(families), len(_METRICS), squeeze=False, sharey=True)
    for row, (family, names) in zip(panels, families.items(), strict=True):
        for axes, metric in zip(row, _METRICS, strict=True):
            _lines(axes, tables[metric], names, solvers)
            axes.set_title(metric)
        row[0].set_ylabel("\n".join(wrap(family_title(family), 28, break_on_hyphens=False)))
    labels = shown(solvers)
    handles = [panels[0, 0].plot([], [], color=p.colour, marker=p.marker, ls=p.line)[0] for p in solvers.values()]
    figure.legend(handles, [labels[name] for name in solvers], loc="outside upper center", ncols=min(4, len(solvers)))
    figure.supylabel("share of everybody asking", fontsize=8)
    figure.supxlabel(f"actionable features per person ({shown([dataset])[dataset]})\n{caption(run)}", fontsize=8)
    return figure


def _lines(axes: Axes, table: pd.DataFrame, names: dict[str, str], solvers: dict[str, Pen]) -> None:
    counts = sorted((count for count in names if count != "random"), key=int)
    places = {count: i for i, count in enumerate(counts)}
    if "random" in names:
        places["random"] = len(counts)
    step = min(0.12, 0.6 / len(solvers))
    found = {pair: tuple(row) for pair, row in zip(table.index, table.to_numpy(), strict=True)}
    for i, (solver, pen) in enumerate(solvers.items()):
        shift = step * (i - (len(solvers) - 1) / 2)
        points = [
            (places[count] + shift, *found[names[count], solver]) for count in places if (names[count], solver) in found
        ]
        # A random number is no point of the line through the numbers.
        line = [point for point in points if point[0] < len(counts) - 0.5]
        axes.plot([p[0] for p in line], [p[1] for p in line], color=pen.colour, linestyle=pen.line)
        for place, value, below, above in points:
            axes.errorbar(place, value, yerr=[[below], [above]], **pen.marks())
    axes.set_xticks(list(places.values()), list(places))
    axes.set_xlim(-0.5, len(places) - 0.5)
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(axis="y", color="#E0E0E0", linewidth=0.5)
