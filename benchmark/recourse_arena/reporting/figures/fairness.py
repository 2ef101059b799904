"""What individual constraints do to groups of people (arXiv 2604.08030, Figure 4)."""

from __future__ import annotations

__all__ = ["fairness"]

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import StrMethodFormatter

from recourse_arena.reporting.figures.drawing.figure_data import FigureData, NoData
from recourse_arena.reporting.figures.drawing.style import canvas
from recourse_arena.reporting.paper.fairness import SCENARIOS, Case
from recourse_arena.reporting.results.palette import BLUE, GREY, SKY, VERMILLION

_PANELS = {
    "gender": ("women", "men"),
    "race": ("non-white", "white"),
    "gender and race": ("non-white women", "white women", "non-white men", "white men"),
}
_MEASURES = {"cost": "cost", "log-density": "log-density of the counterfactual"}
_COLOURS = {2: (VERMILLION, BLUE), 4: (VERMILLION, "#E8A27C", BLUE, SKY)}
_WIDTH = 0.8
"""What the boxes of one assignment take up."""


def fairness(run: FigureData) -> Figure:
    """Return boxes of iCARMA's costs and log-densities by group, for the baseline and each assignment of profiles.

    Boxes are quartiles of the people with valid advice, whiskers the 5th and 95th percentiles, points means.

    Raises:
        NoData: If the run does not hold iCARMA in the fairness case with its groups.
    """
    case = Case.of([run.result], "icarma")
    if case is None or len(case.people) < 2:
        raise NoData("the run does not hold the scenarios of the suite fairness for iCARMA")
    figure = canvas(7.4, 4.6)
    panels = figure.subplots(len(_MEASURES), len(_PANELS), sharex="col", sharey="row", width_ratios=[1, 1, 1.6])
    for row, (measure, words) in zip(panels, _MEASURES.items(), strict=True):
        row[0].set_ylabel(words)
        for axes, groups in zip(row, _PANELS.values(), strict=True):
            _boxes(axes, case, measure, groups)
    panels[0, 0].set_yscale("log")
    panels[0, 0].yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    for axes, (title, groups) in zip(panels[0], _PANELS.items(), strict=True):
        handles = [
            Patch(color=colour, label=group) for colour, group in zip(_COLOURS[len(groups)], groups, strict=True)
        ]
        axes.set_title(f"by {title}", pad=34)
        axes.legend(
            handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, handlelength=1.2, fontsize=7
        )
    return figure


def _boxes(axes: Axes, case: Case, measure: str, groups: tuple[str, ...]) -> None:
    scenarios = list(case.people)
    for place, (group, colour) in enumerate(zip(groups, _COLOURS[len(groups)], strict=True)):
        values = [case.members(name, group)[measure].dropna().to_numpy() for name in scenarios]
        width = _WIDTH / len(groups)
        drawn = axes.boxplot(
            values,
            positions=[i - _WIDTH / 2 + width * (place + 0.5) for i in range(len(scenarios))],
            widths=0.85 * width,
            whis=(5, 95),
            showfliers=False,
            showmeans=True,
            patch_artist=True,
            manage_ticks=False,
            medianprops={"color": "#000000", "linewidth": 0.9},
            meanprops={"marker": "o", "markersize": 2.5, "markerfacecolor": "#FFFFFF", "markeredgecolor": "#000000"},
            whiskerprops={"linewidth": 0.6},
            capprops={"linewidth": 0.6},
            boxprops={"linewidth": 0.6},
        )
        for box in drawn["boxes"]:
            box.set_facecolor(colour)
    axes.set_xticks(range(len(scenarios)), [SCENARIOS[name].replace(" ", "\n", 1) for name in scenarios])
    axes.grid(axis="y", color=GREY, linewidth=0.3)
    axes.set_axisbelow(True)
