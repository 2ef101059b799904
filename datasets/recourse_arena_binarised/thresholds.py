"""The columns of arXiv 2308.12820, made of the tables that everybody has.

Source: the experiments of its released code (github.com/ustunb/reachml, folder iclr2024). Each column but whole numbers
is 0 or 1.
"""

from __future__ import annotations

__all__ = ["german", "gmsc"]

from collections.abc import Mapping

import numpy as np
import pandas as pd

from recourse_arena import Cells

_YOUNGEST = 21


def german(cells: Cells) -> Cells:
    """Return the borrowers of the cells of `german`."""
    amount, duration = (pd.to_numeric(pd.Series(cells.column(name))).to_numpy() for name in ("amount", "duration"))

    def one_of(column: str, *levels: str) -> np.ndarray:
        return np.isin(cells.column(column).astype(str), levels)

    columns = {
        "good": one_of("risk", "1"),
        "age": cells.column("age"),
        "male": one_of("status", "A91", "A93", "A94"),
        "single": one_of("status", "A93", "A95"),
        "foreign_worker": one_of("foreign", "A201"),
        "years_at_residence": cells.column("residence"),
        "dependents": cells.column("dependents"),
        "rents": one_of("housing", "A151"),
        "owns": one_of("housing", "A152"),
        "lives_free": one_of("housing", "A153"),
        "unskilled": one_of("job", "A172"),
        "skilled": one_of("job", "A173"),
        "management": one_of("job", "A174"),
        "employed_1_year": one_of("employment", "A73", "A74", "A75"),
        **{f"amount_{least}": amount >= least for least in (1000, 2000, 5000, 10000)},
        "duration_up_to_6": duration <= 6,
        **{f"duration_{least}": duration >= least for least in (12, 24, 36)},
        "rate": cells.column("rate"),
        "guarantor": one_of("debtors", "A103"),
        "for_business": one_of("purpose", "A49"),
        "for_education": one_of("purpose", "A46", "A48"),
        "for_car": one_of("purpose", "A40", "A41"),
        "for_home": one_of("purpose", "A42", "A43", "A44", "A45"),
        "no_history": one_of("history", "A30"),
        "late": one_of("history", "A33"),
        "critical": one_of("history", "A34"),
        "bank_instalments": one_of("plans", "A141"),
        "store_instalments": one_of("plans", "A142"),
        "checking": ~one_of("checking", "A14"),
        "checking_above_0": one_of("checking", "A12", "A13"),
        "savings": ~one_of("savings", "A65"),
        "savings_100": one_of("savings", "A62", "A63", "A64"),
    }
    return Cells(_texts(columns), cells.places, cells.what)


def gmsc(table: pd.DataFrame) -> Cells:
    """Return the borrowers of the file of `gmsc` whose rows are complete and who are 21 years or older."""
    people = table.dropna()
    people = people[people["age"] >= _YOUNGEST]
    age, income, used = people["age"], people["MonthlyIncome"], people["RevolvingUtilizationOfUnsecuredLines"]
    dependents, mortgages = people["NumberOfDependents"], people["NumberRealEstateLoansOrLines"]
    lines = people["NumberOfOpenCreditLinesAndLoans"]
    late = people[["NumberOfTime30-59DaysPastDueNotWorse", "NumberOfTime60-89DaysPastDueNotWorse"]]
    columns = {
        "good": people["SeriousDlqin2yrs"] == 0,
        "age_up_to_24": age <= 24,
        "age_25_to_30": (age >= 25) & (age < 30),
        "age_30_to_59": (age >= 30) & (age <= 59),
        "age_60": age >= 60,
        "dependents_0": dependents == 0,
        "dependents_1": dependents == 1,
        "dependents_2": dependents >= 2,
        "dependents_5": dependents >= 5,
        "debt_ratio_1": people["DebtRatio"] >= 1,
        **{f"income_{least}": income >= 1000 * least for least in (3, 5, 10)},
        **{f"utilisation_{least}": used >= least / 100 for least in (10, 20, 50, 70, 100)},
        "real_estate_1": mortgages >= 1,
        "real_estate_2": mortgages >= 2,
        "lines_1": lines >= 1,
        "lines_2": lines >= 2,
        "late": (late > 0).any(axis=1),
        "delinquent": people["NumberOfTimes90DaysLate"] > 0,
    }
    places = [f"gmsc:{row + 2}" for row in people.index.tolist()]
    return Cells(_texts({name: found.to_numpy() for name, found in columns.items()}), places, "gmsc")


def _texts(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        name: np.where(found, "1", "0").astype(object) if found.dtype == bool else found
        for name, found in columns.items()
    }
