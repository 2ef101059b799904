"""What a run says of one number that something is claimed of: by dataset, solver and change, over all of its seeds."""

from __future__ import annotations

__all__ = ["Line", "Said", "Verdict"]

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.base.names import written
from recourse_arena.reporting.lasting.table import Lasting
from recourse_arena.statistics.bootstrap import Resamples

_SEVERAL = "mean of "


class Verdict(StrEnum):
    """Whether a number is where it should be."""

    MET = "met"
    MISSED = "missed"
    UNKNOWN = "not in this run"


@dataclass(frozen=True)
class Line:
    """One number beside what is asked of it.

    Arguments:
        what: What it is.
        asked: What is asked of it, in words.
        value: The number, in words, with its interval where it has one.
        verdict: Whether it is met by the number itself; its interval says how sure that is.
    """

    what: str
    asked: str
    value: str
    verdict: Verdict

    @classmethod
    def of(
        cls, what: str, asked: str, number: float | None, met: bool, *, interval: tuple[float, float] | None = None
    ) -> Line:
        """Return the line of a number, which a run may not know."""
        if number is None or not np.isfinite(number):
            return cls(what, asked, "-", Verdict.UNKNOWN)
        known = interval is not None and np.isfinite(interval).all()
        words = f"{number:.3f}" + (f" [{interval[0]:.3f}, {interval[1]:.3f}]" if known and interval else "")
        return cls(what, asked, words, Verdict.MET if met else Verdict.MISSED)

    @classmethod
    def at_most(
        cls, what: str, number: float | None, most: float, *, interval: tuple[float, float] | None = None
    ) -> Line:
        """Return the line of a number that should not be above another one."""
        met = number is not None and number <= most + 1e-9
        return cls.of(what, f"at most {most:g}", number, met, interval=interval)


@dataclass(frozen=True)
class Said:
    """What a run says of one dataset.

    Arguments:
        found: The run.
        dataset: The dataset, as the run names it.
        scenario: The scenario.
        solver: The solver without margins.
    """

    found: Lasting
    dataset: str
    scenario: str
    solver: str

    def advice(self, change: str, name: str = "vd", *, solver: str = "", threshold: str = "as it is") -> float | None:
        """Return a share of advice under a change, of several models their mean; none where there is none."""
        return _number(self._advice_row(change, solver, threshold), name)

    def interval(
        self, change: str, name: str = "vd", *, solver: str = "", threshold: str = "as it is"
    ) -> tuple[float, float] | None:
        """Return its interval."""
        row = self._advice_row(change, solver, threshold)
        low, high = _number(row, f"{name}_low"), _number(row, f"{name}_high")
        return None if low is None or high is None else (low, high)

    def vd(self, change: str, most: float, *, solver: str = "", threshold: str = "as it is", what: str = "") -> Line:
        """Return the line of a validity drop that should be at most so much."""
        at = self.advice(change, solver=solver, threshold=threshold)
        interval = self.interval(change, solver=solver, threshold=threshold)
        margin = solver.partition("?")[2]
        where = ", ".join(filter(None, (f"VD under {what or change}", margin, threshold * (threshold != "as it is"))))
        return Line.at_most(where, at, most, interval=interval)

    def model(self, change: str, name: str, *, threshold: str = "as it is") -> float | None:
        """Return what is known of a changed model, of several their mean; none where there is none."""
        rows = self.found.models
        rows = rows[(rows["dataset"] == self.dataset) & (rows["threshold"] == threshold) & _is(rows["change"], change)]
        return float(rows[name].mean()) if len(rows) and np.isfinite(rows[name]).all() else None

    def price(self, solver: str, name: str = "ratio") -> float | None:
        """Return what a solver's advice costs beside that without what it is asked for."""
        return _number(self._cell(self.found.price, solver), name)

    def margin(self, change: str, name: str, *, threshold: str = "as it is") -> float | None:
        """Return what is said of the margin that suffices for validation people under a change."""
        rows = self._cell(self.found.margins, self.solver)
        rows = rows[(rows["threshold"] == threshold) & _is(rows["change"], change)] if len(rows) else rows
        return _number(_single(rows), name)

    def anew(self, change: str, name: str, *, threshold: str = "as it is") -> float | None:
        """Return what is said of recourse anew under a change."""
        rows = self._cell(self.found.anew, self.solver)
        rows = rows[(rows["threshold"] == threshold) & _is(rows["change"], change)] if len(rows) else rows
        return _number(rows, name)

    def difference(self, change: str, other: str, *, threshold: str = "as it is") -> tuple[float, float, float] | None:
        """Return how much less advice is refused under a change than under another one, of the same people: VD of the
        other minus VD, and its interval; none where either is not there.
        """
        parts = [self._refused(one, threshold) for one in (other, change)]
        if any(part is None or not len(part) for part in parts):
            return None
        both = pd.concat(parts, axis=1, join="inner")
        means = Resamples.draw(both.index.get_level_values("seed").to_numpy(dtype=np.int64)).paired(
            both.to_numpy(dtype=float), [0], [1]
        )
        low, high = means.intervals()[0]
        return float(means.value[0]), float(low), float(high)

    def _refused(self, change: str, threshold: str) -> pd.Series | None:
        rows = self._rows
        rows = rows[_is(rows["change"], change) & (rows["matched"] == (threshold == "matched")) & rows["counts"]]
        if not len(rows):
            return None
        refused = (~rows["accepted"].astype(bool)).astype(float)
        return refused.groupby([rows["seed"], rows["person"]]).mean()

    @cached_property
    def _rows(self) -> pd.DataFrame:
        rows = self.found.found.rows
        names = {"dataset": self.dataset, "scenario": self.scenario, "solver": self.solver}
        return rows[np.logical_and.reduce([rows[key] == value for key, value in names.items()])]

    def _advice_row(self, change: str, solver: str, threshold: str) -> pd.DataFrame:
        rows = self._cell(self.found.advice, solver or self.solver)
        return _single(rows[(rows["threshold"] == threshold) & _is(rows["change"], change)])

    def _cell(self, frame: pd.DataFrame, solver: str) -> pd.DataFrame:
        names: Mapping[str, Any] = {"dataset": self.dataset, "scenario": self.scenario, "solver": solver}
        if not len(frame):
            return frame
        return frame[np.logical_and.reduce([frame[key] == value for key, value in names.items()])]


def _is(changes: pd.Series, change: str) -> pd.Series:
    """Return which changes are the same as one, in whichever order their options are written."""
    wanted = _parsed(change)
    return changes.map(lambda name: _parsed(name) == wanted).astype(bool)


def _parsed(change: str) -> tuple[str, frozenset[tuple[str, str]]]:
    name, options = written(change)
    return name, frozenset(options.items())


def _single(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the row of a change with one model, or of the mean of several."""
    if len(rows) < 2:
        return rows
    return rows[rows["model"].str.startswith(_SEVERAL)]


def _number(rows: pd.DataFrame, name: str) -> float | None:
    if not len(rows) or name not in rows:
        return None
    value = float(rows[name].iloc[0])
    return value if np.isfinite(value) else None
