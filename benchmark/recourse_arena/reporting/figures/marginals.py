"""Flow against data, feature by feature (arXiv 2604.08030, Figure 7)."""

from __future__ import annotations

__all__ = ["marginals"]

from math import ceil

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from recourse_arena.reporting.figures.drawing.figure_data import FigureData
from recourse_arena.reporting.figures.drawing.style import canvas, shown
from recourse_arena.reporting.results.palette import BLUE, GREY

_COLUMNS = 4


def marginals(run: FigureData, dataset: str) -> Figure:
    """Return a panel per feature with the histograms of held-out data and of draws from the flow, of the first seed.

    Each panel says the total variation distance of the two histograms.

    Raises:
        NoData: If the run has no histograms for the dataset.
    """
    table = run.marginals(dataset)
    seed = table["seed"].iloc[0]
    table = table[table["seed"] == seed]
    features = list(table["feature"].astype(str).unique())
    columns = min(_COLUMNS, len(features))
    rows = ceil(len(features) / columns)
    figure = canvas(1.8 * columns, 1.55 * rows + 0.5)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    names = shown(features)
    for axes, feature in zip(panels, features, strict=False):
        _histograms(axes, names[feature], table[table["feature"].astype(str) == feature])
    for axes in panels[len(features) :]:
        axes.set_axis_off()
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)
    figure.supylabel("share of people per bin", fontsize=8)
    figure.supxlabel(f"{shown([dataset])[dataset]}, seed {seed}; TV: total variation distance", fontsize=8)
    return figure


def _histograms(axes: Axes, name: str, bins: pd.DataFrame) -> None:
    bins = bins.sort_values("low")
    edges = [*bins["low"], bins["high"].iloc[-1]]
    axes.stairs(bins["data"], edges, fill=True, color=GREY, label="data, held out")
    axes.stairs(bins["flow"], edges, color=BLUE, linewidth=1.1, label="drawn from the flow")
    axes.set_title(f"{name}\nTV {_distance(bins):.2f}", fontsize=7.5)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(3, integer=bool((bins["low"] % 1 == 0.5).all())))
    axes.yaxis.set_major_locator(MaxNLocator(3))


def _distance(bins: pd.DataFrame) -> float:
    """Return half the summed differences of the bins, and of what lies beyond them."""
    gap = bins["data"] - bins["flow"]
    return float(gap.abs().sum() + abs(gap.sum())) / 2
