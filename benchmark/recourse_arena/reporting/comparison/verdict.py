"""The verdict on one metric of one cell: better, same, worse, or one cannot tell."""

from __future__ import annotations

__all__ = ["VERDICTS", "Tolerance", "Verdict", "judge_metric", "judge_value"]

import math
from dataclasses import dataclass

import numpy as np

from recourse_arena.base.errors import ArenaError
from recourse_arena.interfaces.metric import Average
from recourse_arena.problem.outcome import Outcome
from recourse_arena.reporting.comparison.pairing import Pair, Values
from recourse_arena.statistics.intervals import (
    Interval,
    geometric_change,
    independent_share_difference,
    paired_share_difference,
    relative_change,
)

VERDICTS = ("worse", "cannot tell", "not comparable", "better", "same")
"""What can be said of a metric of a cell, gravest first."""

_ROUNDED = 1e-5
"""What six digits, as `summary.csv` has them, leave open of a value, relative to it."""

_FEWEST = 20
"""With fewer people Student's interval for costs, which are skewed, means little."""


@dataclass(frozen=True)
class Tolerance:
    """How much a trained solver may change, and how sure the gate must be that it changed more.

    Arguments:
        share: Largest difference of a share, absolute.
        cost: Largest change of a mean cost, relative to the baseline's.
        confidence: Level at which all intervals of a comparison hold together.

    Raises:
        ArenaError: If a tolerance is negative or the confidence not between 0 and 1.
    """

    share: float = 0.03
    cost: float = 0.15
    confidence: float = 0.99

    def __post_init__(self) -> None:
        for name in ("share", "cost"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ArenaError(f"tolerance of {name}s: expected a number from 0, got {value!r}")
        if not 0 < self.confidence < 1:
            raise ArenaError(f"confidence: expected a number between 0 and 1, got {self.confidence!r}")


@dataclass(frozen=True)
class Verdict:
    """What can be said of a metric of a cell, and on what it rests.

    Arguments:
        verdict: One of :data:`VERDICTS`.
        reason: Why, and what a reader should know about it.
        baseline: Mean over the people compared; of ratios, the geometric one.
        current: The same of the current run.
        difference: Current less baseline; for costs relative to the baseline.
        change: Which way that is: `better`, `worse` or `equal`.
        scale: `absolute` or `relative`.
        low: Lower end of the difference's interval.
        high: Upper end.
        people: How many people were paired; where two groups were compared, the smaller number.
        method: `exact`, `paired` or `unpaired`; `value` where there is nothing but a value.
    """

    verdict: str
    reason: str
    baseline: float = math.nan
    current: float = math.nan
    difference: float = math.nan
    change: str = ""
    scale: str = ""
    low: float = math.nan
    high: float = math.nan
    people: int = 0
    method: str = ""


def judge_metric(pair: Pair, average: Average, direction: str, tolerance: Tolerance, confidence: float) -> Verdict:
    """Return the verdict on a metric of a cell.

    Arguments:
        pair: The cell's people in both runs.
        average: What the metric averages.
        direction: `higher` or `lower`, whichever is better.
        tolerance: What a trained solver may change.
        confidence: Level of this metric's interval.
    """
    baseline, current = pair.values(average)
    if not len(baseline) and not len(current):
        return Verdict("same", "undefined in both runs")
    if not len(baseline) or not len(current):
        return Verdict("cannot tell", f"undefined in {'CURRENT' if len(baseline) else 'BASELINE'}")
    if pair.same_people and not pair.in_both(average):
        return Verdict("cannot tell", "nobody has a value in both runs")
    sign = 1.0 if direction == "higher" else -1.0
    if pair.exact:
        verdict, reason, interval = _exact(baseline, current, sign, rounding=average.rounding)
    else:
        verdict, reason, interval = _tolerated(pair, average, baseline, current, sign, tolerance, confidence)
    before, after = (_average(values, average) for values in (baseline, current))
    difference = after - before
    if not average.share:
        difference = difference / before if before else math.nan
    moved = sign * (after - before)
    return Verdict(
        verdict,
        "; ".join(part for part in (reason, average.remark, *_beside(pair, average), *pair.notes) if part),
        before,
        after,
        difference,
        "equal" if moved == 0 else "better" if moved > 0 else "worse",
        "absolute" if average.share else "relative",
        interval.low,
        interval.high,
        min(len(baseline), len(current)),
        "exact" if pair.exact else "paired" if pair.same_people else "unpaired",
    )


def judge_value(pair: Pair, baseline: float, current: float, direction: str) -> Verdict:
    """Return the verdict on a metric that is no average over people: its value in both runs is all there is.

    Where nothing is random every change counts; elsewhere one cannot tell how much of a change is chance.

    Arguments:
        pair: The cell's people in both runs.
        baseline: The value in the first run, nan where undefined.
        current: The value in the second.
        direction: `higher` or `lower`, whichever is better.
    """
    if math.isnan(baseline) or math.isnan(current):
        both = math.isnan(baseline) and math.isnan(current)
        side = "BASELINE" if math.isnan(baseline) else "CURRENT"
        return Verdict("same", "undefined in both runs") if both else Verdict("cannot tell", f"undefined in {side}")
    moved = (current - baseline) * (1.0 if direction == "higher" else -1.0)
    change = "equal" if moved == 0 else "better" if moved > 0 else "worse"
    people, other = min(len(pair.baseline), len(pair.current)), any("people in both" in note for note in pair.notes)
    verdict, reason = "cannot tell", "it is no average over people, so it has no interval"
    if other:
        reason = "it is over other people in each run"
    elif abs(moved) <= _ROUNDED * max(abs(baseline), abs(current)):
        verdict, reason = "same", "equal values"
    elif pair.exact:
        verdict, reason = change, "nothing is random here, and its value is another one"
    notes = "; ".join([reason, *pair.notes])
    difference = current - baseline
    method = "exact" if pair.exact else "value"
    return Verdict(verdict, notes, baseline, current, difference, change, "absolute", people=people, method=method)


def _average(values: Values, average: Average) -> float:
    return float(np.exp(np.log(values).mean()) if average.ratio else values.mean())


def _exact(baseline: Values, current: Values, sign: float, *, rounding: float) -> tuple[str, str, Interval]:
    """Compare person by person: where nothing is random, a change is a change."""
    allowed = rounding * (np.abs(baseline) + np.abs(baseline).mean() / 100)  # costs near 0 are rounding alone
    gains = sign * (current - baseline)
    worse, better = int((gains < -allowed).sum()), int((gains > allowed).sum())
    none = Interval(math.nan, math.nan)
    if not worse and not better:
        return "same", "", none
    reason = f"nothing is random here, yet {worse} worse off, {better} better off"
    return ("worse" if worse else "better"), reason, none


def _tolerated(
    pair: Pair, average: Average, baseline: Values, current: Values, sign: float, tolerance: Tolerance, level: float
) -> tuple[str, str, Interval]:
    """Compare an interval of the difference with what is tolerated."""
    if _equal(baseline, current, paired=pair.same_people):
        return "same", "equal values", Interval(0.0, 0.0)
    if not average.share and min(len(baseline), len(current)) < _FEWEST:
        return "cannot tell", f"fewer than {_FEWEST} people", Interval(-math.inf, math.inf)
    interval = _interval(pair, average, baseline, current, level)
    if average.preference and pair.indifferent:
        return (
            "cannot tell",
            "no feature costs more than another here, so which one is acted upon is incidental",
            interval,
        )
    allowed = tolerance.share if average.share else tolerance.cost
    low, high = sorted((sign * interval.low, sign * interval.high))
    if high < -allowed:
        return "worse", "", interval
    if low > allowed:
        return "better", "", interval
    if -allowed <= low and high <= allowed:
        return "same", "", interval
    return "cannot tell", "the interval crosses the tolerance", interval


def _equal(baseline: Values, current: Values, *, paired: bool) -> bool:
    if paired:
        return np.array_equal(baseline, current)
    constant = np.ptp(baseline) == 0 and np.ptp(current) == 0 and baseline[0] == current[0]
    return bool(constant) or np.array_equal(np.sort(baseline), np.sort(current))


def _interval(pair: Pair, average: Average, baseline: Values, current: Values, level: float) -> Interval:
    if average.ratio:
        return geometric_change(baseline, current, paired=pair.same_people, confidence=level)
    if not average.share:
        return relative_change(baseline, current, paired=pair.same_people, confidence=level)
    if pair.same_people:
        gained, lost = int((current > baseline).sum()), int((current < baseline).sum())
        return paired_share_difference(gained, lost, len(baseline), confidence=level)
    counts = [(int(values.sum()), len(values)) for values in (baseline, current)]
    return independent_share_difference(counts[0], counts[1], confidence=level)


def _beside(pair: Pair, average: Average) -> list[str]:
    """Return the coverage that belongs beside a mean over part of the people."""
    if not average.among_valid:
        return []
    shares = [float((people["outcome"] == Outcome.SOLVED).mean()) for people in (pair.baseline, pair.current)]
    return [f"coverage {shares[0]:.3f} -> {shares[1]:.3f}"]
