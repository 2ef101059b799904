"""Metrics: what each measures, over whom, in which unit, and which way is better."""

from __future__ import annotations

__all__ = ["recourse_metrics"]

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from recourse_arena.interfaces.hookspecs import hookimpl
from recourse_arena.interfaces.metric import Average, Metric
from recourse_arena.problem.outcome import Outcome

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_GAP_ROUNDING = 2e-3
"""An optimum is certified to 0.1 %, so that two certificates of the same person may differ by so much."""

Values = Callable[["pd.DataFrame"], "np.ndarray"]
"""Float or bool `(people,)`, NaN for whoever does not count: plain arrays, which small cells are quicker with."""


def _numbers(people: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column as numbers, `(people,)`, NaN where it is missing."""
    return people[column].to_numpy(dtype=float, na_value=float("nan"))


def _column(name: str) -> Values:
    return lambda people: _numbers(people, name)


def _valid(name: str) -> Values:
    """Return a column of the people with a valid recommendation."""
    return lambda people: _among(_numbers(people, name), _numbers(people, "valid") == 1)


def _among(values: np.ndarray, who: np.ndarray) -> np.ndarray:
    values = values.copy()
    values[~who] = float("nan")
    return values


def _if_recorded(name: str, of: Values) -> Values:
    """Return values from a column, missing for everybody where the records lack it."""

    def values(people: pd.DataFrame) -> np.ndarray:
        if name in people:
            return of(people)
        import numpy as np

        return np.full(len(people), np.nan)

    return values


def _attained(plausible: str) -> Values:
    """Return who is valid and plausible by a column of the records, missing where that is."""
    return _if_recorded(plausible, lambda people: _numbers(people, "valid") * _numbers(people, plausible))


def _ruler_gap(people: pd.DataFrame) -> np.ndarray:
    return _attained("plausible")(people) - _attained("plausible_heldout")(people)


def _solved(people: pd.DataFrame) -> np.ndarray:
    return people["outcome"].to_numpy(dtype=object) == Outcome.SOLVED


def _sd_of_cost(people: pd.DataFrame, timings: Mapping[str, float]) -> float | None:
    costs = _numbers(people, "cost")[_numbers(people, "valid") == 1]
    return float(costs.std(ddof=1)) if len(costs) > 1 else None


def _optimality_gap(people: pd.DataFrame, timings: Mapping[str, float]) -> float | None:
    if not _optimality_people(people, timings):
        return None
    return float(people["optimality_gap"].median())


def _optimality_people(people: pd.DataFrame, timings: Mapping[str, float]) -> float | None:
    return float(people["optimality_gap"].notna().sum()) if "optimality_gap" in people else None


def _among_possible(people: pd.DataFrame) -> np.ndarray:
    return _among(_numbers(people, "accepted"), _numbers(people, "possible") == 1)


def _of_accepted(name: str) -> Values:
    """Return a column of the people who ended with advice that they accept and that works."""
    return _if_recorded(name, lambda people: _among(_numbers(people, name), _numbers(people, "accepted") == 1))


_ALL, _SOLVED, _VALID = (
    "everybody asking",
    "people with a recommendation",
    "people with a valid recommendation",
)
_TALKED = "everybody whose wishes a policy had to find out"
_SATISFIED = "people who end with advice that they accept and that does what the scenario asks for"
_CERTIFIED = "people with a certified optimum and a recommendation that does what the scenario asks for"


@hookimpl
def recourse_metrics() -> list[Metric]:
    """Return the metrics of every leaderboard."""
    return [
        Metric("coverage", "higher", "share", _ALL, "Has a recommendation.", title="cover", average=Average(_solved)),
        Metric(
            "validity",
            "higher",
            "share",
            _ALL,
            "The re-applied action leads to a positive decision and breaks no constraint. Whole numbers that follow "
            "from an action are decided on as the causal model gives them, not rounded: their noise is known up to a "
            "cell only, and this is its middle.",
            title="valid",
            average=Average(_column("valid")),
        ),
        Metric(
            "plausibility",
            "higher",
            "share",
            _ALL,
            "The counterfactual is at least as likely as the factual under the causal flow, or under the true causal "
            "model where the scenario says `!scm-plausibility`; where there is no causal graph, it does not stand out "
            "among accepted training people (local outlier factor).",
            title="plaus.",
            average=Average(_column("plausible")),
        ),
        Metric(
            "attainability",
            "higher",
            "share",
            _ALL,
            "Valid and plausible.",
            title="attain.",
            average=Average(_attained("plausible")),
        ),
        Metric(
            "attainability_truth",
            "higher",
            "share",
            _ALL,
            "Valid, and at least as likely as the factual under the true causal model; undefined where none is known.",
            title="attain. (truth)",
            average=Average(_attained("plausible_scm")),
            shown=True,
        ),
        Metric(
            "attainability_heldout",
            "higher",
            "share",
            _ALL,
            "Valid, and plausible by a ruler that no solver is handed: at least as likely as the factual under a "
            "second causal flow, of another architecture and seed, fitted to other people; where there is no causal "
            "graph, not standing out among accepted people who are no training people (local outlier factor).",
            title="attain. (held-out)",
            average=Average(_attained("plausible_heldout")),
            shown=True,
        ),
        Metric(
            "ruler_gap",
            "none",
            "share",
            _ALL,
            "How much of attainability is the ruler's: attainability less attainability (held-out). Advice that is "
            "plausible by nothing but what the solver was handed makes it large.",
            title="ruler's",
            average=Average(_ruler_gap, "mean"),
            shown=True,
        ),
        Metric(
            "redrawn",
            "higher",
            "share",
            _ALL,
            "Share of draws in which a valid action leads to a positive decision if the noise of what follows from it "
            "is drawn anew, from its distribution among training people (20 draws a person, the same for all solvers; "
            "what does not follow stays as observed, and counts that follow are whole); 0 for who has no valid "
            "recommendation. Where nothing follows from anything it is validity.",
            average=Average(_if_recorded("redrawn", _column("redrawn")), "mean"),
            shown=True,
        ),
        Metric(
            "cost_mean",
            "lower",
            "cost",
            _VALID,
            "Mean unweighted cost of what is acted upon, under the cost of the dataset (`range`: squared standardised "
            "change, over range and K).",
            title="cost",
            average=Average(_valid("cost"), "mean", among_valid=True),
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
            average=Average(_valid("hard_action"), among_valid=True, preference=True),
        ),
        Metric(
            "violations",
            "lower",
            "share",
            _ALL,
            "The action breaks a constraint: forbidden feature, value outside the box or against its direction, not "
            "finite or not whole; or its counterfactual breaks a rule that the person keeps now.",
            title="broken",
            average=Average(lambda people: _numbers(people, "violations") > 0),
        ),
        Metric(
            "actions_mean",
            "none",
            "features",
            _VALID,
            "Number of features acted upon.",
            title="actions",
            average=Average(_if_recorded("actions", _valid("actions")), "mean", among_valid=True),
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
            average=Average(lambda people: _among(_numbers(people, "plausible"), _solved(people))),
        ),
        Metric(
            "plausibility_scm",
            "higher",
            "share",
            _ALL,
            "The counterfactual is at least as likely as the factual under the true causal model.",
            average=Average(_if_recorded("plausible_scm", _column("plausible_scm"))),
        ),
        Metric(
            "weighted_cost_mean",
            "lower",
            "cost",
            _VALID,
            "Mean cost weighted by the person's own preferences.",
            average=Average(_valid("weighted_cost"), "mean", among_valid=True),
        ),
        Metric(
            "l2_mean",
            "lower",
            "data units",
            _VALID,
            "Mean l2 norm of the acted changes, another category counting as 1.",
            average=Average(_if_recorded("l2", _valid("l2")), "mean", among_valid=True),
        ),
        Metric(
            "neighbour_distance",
            "lower",
            "standard deviations",
            _VALID,
            "Mean distance of the counterfactual to the nearest accepted training person, in standard deviations of "
            "numbers, another category counting as one; where there is no causal graph.",
            average=Average(_if_recorded("neighbour_distance", _valid("neighbour_distance")), "mean", among_valid=True),
        ),
        Metric(
            "optimality_gap",
            "lower",
            "relative",
            _CERTIFIED,
            "Median of (weighted cost - optimal cost) / optimal cost: what advice costs beyond the least possible.",
            _optimality_gap,
            title="gap",
            average=Average(
                _if_recorded("optimality_gap", lambda people: 1 + _numbers(people, "optimality_gap")),
                "geometric mean",
                among_valid=True,
                certified=True,
                rounding=_GAP_ROUNDING,
                remark="geometric means of cost over optimal cost, that is 1 + gap",
                median_excess=True,
            ),
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
        Metric(
            "accepted",
            "higher",
            "share",
            _TALKED,
            "Ends with advice that breaks none of their hidden constraints, is not harder than was believed, leads to "
            "a positive decision, and is plausible where that is asked for.",
            average=Average(_if_recorded("accepted", _column("accepted")), conversation=True),
            shown=True,
        ),
        Metric(
            "possible",
            "higher",
            "share",
            _TALKED,
            "The same solver finds such advice when it is told everything: what no policy can make up for.",
            average=Average(_if_recorded("possible", _column("possible")), conversation=True),
            shown=True,
        ),
        Metric(
            "accepted_possible",
            "higher",
            "share",
            "people for whom the same solver finds acceptable advice when it is told everything",
            "Ends with acceptable advice, where that is possible: what finding out costs, whatever the solver is like.",
            title="acc. of poss.",
            average=Average(_if_recorded("accepted", _among_possible), conversation=True),
            shown=True,
        ),
        Metric(
            "rounds",
            "lower",
            "rounds",
            _SATISFIED,
            "Mean number of times that they were advised until they accepted.",
            average=Average(_of_accepted("rounds"), "mean", conversation=True),
            shown=True,
        ),
        Metric(
            "questions",
            "lower",
            "questions",
            _TALKED,
            "Mean number of questions that they were asked: one for each feature, ranking or choice; advice is none.",
            average=Average(_if_recorded("questions", _column("questions")), "mean", conversation=True),
            shown=True,
        ),
        Metric(
            "regret",
            "lower",
            "ratio",
            _SATISFIED,
            "Weighted cost over the person's own optimum, by their true weights, as a geometric mean: 1 is none. The "
            "optimum is the cheaper of what they accepted and of what the same solver recommends when told everything.",
            average=Average(lambda people: 1 + _of_accepted("regret")(people), "geometric mean", conversation=True),
            shown=True,
        ),
    ]
