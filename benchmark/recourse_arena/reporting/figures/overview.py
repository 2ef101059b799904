"""Attainability at a glance: a dot per scenario and solver."""

from __future__ import annotations

__all__ = ["overview"]

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from recourse_arena.reporting.figures.figure_data import FigureData, NoData
from recourse_arena.reporting.figures.shares import caption, shares
from recourse_arena.reporting.figures.style import Pen, canvas, pens, shown

_MOST = 20
"""Scenarios of a dataset that one picture can still show."""
_ROW, _DOT = 0.12, 0.13
"""Inches: between two scenarios, and for each solver of one."""


def overview(run: FigureData) -> Figure:
    """Return a panel per dataset, a row per scenario and a dot with its interval per solver.

    Raises:
        NoData: If no cell of the run has an attainability, or a dataset has too many scenarios.
    """
    tables = {dataset: shares(run, dataset, "attainability") for dataset in run.datasets}
    tables = {dataset: table for dataset, table in tables.items() if len(table)}
    if not tables:
        raise NoData("no cell of the run was solved")
    scenarios = max(len(table.index.unique("scenario")) for table in tables.values())
    if scenarios > _MOST:
        raise NoData(f"{scenarios} scenarios are too many for a picture at a glance (at most {_MOST})")
    found = pens(zip(run.cells["dataset"], run.cells["solver"], strict=True))
    heights = [_height(table) for table in tables.values()]
    figure = canvas(7.0, sum(heights) + 0.35 * len(heights) + 0.5)
    panels = figure.subplots(len(tables), 1, squeeze=False, height_ratios=heights, sharex=True)[:, 0]
    for axes, (dataset, table) in zip(panels, tables.items(), strict=True):
        _dots(axes, table, {solver: pen for (where, solver), pen in found.items() if where == dataset})
        axes.set_title(shown([dataset])[dataset], loc="left", fontweight="bold")
    panels[-1].set_xlabel(f"attainability: share of people whose advice is valid and plausible\n{caption(run)}")
    return figure


def _height(table: pd.DataFrame) -> float:
    scenarios, solvers = (table.index.unique(level) for level in ("scenario", "solver"))
    return len(scenarios) * (_ROW + _DOT * max(2, len(solvers)))


def _dots(axes: Axes, table: pd.DataFrame, looks: dict[str, Pen]) -> None:
    scenarios, solvers = (list(table.index.unique(level)) for level in ("scenario", "solver"))
    step = 0.8 / max(2, len(solvers))
    for i, solver in enumerate(solvers):
        rows = table.xs(solver, level="solver")
        places = [scenarios.index(name) + step * (i - (len(solvers) - 1) / 2) for name in rows.index]
        bars = rows[["below", "above"]].to_numpy().T
        axes.errorbar(rows["value"], places, xerr=bars, label=shown(solvers)[solver], **looks[solver].marks())
    for place in range(0, len(scenarios), 2):
        axes.axhspan(place - 0.5, place + 0.5, color="#F0F0F0", zorder=0, linewidth=0)
    names = shown(scenarios)
    axes.set_yticks(range(len(scenarios)), [names[name] for name in scenarios], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(scenarios) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(axis="x", color="#D0D0D0", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)
