"""Borrowers: the file's rows as features and labels, preprocessed and split."""

from __future__ import annotations

__all__ = ["borrowers", "shuffled_splits"]

import torch
from pandas import DataFrame

from recourse_arena import People, Split, Splits, generator
from recourse_arena_gmsc.file import LABEL

COLUMNS = {
    "age": "age",
    "dependents": "NumberOfDependents",
    "monthly_income": "MonthlyIncome",
    "utilisation": "RevolvingUtilizationOfUnsecuredLines",
    "open_credit_lines": "NumberOfOpenCreditLinesAndLoans",
    "real_estate_loans": "NumberRealEstateLoansOrLines",
    "debt_ratio": "DebtRatio",
    "late_30_59": "NumberOfTime30-59DaysPastDueNotWorse",
    "late_60_89": "NumberOfTime60-89DaysPastDueNotWorse",
    "late_90": "NumberOfTimes90DaysLate",
}
"""The file's column for each feature, in feature order."""

_CAPS = {"debt_ratio": 1.0, "monthly_income": 17_000.0, "utilisation": 1.0}
_LARGEST_COUNT, _CODE = 90, 18


def borrowers(table: DataFrame) -> People:
    """Return the complete rows of the file's `table`, preprocessed as by De Toni et al. (arXiv 2205.13743).

    Debt ratio and utilisation are capped at 1 and income at 17,000; counts of late payments above 90 are
    codes for something else and become 18.
    """
    complete = table.dropna()
    x = complete[list(COLUMNS.values())].set_axis(list(COLUMNS), axis="columns")
    x = x.clip(upper=x.columns.map(_CAPS).to_series(index=x.columns).fillna(torch.inf), axis="columns")
    late = [name for name in COLUMNS if name.startswith("late_")]
    x[late] = x[late].mask(x[late] > _LARGEST_COUNT, _CODE)
    return People(
        torch.tensor(x.to_numpy(), dtype=torch.float32),
        torch.tensor((complete[LABEL] == 0).to_numpy(), dtype=torch.float32),
    )


def shuffled_splits(people: People, *, seed: int) -> Splits:
    """Return half of `people` to train on, a quarter to validate and the rest to test, shuffled by `seed`."""
    order = torch.randperm(len(people), generator=generator(seed, "gmsc", "split"))
    half, quarter = len(people) // 2, len(people) // 4
    parts = order.split([half, quarter, len(people) - half - quarter])
    split = Split(*(People(people.x[rows], people.y[rows]) for rows in parts))
    return Splits(decision=split, flow=split, recourse=split)
