"""The models that everything else of a dataset and seed rests on: decision model and causal flow, fitted or kept."""

from __future__ import annotations

__all__ = ["fitted_models", "marginals"]

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.models.causal.fitting import fit_flow
from recourse_arena.models.causal.flow import CausalFlow
from recourse_arena.models.decision.fitting import fit_classifier
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.people.features import FeatureTable
from recourse_arena.people.people import Splits
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.storage.artefact_cache import ArtefactCache

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


Model = TypeVar("Model", bound=nn.Module)


def fitted_models(
    dataset: Dataset, splits: Splits, keys: ModelKeys, *, seed: int, cache: ArtefactCache, report: ProgressHook = silent
) -> tuple[ReluClassifier, CausalFlow]:
    """Return decision model and causal flow, from the cache where they are kept; each counts as half of the work."""

    def half(number: int) -> ProgressHook:
        return lambda share, loss=None: report((number + share) / 2, loss)

    fit = partial(fit_classifier, dataset.decision, splits.decision.train, seed=seed, report=half(0))
    learn = partial(fit_flow, dataset.features, dataset.graph, dataset.flow, splits.flow, seed=seed, report=half(1))
    untrained = partial(ReluClassifier, len(dataset.features), dataset.decision.hidden)
    unfitted = partial(CausalFlow, dataset.features, dataset.graph, dataset.flow)
    classifier = _kept_or_fitted(cache, "classifier", keys.classifier, fit, untrained)
    flow = _kept_or_fitted(cache, "flow", keys.flow, learn, unfitted)
    return classifier, flow


def _kept_or_fitted(
    cache: ArtefactCache, kind: str, key: str, fit: Callable[[], Model], empty: Callable[[], Model]
) -> Model:
    """Return a model fitted now, or an empty one that takes the weights that are kept; ready to be asked."""
    fitted: list[Model] = []

    def make() -> Mapping[str, Tensor]:
        fitted.append(fit())
        return fitted[0].state_dict()

    state, _ = cache.get(kind, key, make)
    if fitted:
        fitted[0].zero_grad()  # what training leaves behind
        return fitted[0]
    with torch.random.fork_rng(devices=[]):  # new networks have weights at random, which are everybody's draws
        model = empty()
    model.load_state_dict(state or {})
    model.eval().requires_grad_(False)
    return model
