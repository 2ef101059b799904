"""How the fitted flow compares with the data, feature by feature."""

from __future__ import annotations

__all__ = ["marginals"]

import numpy as np
import pandas as pd
from torch import Tensor

from recourse_arena.people.features import FeatureTable

_BINS = 40
_TAIL = 0.005
"""Share of the data beyond either end of the bins of a continuous feature."""


def marginals(features: FeatureTable, data: Tensor, drawn: Tensor) -> pd.DataFrame:
    """Return histograms of each feature, a row per bin: `feature, low, high, data, flow`.

    Arguments:
        features: The features.
        data: People held out from the flow's training, `(people, features)`.
        drawn: People drawn from the flow, `(draws, features)`.

    `data` and `flow` are shares of all people; what lies beyond the bins is in none of them.
    """
    tables = []
    for j, feature in enumerate(features):
        seen, sampled = data[:, j].double().numpy(), drawn[:, j].double().numpy()
        edges = _edges(seen, whole=bool(features.whole[j]))
        tables.append(
            pd.DataFrame(
                {
                    "feature": feature.name,
                    "low": edges[:-1],
                    "high": edges[1:],
                    "data": np.histogram(seen, edges)[0] / len(seen),
                    "flow": np.histogram(sampled, edges)[0] / len(sampled),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _edges(values: np.ndarray, *, whole: bool) -> np.ndarray:
    """Return the edges of at most 40 bins; whole numbers lie in the middle of theirs."""
    low, high = np.quantile(values, [_TAIL, 1 - _TAIL])
    if whole:
        step = max(1, int(np.ceil((high - low + 1) / _BINS)))
        return np.arange(np.floor(low) - 0.5, high + 0.5 + step, step)
    return np.linspace(low, high if high > low else low + 1.0, _BINS + 1)
