"""What should hold of menus, and what arXiv 2601.20449 claims, each weighed on a run.

Bounds are of what was measured before (default split, seed 0, one core) and of the paper's released files.
"""

from __future__ import annotations

__all__ = ["PARTS", "Part"]

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from recourse_arena.base.names import spell, written
from recourse_arena.reporting.lasting.evidence import Line
from recourse_arena.reporting.menus.paper.published import HYBRID_PD, HYBRID_SR, OBJECTIVES, published
from recourse_arena.reporting.menus.paper.said import DATASETS, Row, Said, measured

_MACRO = "ee-macro"
_COMPOSED = {"adult": 60.0, "alzheimer": 5.0}
"""Seconds within which a menu is composed."""
_ROUNDED = 0.0005
"""Published cells have three decimals."""
_STEPS = 40_000
"""Steps of the paper's search."""


@dataclass(frozen=True)
class Part:
    """What should hold of one thing.

    Arguments:
        title: What it is about.
        lines: Weighs it on a run: dataset and line.
    """

    title: str
    lines: Callable[[Said], Iterator[tuple[str, Line]]]


def _interval(row: Row | None, name: str) -> tuple[float, float] | None:
    low, high = (None, None) if row is None else (row.get(f"{name}_low"), row.get(f"{name}_high"))
    return None if low is None or high is None else (float(low), float(high))


def _bound(
    row: Row | None, name: str, objective: str, what: str, *, least: float | None = None, most: float = 1.0,
    near: float = 0.0,
) -> Line:  # fmt: skip
    """Return the line of a measure that should be at least, or at most, so much, `near` enough.

    Beside PD stands who was levelled down for it.
    """
    value = None if row is None else measured(row, name, objective)
    interval = _interval(row, f"macro_{name}" if objective == _MACRO and name in ("sr", "pd") else name)
    if least is None:
        met, asked = value is not None and value <= most + near + 1e-9, f"at most {most:g}"
    else:
        met, asked = value is not None and value >= least - near - 1e-9, f"at least {least:g}"
    line = Line.of(what, asked, value, met, interval=interval)
    return _with_levelled(line, row) if name == "pd" else line


def _with_levelled(line: Line, row: Row | None) -> Line:
    """Return a line of PD with whom fairness left with nothing."""
    if row is None or line.value == "-":
        return line
    taken = row["levelled"]
    return replace(line, value=f"{line.value}, levelled {'-' if taken is None else f'{taken:.3f}'}")


def _beats_published(said: Said) -> Iterator[tuple[str, Line]]:
    for known in published().query("clusters == 1 and solver == 'fair-sac'").to_dict("records"):
        dataset, objective = str(known["dataset"]), str(known["objective"])
        row, words = said.cell(dataset, objective, in_sample=True), OBJECTIVES[objective]
        yield dataset, _bound(row, "sr", objective, f"{words}: SR", least=float(known["sr"]), near=_ROUNDED)
        yield dataset, _bound(row, "pd", objective, f"{words}: PD", most=float(known["pd"]), near=_ROUNDED)
        yield dataset, _bound(row, "cost", objective, f"{words}: Gower", most=float(known["cost"]), near=_ROUNDED)


_HELD_OUT = (
    ("adult", "ee-micro", 4, {"sr": 0.99, "pd": 0.01, "cost": 0.025}),
    ("adult", "hybrid", 4, {"sr": 0.99, "pd": 0.01, "cost": 0.030, "kappa_low": 1.0}),
    ("adult", _MACRO, 1, {"sr": 0.99, "cost": 0.035}),
    ("alzheimer", "ee-micro", 4, {"sr": 0.97, "pd": 0.03, "cost": 0.145}),
    ("alzheimer", "hybrid", 4, {"sr": 0.97, "pd": 0.03, "cost": 0.17, "kappa_low": 0.75}),
)
_NAMES = {"sr": "SR", "pd": "PD", "cost": "Gower", "kappa_low": "least kappa of any group"}


def _held_out(said: Said) -> Iterator[tuple[str, Line]]:
    for dataset, objective, size, bounds in _HELD_OUT:
        row = said.cell(dataset, objective, size=size)
        words = f"{OBJECTIVES[objective]}{', one action' if size == 1 else ''}"
        for name, bound in bounds.items():
            low = {"least": bound} if name in ("sr", "kappa_low") else {"most": bound}
            yield dataset, _bound(row, name, objective, f"{words}: {_NAMES[name]}", **low)
    for dataset in _COMPOSED:
        yield dataset, _beside_the_optimum(said, dataset)


def _beside_the_optimum(said: Said, dataset: str) -> Line:
    """Return the line of the cost of a menu beside the integer program's, on the same candidates."""
    ratios = []
    for row, menu in said.rows:
        name, options = written(row["solver"])
        if menu is None or name != "menu" or options.get("exact") != "true" or written(row["dataset"])[0] != dataset:
            continue
        plain = spell(name, {option: value for option, value in options.items() if option != "exact"})
        beside = next((other for other, _ in said.variants(row) if other["solver"] == plain), None)
        if beside is not None and row["weighted_cost"]:
            ratios.append(beside["weighted_cost"] / row["weighted_cost"])
    words = "cost of `menu` over that of the integer program's, largest"
    return Line.at_most(words, max(ratios, default=None), 1.005)


def _times(said: Said) -> Iterator[tuple[str, Line]]:
    for dataset, most in _COMPOSED.items():
        row = said.cell(dataset, "ee-micro") or said.cell(dataset, "hybrid")
        yield dataset, Line.at_most("seconds to compose", said.seconds(row, "fit_seconds"), most)
        yield dataset, Line.at_most("ms a person in a batch", said.each(row), 0.5)
        yield dataset, Line.at_most("ms for one person alone", said.alone(row), 5.0)


def _reproduced(said: Said) -> Iterator[tuple[str, Line]]:
    for dataset in ("alzheimer", "adult"):
        row = said.cell(dataset, "hybrid", in_sample=True, solver="fair-sac")
        seeds = [] if row is None else row["by_seed"]
        sr, pd = (_median([seed[name] for seed in seeds]) for name in ("sr", "pd"))
        over = f"median of {len(seeds)} seed(s)" if seeds else "median of three seeds"
        yield dataset, Line.of(f"hybrid: SR, {over}", "at least 0.91", sr, sr is not None and sr >= 0.91,
                               interval=_interval(row, "sr"))  # fmt: skip
        gap = Line.at_most(f"hybrid: PD, {over}", pd, 0.11, interval=_interval(row, "pd"))
        yield dataset, _with_levelled(gap, row)
        seconds = said.seconds(row, "fit_seconds")
        yield dataset, Line.at_most("seconds for 40,000 steps", seconds, 150.0)
        speed = None if not seconds else _STEPS / seconds
        yield dataset, Line.of("steps a second", "at least 300", speed, speed is not None and speed >= 300)


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _ranges(said: Said) -> Iterator[tuple[str, Line]]:
    for dataset in DATASETS:
        for in_sample in (True, False):
            row = said.cell(dataset, "hybrid", in_sample=in_sample, solver="fair-sac")
            if row is None and (dataset == "compas" or not in_sample):
                continue
            where = "in-sample" if in_sample else "held out"
            least, most = HYBRID_SR[0], HYBRID_PD[1]
            yield dataset, _bound(row, "sr", "hybrid", f"hybrid, {where}: SR", least=least)
            yield dataset, _bound(row, "pd", "hybrid", f"hybrid, {where}: PD", most=most)


def _balance(said: Said) -> Iterator[tuple[str, Line]]:
    """The hybrid is the best balance: reading, SR less PD plus kappa is not lower than any other objective's."""
    for dataset in DATASETS:
        scores = {}
        for objective in OBJECTIVES:
            row = said.cell(dataset, objective, in_sample=True, solver="fair-sac")
            if row is not None and row["sr"] is not None and row["kappa_low"] is not None and row["pd"] is not None:
                scores[objective] = row["sr"] - row["pd"] + row["kappa_low"]
        others = [score for objective, score in scores.items() if objective != "hybrid"]
        more = scores["hybrid"] - max(others) if others and "hybrid" in scores else None
        if scores:
            words = "hybrid: SR - PD + kappa, less the best of the other objectives'"
            yield dataset, Line.of(words, "at least 0", more, more is not None and more >= 0)


def _clusters(said: Said) -> Iterator[tuple[str, Line]]:
    for dataset in DATASETS:
        for solver in ("fair-sac", "menu"):
            for objective, words in OBJECTIVES.items():
                for in_sample in (True, False):
                    three, whole = (said.cell(dataset, objective, clusters=c, in_sample=in_sample, solver=solver)
                                    for c in (3, 1))  # fmt: skip
                    twin = said.cell(dataset, objective, size=12, in_sample=in_sample, solver=solver)
                    where = f"{solver}, {words}, {'in-sample' if in_sample else 'held out'}"
                    for other, what in ((whole, "one menu of 4"), (twin, "one menu of 12")):
                        if three is not None and other is not None:
                            yield dataset, _more(three, other, objective, f"{where}: SR beside {what}")


def _more(row: Row, other: Row, objective: str, what: str) -> Line:
    values = measured(row, "sr", objective), measured(other, "sr", objective)
    more = None if values[0] is None or values[1] is None else values[0] - values[1]
    return Line.of(what, "at least 0", more, more is not None and more >= -1e-9)


PARTS = (
    Part("1. `menu` in-sample is at least as good as every published cell (whole, four actions)", _beats_published),
    Part("2. `menu` held out, whole", _held_out),
    Part("3. Time", _times),
    Part("4. `fair-sac` in-sample is within the paper's ranges", _reproduced),
    Part("The paper: SR and PD of the hybrid", _ranges),
    Part("The paper: the hybrid is the best balance", _balance),
    Part("The paper: clustering improves", _clusters),
)
"""What should hold, and what the paper claims."""
