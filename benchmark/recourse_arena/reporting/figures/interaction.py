"""People who hide what they want: how many end with advice that they accept, against what finding out takes."""

from __future__ import annotations

__all__ = ["interaction"]

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from recourse_arena.reporting.figures.drawing.figure_data import FigureData, NoData, caption, shares
from recourse_arena.reporting.figures.drawing.style import Pen, canvas, pens, shown
from recourse_arena.reporting.results.families import asked_by

_MOST = 8
"""Pairs of hidden scenario and solver that one picture can still show."""
_TAKES = {"questions": "questions a person", "rounds": "rounds until they accept"}


def interaction(run: FigureData, dataset: str) -> Figure:
    """Return the share of people with acceptable advice against questions and rounds, a row per scenario and solver.

    A mark is a policy; upright bars are 95 % Wilson intervals, level ones 1.96 standard errors of the mean over people.

    Raises:
        NoData: If nobody hides what they want in the run, or there are too many scenarios and solvers.
    """
    cells = run.summary(dataset, "accepted", *_TAKES)
    points = shares(run, dataset, "accepted")
    if not len(points):
        raise NoData("nobody in the run hides what they want")
    columns = {name: _mean(run, dataset, name, cells) for name in _TAKES}
    policies = asked_by(points.index.unique("scenario"))
    rows = sorted({(policies[scenario][0], solver) for scenario, solver in points.index if scenario in policies})
    if len(rows) > _MOST:
        raise NoData(f"{len(rows)} scenarios and solvers are too many for a picture (at most {_MOST})")
    looks = _looks(policy for _, policy in policies.values())
    figure = canvas(7.4, 2.3 * len(rows) + 0.6)
    panels = figure.subplots(len(rows), 2, squeeze=False, sharex="col", sharey=True)
    for axes, (hidden, solver) in zip(panels, rows, strict=True):
        names = {scenario: policy for scenario, (of, policy) in policies.items() if of == hidden}
        for panel, (metric, words) in zip(axes, _TAKES.items(), strict=True):
            _points(panel, points, columns[metric], {name: looks[policy] for name, policy in names.items()}, solver)
            panel.set_xlabel(words if hidden == rows[-1][0] and solver == rows[-1][1] else "")
        label = shown([hidden])[hidden], shown([solver])[solver]
        axes[0].set_title(f"{label[0]}, {label[1]}", loc="left", fontweight="bold")
    _legend(figure, looks)
    figure.supylabel("end with advice that they accept and that works", fontsize=8)
    figure.supxlabel(f"{shown([dataset])[dataset]}; {caption(run)}", fontsize=8)
    return figure


def _mean(run: FigureData, dataset: str, metric: str, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of a metric per scenario and solver, and 1.96 standard errors over people: `value, off`."""
    keys = ["scenario", "solver"]
    table = cells.dropna(subset=[metric]).groupby(keys, sort=False)[metric].mean().to_frame("value")
    try:
        people = run.people(dataset, metric, "accepted")
    except NoData:
        return table.assign(off=float("nan"))
    counted = people[people["accepted"].fillna(False).astype(bool)] if metric == "rounds" else people
    values = counted[keys].astype(str).assign(value=counted[metric].astype(float)).dropna()
    return table.assign(off=1.96 * values.groupby(keys, sort=False)["value"].sem())


def _looks(policies: Iterable[str]) -> dict[str, Pen]:
    names = sorted(set(policies))
    found = pens(("policy", name) for name in names)
    return {name: found["policy", name] for name in names}


def _points(axes: Axes, points: pd.DataFrame, takes: pd.DataFrame, looks: dict[str, Pen], solver: str) -> None:
    high, wide = (dict(zip(table.index, table.to_dict("records"), strict=True)) for table in (points, takes))
    for scenario, pen in looks.items():
        cell = scenario, solver
        if cell not in high or cell not in wide:
            continue
        y, x = high[cell], wide[cell]
        axes.errorbar(
            x["value"],
            y["value"],
            xerr=x["off"],
            yerr=[[y["below"]], [y["above"]]],
            **pen.marks(elinewidth=0.7, markersize=6, fillstyle=pen.fill),
        )
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(color="#E8E8E8", linewidth=0.5)


def _legend(figure: Figure, looks: dict[str, Pen]) -> None:
    labels = shown(looks)
    marks = [
        Line2D([], [], color=pen.colour, ls="none", marker=pen.marker, fillstyle=pen.fill, label=labels[name])
        for name, pen in looks.items()
    ]
    figure.legend(handles=marks, loc="outside right upper", title="asked by")
