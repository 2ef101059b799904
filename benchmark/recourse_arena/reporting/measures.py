"""What metrics are means of: the value of each person, from the records of a run."""

from __future__ import annotations

__all__ = ["MEASURES", "RECORDED", "Measure"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

RECORDED = ("outcome", "valid", "plausible", "cost", "weighted_cost", "hard_action", "violations")
"""The columns of `people.parquet` that measures read."""


@dataclass(frozen=True)
class Measure:
    """What a metric averages.

    Arguments:
        of: Its value for each person, missing for people outside its population.
        share: Whether the values are true or false, rather than costs.
        among_valid: Whether it is about people with a valid recommendation only.
        preference: Whether it says how well preferences are met, so that it means little where they cost nothing.
    """

    of: Callable[[pd.DataFrame], pd.Series]
    share: bool = True
    among_valid: bool = False
    preference: bool = False


def _among_valid(column: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda people: people[column].where(people["valid"].astype(bool))


def _solved(people: pd.DataFrame) -> pd.Series:
    return people["outcome"] == "solved"


MEASURES: Mapping[str, Measure] = {
    "coverage": Measure(_solved),
    "validity": Measure(lambda people: people["valid"]),
    "plausibility": Measure(lambda people: people["plausible"]),
    "plausibility_solved": Measure(lambda people: people["plausible"].where(_solved(people))),
    "attainability": Measure(lambda people: people["valid"] & people["plausible"]),
    "cost_mean": Measure(_among_valid("cost"), share=False, among_valid=True),
    "weighted_cost_mean": Measure(_among_valid("weighted_cost"), share=False, among_valid=True),
    "hap": Measure(_among_valid("hard_action"), among_valid=True, preference=True),
    "violations": Measure(lambda people: people["violations"] > 0),
}
"""The metrics that are means over people, and what they are means of."""
