"""Attainability at a glance: a dot per scenario and solver."""

from __future__ import annotations

__all__ = ["overview"]

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from recourse_arena.reporting.figures.drawing.figure_data import FigureData, NoData, caption, shares
from recourse_arena.reporting.figures.drawing.style import Pen, canvas, pens, shown

_MOST = 20
"""Scenarios of a dataset that one picture can still show."""
_SHORT = 16
"""Letters of a dataset's name that leave room for what is said to its right."""
_ROW, _DOT = 0.12, 0.13
"""Inches: between two scenarios, and for each solver of one."""


_ATTAINED = {
    "attainability_truth": "plausible under the true equations",
    "attainability_heldout": "plausible by what no solver was handed",
    "attainability": "plausible by what solvers were handed",
}
"""What may rank solvers, the better known first, and what it means."""


def overview(run: FigureData) -> Figure:
    """Return a panel per dataset, a row per scenario and a dot with its interval per solver.

    A dot is what ranks: attainability under the truth where it is known, else by what no solver was handed, unless the
    suite declares another. A light stroke marks attainability by what solvers were handed.

    Raises:
        NoData: If no cell of the run has an attainability, or a dataset has too many scenarios.
    """
    handed = {dataset: shares(run, dataset, "attainability") for dataset in run.datasets}
    handed = {dataset: table for dataset, table in handed.items() if len(table)}
    metrics = {dataset: _ranked_by(run, dataset, table) for dataset, table in handed.items()}
    tables = {dataset: shares(run, dataset, metric) for dataset, metric in metrics.items()}
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
        if metrics[dataset] != "attainability":
            _strokes(axes, table, handed[dataset])
        title = shown([dataset])[dataset]
        axes.set_title(title if len(title) <= _SHORT else f"{title}\n", loc="left", fontweight="bold")
        axes.set_title(f"valid, and {_ATTAINED[metrics[dataset]]}", loc="right", fontsize=8, color="#606060")
    strokes = "" if {*metrics.values()} == {"attainability"} else "; a stroke: by what solvers were handed"
    panels[-1].set_xlabel(
        f"attainability: share of people whose advice is valid and plausible\n{caption(run)}{strokes}"
    )
    return figure


def _ranked_by(run: FigureData, dataset: str, handed: pd.DataFrame) -> str:
    """Return the attainability that ranks: as the suite declares, else the best known that all cells have."""
    declared = str(run.result.info.get("suite", {}).get("ranked_by", ""))
    if declared in _ATTAINED:
        return declared
    known = [name for name in _ATTAINED if name in run.cells and len(shares(run, dataset, name)) == len(handed)]
    return known[0] if known else "attainability"


def _height(table: pd.DataFrame) -> float:
    scenarios, solvers = (table.index.unique(level) for level in ("scenario", "solver"))
    return len(scenarios) * (_ROW + _DOT * max(2, len(solvers)))


def _strokes(axes: Axes, table: pd.DataFrame, handed: pd.DataFrame) -> None:
    scenarios, solvers = (list(table.index.unique(level)) for level in ("scenario", "solver"))
    for i, solver in enumerate(solvers):
        rows = handed.xs(solver, level="solver")
        axes.plot(
            rows["value"], _places(rows.index, scenarios, i, len(solvers)), "|", color="#909090", markersize=7, zorder=1
        )


def _places(names: Iterable[str], scenarios: list[str], solver: int, solvers: int) -> list[float]:
    """Return where the dots of a solver lie under scenarios of some names."""
    step = 0.8 / max(2, solvers)
    return [scenarios.index(name) + step * (solver - (solvers - 1) / 2) for name in names]


def _dots(axes: Axes, table: pd.DataFrame, looks: dict[str, Pen]) -> None:
    scenarios, solvers = (list(table.index.unique(level)) for level in ("scenario", "solver"))
    for i, solver in enumerate(solvers):
        rows = table.xs(solver, level="solver")
        places = _places(rows.index, scenarios, i, len(solvers))
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
