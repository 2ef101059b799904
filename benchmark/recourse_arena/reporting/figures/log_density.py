"""Log-density of the counterfactual against the factual (arXiv 2604.08030, Figures 3 and 8)."""

from __future__ import annotations

__all__ = ["log_density"]

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from recourse_arena.reporting.figures.drawing.figure_data import FigureData, NoData
from recourse_arena.reporting.figures.drawing.style import canvas, shown
from recourse_arena.reporting.results.families import family_title, hard_families
from recourse_arena.reporting.results.palette import BLUE, VERMILLION

_TAIL = 0.01
"""Share of the people beyond either end of the axes."""
_DENSITIES = ["logp_factual", "logp_counterfactual"]


def log_density(run: FigureData, dataset: str) -> Figure:
    """Return a panel per number of actionable features and a row of panels per solver.

    Where the run asks in the plainest way (everybody's preferences equally likely, plausibility asked for), other
    ways are left out.

    Each panel says how many people with a recommendation lie on or above the diagonal (their counterfactual is at
    least as likely as they are now) and how many lie outside the axes, whose ends are the 1st and 99th percentiles.

    Raises:
        NoData: If the dataset has no hard-K scenario, or nobody a recommendation there.
    """
    families = {
        family: {count: name for count, name in names.items() if count != "random"}
        for family, names in hard_families(run.summary(dataset)["scenario"]).items()
    }
    families = {family: names for family, names in families.items() if names}
    plain = {f: names for f, names in families.items() if f.distribution == "uniform" and f.plausibility}
    families = plain or families
    counts = sorted({count for names in families.values() for count in names}, key=int, reverse=True)
    if not counts:
        raise NoData("the run has no hard-K scenario")
    used = {name for names in families.values() for name in names.values()}
    people = _recommended(run.people(dataset, *_DENSITIES, "valid"), used)
    low, high = _limits(people)
    rows = [
        (family, solver)
        for family, names in families.items()
        for solver in run.summary(dataset)["solver"].unique()
        if ((people["solver"] == solver) & people["scenario"].isin(list(names.values()))).any()
    ]
    figure = canvas(1.55 * len(counts) + 0.9, 1.85 * len(rows) + 1.0)
    panels = figure.subplots(len(rows), len(counts), squeeze=False, sharex=True, sharey=True)
    solvers = shown(solver for _, solver in rows)
    for row, (family, solver) in zip(panels, rows, strict=True):
        for axes, count in zip(row, counts, strict=True):
            name = families[family].get(count)
            _panel(axes, people[(people["scenario"] == name) & (people["solver"] == solver)], low, high)
        row[0].set_ylabel("\n".join([solvers[solver], *([family_title(family)] if len(families) > 1 else [])]))
    for axes, count in zip(panels[0], counts, strict=True):
        axes.set_title(f"{count} actionable\n{axes.get_title()}", fontsize=7)
    _explain(figure, shown([dataset])[dataset])
    return figure


def _recommended(people: pd.DataFrame, scenarios: set[str]) -> pd.DataFrame:
    """Return the people of some scenarios whose two densities are known."""
    people = people[people["scenario"].isin(list(scenarios))]
    people = people[["scenario", "solver", "valid", *_DENSITIES]].dropna()
    people = people.astype({"valid": bool, **dict.fromkeys(_DENSITIES, float)})
    if people.empty:
        raise NoData("nobody has a recommendation under a hard-K scenario")
    return people


def _limits(people: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of both axes, so that few outliers do not squash the rest."""
    values = [people[name][np.isfinite(people[name])] for name in _DENSITIES]
    ends = [float(np.quantile(v, q)) for v in values if len(v) for q in (_TAIL, 1 - _TAIL)]
    if not ends:
        raise NoData("no log-density of the run is finite")
    margin = 0.05 * (max(ends) - min(ends)) or 1.0
    return min(ends) - margin, max(ends) + margin


def _panel(axes: Axes, people: pd.DataFrame, low: float, high: float) -> None:
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_box_aspect(1)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4, integer=True))
    axes.plot([low, high], [low, high], color="#000000", linewidth=0.7, zorder=3)
    if people.empty:
        axes.set_title("no recommendation", fontsize=7)
        return
    factual, counterfactual = (people[name] for name in _DENSITIES)
    for is_valid, colour, marker, size in ((True, BLUE, "o", 5), (False, VERMILLION, "x", 9)):
        these = people["valid"] == is_valid
        axes.scatter(
            factual[these],
            counterfactual[these],
            s=size,
            c=colour,
            marker=marker,
            linewidths=0 if is_valid else 0.7,
            alpha=_alpha(len(people)) if is_valid else 0.9,
            rasterized=True,  # thousands of points would make the SVG heavy
        )
    inside = factual.between(low, high) & counterfactual.between(low, high)
    outside = int((~inside).sum())
    words = f"{(counterfactual >= factual).mean():.0%} above, n = {len(people)}"
    axes.set_title(f"{words}\n{outside} outside" if outside else words, fontsize=7)


def _alpha(points: int) -> float:
    return float(np.clip(150 / points, 0.15, 0.7))


def _explain(figure: Figure, dataset: str) -> None:
    marks = [
        Line2D([], [], color=BLUE, ls="none", marker="o", label="valid"),
        Line2D([], [], color=VERMILLION, ls="none", marker="x", label="not valid"),
        Line2D([], [], color="#000000", lw=0.7, label="equally likely"),
    ]
    figure.legend(handles=marks, loc="outside upper center", ncols=3)
    figure.supxlabel(f"log-density of the factual ({dataset})", fontsize=8)
    figure.supylabel("log-density of the counterfactual", fontsize=8)
