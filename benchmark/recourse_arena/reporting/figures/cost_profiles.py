"""Cost profiles: weight and prior against the actionability score (arXiv 2604.08030, Figure 2)."""

from __future__ import annotations

__all__ = ["cost_profiles"]

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from recourse_arena.problem.profile import PROFILES
from recourse_arena.problem.scenario import Scenario
from recourse_arena.reporting.figures.drawing.figure_data import FigureData, NoData
from recourse_arena.reporting.figures.drawing.style import PROFILE_PENS, canvas
from recourse_arena.reporting.results.families import soft_families


def cost_profiles(run: FigureData) -> Figure:
    """Return the profiles of the run's soft scenarios, a row of panels per number of levels (K).

    Raises:
        NoData: If the run has no soft scenario with at least two levels, or no people to tell the levels from.
    """
    used: dict[int, set[str]] = {}
    for dataset in run.datasets:
        families = soft_families(run.summary(dataset)["scenario"])
        if families:
            people = run.people(dataset)
        for family, names in families.items():
            for profile, name in names.items():
                levels = _levels(people[people["scenario"] == name], family)
                if levels > 1:
                    used.setdefault(levels, set()).add(profile)
    if not used:
        raise NoData("the run has no soft-* scenario with ordered answers")
    figure = canvas(6.0, 2.4 * len(used) + 0.3)
    panels = figure.subplots(len(used), 2, squeeze=False)
    for row, levels in zip(panels, sorted(used), strict=True):
        _curves(row, levels, [name for name in PROFILE_PENS if name in used[levels]])
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def _curves(row: np.ndarray, levels: int, names: list[str]) -> None:
    fine, whole = np.linspace(1, levels, 121), np.arange(1, levels + 1)
    weights, priors = row
    for name in names:
        profile, pen = PROFILES[name], PROFILE_PENS[name]
        for axes, value in ((weights, profile.weights), (priors, profile.priors)):
            axes.plot(fine, value(fine, levels), color=pen.colour, linestyle=pen.line)
            axes.plot(whole, value(whole, levels), color=pen.colour, linestyle="none", marker=pen.marker)
            # what the legend shows: line and marker together
            axes.plot([], [], color=pen.colour, linestyle=pen.line, marker=pen.marker, label=name)
    weights.set_ylabel("actionability weight \N{GREEK SMALL LETTER ALPHA}")
    priors.set_ylabel("actionability prior \N{GREEK SMALL LETTER PI}")
    for axes in row:
        _finish(axes, levels)


def _finish(axes: Axes, levels: int) -> None:
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MultipleLocator(max(1, levels // 10)))
    axes.set_xlabel(f"actionability score s (1 easiest, {levels} hardest)")
    axes.grid(axis="y", color="#E0E0E0", linewidth=0.5)


def _levels(people: pd.DataFrame, family: Scenario) -> int:
    """Return the number of levels (K) of the answers; `K + 1` stands for non-actionable."""
    scores = people[[name for name in people if str(name).startswith("score_")]].dropna(axis=1, how="all")
    if scores.empty:
        return 0
    top = int(scores.max().max())
    # With neither a feature that nobody can act on nor hard constraints no score is K + 1.
    has_forbidden = bool((scores == top).all().any()) or family.actionable != "all"
    return top - 1 if has_forbidden else top
