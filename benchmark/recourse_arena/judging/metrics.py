"""Metrics: what each measures, over whom, in which unit, and which way is better."""

from __future__ import annotations

__all__ = ["recourse_metrics"]

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from recourse_arena.interfaces.hookspecs import hookimpl
from recourse_arena.problem.outcome import Outcome

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
from recourse_arena.interfaces.metric import Metric


def _mean(column: str, *, among: str | None = None) -> Callable[[Any, Mapping[str, float]], float | None]:
    """Return the mean of a column over everybody asking, or over the people for whom `among` is true."""

    def compute(people: pd.DataFrame, timings: Mapping[str, float]) -> float | None:
        values = _numbers(people, column)
        if among is not None:
            values = values[_solved(people) if among == Outcome.SOLVED else _is(people, among)]
        known = values[values == values]
        return float(known.mean()) if len(known) else None

    return compute


def _numbers(people: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column as numbers, `(people,)`, NaN where it is missing."""
    return people[column].to_numpy(dtype=float, na_value=float("nan"))


def _is(people: pd.DataFrame, column: str) -> np.ndarray:
    return people[column].to_numpy(dtype=bool)


def _solved(people: pd.DataFrame) -> np.ndarray:
    return people["outcome"].to_numpy(dtype=object) == Outcome.SOLVED


def _share(flags: np.ndarray) -> float | None:
    return float(flags.mean()) if len(flags) else None


def _sd_of_cost(people: pd.DataFrame, timings: Mapping[str, float]) -> float | None:
    costs = _numbers(people, "cost")[_is(people, "valid")]
    return float(costs.std(ddof=1)) if len(costs) > 1 else None


def _attainability(people: pd.DataFrame, timings: Mapping[str, float]) -> float | None:
    return _share(_is(people, "valid") & _is(people, "plausible"))


def _coverage(people: pd.DataFrame, timings: Mapping[str, float]) -> float | None:
    return _share(_solved(people))


def _broken(people: pd.DataFrame, timings: Mapping[str, float]) -> float | None:
    return _share(_numbers(people, "violations") > 0)


def _optimality_gap(people: pd.DataFrame, timings: Mapping[str, float]) -> float | None:
    if not _optimality_people(people, timings):
        return None
    return float(people["optimality_gap"].median())


def _optimality_people(people: pd.DataFrame, timings: Mapping[str, float]) -> float | None:
    return float(people["optimality_gap"].notna().sum()) if "optimality_gap" in people else None


_ALL, _SOLVED, _VALID = (
    "everybody asking",
    "people with a recommendation",
    "people with a valid recommendation",
)
_CERTIFIED = "people with a certified optimum and a recommendation that does what the scenario asks for"


@hookimpl
def recourse_metrics() -> list[Metric]:
    """Return the metrics of every leaderboard."""
    return [
        Metric("coverage", "higher", "share", _ALL, "Has a recommendation.", _coverage, "cover"),
        Metric(
            "validity",
            "higher",
            "share",
            _ALL,
            "The re-applied action leads to a positive decision and breaks no constraint.",
            _mean("valid"),
            title="valid",
        ),
        Metric(
            "plausibility",
            "higher",
            "share",
            _ALL,
            "The counterfactual is at least as likely as the factual under the causal flow, or under the true causal "
            "model where the scenario says `!scm-plausibility`.",
            _mean("plausible"),
            title="plaus.",
        ),
        Metric(
            "attainability",
            "higher",
            "share",
            _ALL,
            "Valid and plausible.",
            _attainability,
            title="attain.",
        ),
        Metric(
            "cost_mean",
            "lower",
            "cost",
            _VALID,
            "Mean unweighted cost: squared standardised change of what is acted upon, over range and K.",
            _mean("cost", among="valid"),
            title="cost",
        ),
        Metric(
            "cost_sd",
            "none",
            "cost",
            _VALID,
            "Standard deviation of the cost over people.",
            _sd_of_cost,
            "sd",
        ),
        Metric(
            "hap",
            "lower",
            "share",
            _VALID,
            "Acts on the person's own least-preferred actionable feature; undefined where answers carry no order.",
            _mean("hard_action", among="valid"),
        ),
        Metric(
            "violations",
            "lower",
            "share",
            _ALL,
            "The action breaks a constraint: forbidden feature, value outside the box, not finite or not whole.",
            _broken,
            title="broken",
        ),
        Metric(
            "actions_mean",
            "none",
            "features",
            _VALID,
            "Number of features acted upon.",
            _mean("actions", among="valid"),
            title="actions",
        ),
        Metric(
            "fit_seconds",
            "lower",
            "s",
            "one fit",
            "Time to fit the solver, shared by all cells of that fit.",
            lambda people, timings: timings["fit_seconds"],
            title="fit s",
        ),
        Metric(
            "solve_seconds",
            "lower",
            "s",
            "one cell",
            "Time to recommend for everybody asking.",
            lambda people, timings: timings["solve_seconds"],
            title="solve s",
        ),
        Metric(
            "plausibility_solved",
            "higher",
            "share",
            _SOLVED,
            "Plausibility among people with a recommendation.",
            _mean("plausible", among=Outcome.SOLVED),
        ),
        Metric(
            "plausibility_scm",
            "higher",
            "share",
            _ALL,
            "The counterfactual is at least as likely as the factual under the true causal model.",
            _mean("plausible_scm"),
        ),
        Metric(
            "weighted_cost_mean",
            "lower",
            "cost",
            _VALID,
            "Mean cost weighted by the person's own preferences.",
            _mean("weighted_cost", among="valid"),
        ),
        Metric(
            "l2_mean",
            "lower",
            "data units",
            _VALID,
            "Mean l2 norm of the acted changes.",
            _mean("l2", among="valid"),
        ),
        Metric(
            "optimality_gap",
            "lower",
            "relative",
            _CERTIFIED,
            "Median of (weighted cost - optimal cost) / optimal cost: what advice costs beyond the least possible.",
            _optimality_gap,
            title="gap",
        ),
        Metric(
            "optimality_people",
            "none",
            "people",
            _CERTIFIED,
            "Number of people that the optimality gap rests on.",
            _optimality_people,
            title="gap of",
        ),
    ]
