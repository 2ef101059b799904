"""The models that everything else of a dataset and seed rests on: decision model and causal flow, fitted or kept."""

from __future__ import annotations

__all__ = ["fitted_decision", "fitted_models", "kept_or_fitted", "marginals", "restored_flow"]

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from recourse_arena.base.errors import ArenaError, described
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.interfaces.decision import Decision
from recourse_arena.interfaces.recipes import FlowRecipe
from recourse_arena.models.causal.fitting import fit_flow
from recourse_arena.models.causal.flow import CausalFlow
from recourse_arena.people.features import FeatureTable
from recourse_arena.people.people import Splits
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.problem.model_protocols import Scores
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


def fitted_models(
    dataset: Dataset,
    decision: Decision,
    splits: Splits,
    keys: ModelKeys,
    *,
    seed: int,
    cache: ArtefactCache,
    report: ProgressHook = silent,
) -> tuple[Scores, CausalFlow | None]:
    """Return decision model and causal flow, from the cache where they are kept; each counts as half of the work.

    There is no flow where there is no causal graph.
    """
    features, shares = dataset.features, 2 if keys.flow else 1

    def part(number: int) -> ProgressHook:
        return lambda share, loss=None: report((number + share) / shares, loss)

    model = fitted_decision(dataset, decision, splits, keys, seed=seed, cache=cache, report=part(0))
    if not keys.flow:
        return model, None
    flow: CausalFlow = kept_or_fitted(
        cache,
        "flow",
        keys.flow,
        fit=lambda: fit_flow(features, dataset.graph, dataset.flow, splits.flow, seed=seed, report=part(1)),
        state=CausalFlow.state_dict,
        restore=lambda state: restored_flow(dataset, dataset.flow, state),
    )
    return model, flow


def fitted_decision(
    dataset: Dataset,
    decision: Decision,
    splits: Splits,
    keys: ModelKeys,
    *,
    seed: int,
    cache: ArtefactCache,
    report: ProgressHook = silent,
) -> Scores:
    """Return the decision model alone, from the cache where it is kept."""
    features, people = dataset.features, splits.decision
    return kept_or_fitted(
        cache,
        "classifier",
        keys.classifier,
        fit=lambda: decision.fit(features, people.train, people.validation, seed=seed, report=report),
        state=decision.state,
        restore=lambda state: decision.restore(features, state),
    )


def kept_or_fitted(
    cache: ArtefactCache,
    kind: str,
    key: str,
    *,
    fit: Callable[[], Model],
    state: Callable[[Model], Mapping[str, Tensor] | None],
    restore: Callable[[Mapping[str, Tensor]], Model],
) -> Model:
    """Return a model fitted now, or restored from what is kept of it; ready to be asked."""
    fitted: list[Model] = []

    def make() -> Mapping[str, Tensor] | None:
        fitted.append(fit())
        return state(fitted[0])

    def check(kept: Mapping[str, Tensor]) -> None:
        fitted.append(_restored(kept, restore, state))

    cache.get(kind, key, make, check=check)
    model = fitted[0]
    if isinstance(model, nn.Module):
        model.zero_grad()  # what training leaves behind
    return model


def _restored(
    kept: Mapping[str, Tensor],
    restore: Callable[[Mapping[str, Tensor]], Model],
    state: Callable[[Model], Mapping[str, Tensor] | None],
) -> Model:
    """Return the model that is kept.

    Raises:
        ArenaError: If the tensors are not those of such a model: others by name, shape or type, undefined or infinite
            numbers in a network, or weights that are all zero, as no training leaves them.
    """
    try:
        model = restore(kept)
    except Exception as error:  # whatever it is, it is made anew
        raise ArenaError(f"not tensors of such a model ({described(error)[:200]})") from None
    expected = state(model) or {}
    for name in sorted({*expected, *kept}):
        one, other = (tensors.get(name) for tensors in (kept, expected))
        if one is None or other is None or (one.shape, one.dtype) != (other.shape, other.dtype):
            raise ArenaError(f"not tensors of such a model: {name!r} is missing, unknown, or of another shape or type")
    numbers = {name: tensor for name, tensor in kept.items() if tensor.is_floating_point()}
    if isinstance(model, nn.Module):
        weights = {name for name, parameter in model.named_parameters() if parameter.ndim > 1}
        for name, tensor in numbers.items():
            if not tensor.isfinite().all():
                raise ArenaError(f"not a trained model: {name!r} holds undefined or infinite numbers")
            if name in weights and not tensor.any():
                raise ArenaError(f"not a trained model: {name!r} is all zero")
    if numbers and not any(tensor.any() for tensor in numbers.values()):
        raise ArenaError("not a trained model: all of its numbers are zero")
    return model


def restored_flow(dataset: Dataset, recipe: FlowRecipe, state: Mapping[str, Tensor]) -> CausalFlow:
    """Return a flow of a dataset's features along its graph with weights that were kept."""
    with torch.random.fork_rng(devices=[]):  # new networks have weights at random, which are everybody's draws
        flow = CausalFlow(dataset.features, dataset.graph, recipe)
    flow.load_state_dict(dict(state))
    return flow.eval().requires_grad_(False)


Model = TypeVar("Model")
