"""What metrics are means of: the value of each person, from the records of a run."""

from __future__ import annotations

__all__ = ["ALL_MEASURES", "MEASURES", "OPTIONAL", "RECORDED", "Measure"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from recourse_arena.problem.outcome import Outcome

_ROUNDING = 1e-4
"""Relative change of a person's cost that rounding may make where everything is deterministic."""

_GAP_ROUNDING = 2e-3
"""An optimum is certified to 0.1 %, so that two certificates of the same person may differ by so much."""

RECORDED = ("outcome", "valid", "plausible", "cost", "weighted_cost", "hard_action", "violations")
"""The columns of `people.parquet` that measures cannot do without."""

OPTIONAL = ("plausible_scm", "l2", "actions", "optimality_gap")
"""The columns that they read where a run has them."""


@dataclass(frozen=True)
class Measure:
    """What a metric averages.

    Arguments:
        of: Its value for each person, missing for people outside its population.
        share: Whether the values are true or false, rather than costs.
        among_valid: Whether it is about people with a valid recommendation only.
        preference: Whether it says how well preferences are met, so that it means little where they cost nothing.
        ratio: Whether the values are ratios, which geometric means sum up: few huge ones do not drown the rest.
        certified: Whether it needs certified optima, which few runs have.
        rounding: What may change a value where nothing is random, relative to it.
        remark: What a reader should know about the values.
    """

    of: Callable[[pd.DataFrame], pd.Series]
    share: bool = True
    among_valid: bool = False
    preference: bool = False
    ratio: bool = False
    certified: bool = False
    rounding: float = 0.0
    remark: str = ""


def _among_valid(column: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda people: people[column].where(people["valid"].astype(bool))


def _over_optimum(people: pd.DataFrame) -> pd.Series:
    """Return cost over optimal cost: next to the decision boundary, where optima are tiny, in the thousands."""
    if "optimality_gap" not in people:
        return pd.Series(pd.NA, index=people.index, dtype="Float64")
    return 1 + people["optimality_gap"]


def _if_recorded(column: str, *, among_valid: bool = False) -> Callable[[pd.DataFrame], pd.Series]:
    """Return a column, missing for everybody where the run does not record it."""

    def of(people: pd.DataFrame) -> pd.Series:
        if column not in people:
            return pd.Series(pd.NA, index=people.index, dtype="Float64")
        return people[column].where(people["valid"].astype(bool)) if among_valid else people[column]

    return of


def _solved(people: pd.DataFrame) -> pd.Series:
    return people["outcome"] == Outcome.SOLVED


MEASURES: Mapping[str, Measure] = {
    "coverage": Measure(_solved),
    "validity": Measure(lambda people: people["valid"]),
    "plausibility": Measure(lambda people: people["plausible"]),
    "plausibility_solved": Measure(lambda people: people["plausible"].where(_solved(people))),
    "attainability": Measure(lambda people: people["valid"] & people["plausible"]),
    "cost_mean": Measure(_among_valid("cost"), share=False, among_valid=True, rounding=_ROUNDING),
    "weighted_cost_mean": Measure(_among_valid("weighted_cost"), share=False, among_valid=True, rounding=_ROUNDING),
    "optimality_gap": Measure(
        _over_optimum,
        share=False,
        among_valid=True,
        ratio=True,
        certified=True,
        rounding=_GAP_ROUNDING,
        remark="geometric means of cost over optimal cost, that is 1 + gap",
    ),
    "hap": Measure(_among_valid("hard_action"), among_valid=True, preference=True),
    "violations": Measure(lambda people: people["violations"] > 0),
}
"""The metrics that are means over people and that :mod:`~recourse_arena.reporting.comparison.comparison` may gate."""

ALL_MEASURES: Mapping[str, Measure] = {
    **MEASURES,
    "plausibility_scm": Measure(_if_recorded("plausible_scm")),
    "l2_mean": Measure(_if_recorded("l2", among_valid=True), share=False, among_valid=True),
    "actions_mean": Measure(_if_recorded("actions", among_valid=True), share=False, among_valid=True),
}
"""All metrics that are means over people."""
