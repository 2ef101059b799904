"""ProPublica's filters, and the two columns that their file does not have."""

from __future__ import annotations

__all__ = ["defendants"]

import numpy as np
import pandas as pd

from recourse_arena import Cells

_STAY = ("c_jail_in", "c_jail_out")
_JUVENILE = ("juv_fel_count", "juv_misd_count", "juv_other_count")


def defendants(cells: Cells) -> Cells:
    """Return the 6,172 people of ProPublica's analysis, with `juvenile_count` and `length_of_stay`.

    Left out are charges dated more than 30 days from the arrest, people without a charge that leads to jail, those for
    whom no later record was found, and those without a score (J. Larson et al., How we analyzed the COMPAS recidivism
    algorithm, ProPublica 2016). A stay that the file has ending before it begins counts as none.
    """
    days = pd.to_numeric(pd.Series(cells.column("days_b_screening_arrest")), errors="coerce")
    kept = (
        days.between(-30, 30).to_numpy()
        & (cells.column("is_recid") != "-1")
        & (cells.column("c_charge_degree") != "O")
        & (cells.column("score_text") != "N/A")
    )
    cells = cells[kept]
    juvenile = np.sum([pd.to_numeric(pd.Series(cells.column(name)), errors="coerce") for name in _JUVENILE], 0)
    entered, left = (pd.to_datetime(pd.Series(cells.column(name)), errors="coerce") for name in _STAY)
    stay = ((left - entered).dt.total_seconds() / 86_400).clip(lower=0).round(2).to_numpy()
    added = {"juvenile_count": _texts(juvenile), "length_of_stay": _texts(stay)}
    return Cells({**cells.columns, **added}, cells.places, cells.what)


def _texts(values: np.ndarray) -> np.ndarray:
    return np.array([f"{value:g}" for value in values.tolist()], dtype=object)
