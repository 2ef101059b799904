"""Whom nobody beats in everything: attainability, cost and time side by side, with no score that adds them up."""

from __future__ import annotations

__all__ = ["AXES", "on_frontier"]

import numpy as np
import pandas as pd
from numpy.typing import NDArray

AXES = {"attainability": "higher", "cost_mean": "lower", "ms": "lower"}
"""What is looked at, and which way is better."""


def on_frontier(table: pd.DataFrame, together: NDArray[np.bool_] | None = None) -> pd.Series:
    """Return for each row whether no other one is at least as good on all of :data:`AXES` and better on one.

    Who lacks one of them, as a cost where nobody was helped, is beaten by nobody and on no frontier: missing.

    Arguments:
        table: A row per solver, with a column for each of :data:`AXES`.
        together: Which pairs of rows may be compared, `(rows, rows)`; all of them by default.

    Example:
        >>> rows = {"attainability": [0.9, 0.5, 0.8], "cost_mean": [0.3, 0.4, 0.1], "ms": [1.0, 1.0, 2.0]}
        >>> on_frontier(pd.DataFrame(rows)).tolist()
        [True, False, True]
    """
    losses = table[list(AXES)].to_numpy(dtype=float) * [-1.0 if way == "higher" else 1.0 for way in AXES.values()]
    known = np.isfinite(losses).all(1)
    good = losses[known]
    not_worse = (good[:, None, :] <= good[None, :, :]).all(2)
    better = (good[:, None, :] < good[None, :, :]).any(2)
    found = np.zeros(len(table), dtype=bool)
    allowed = True if together is None else together[np.ix_(known, known)]
    found[known] = ~(not_worse & better & allowed).any(0)
    return pd.Series(pd.arrays.BooleanArray(found, ~known), index=table.index)
