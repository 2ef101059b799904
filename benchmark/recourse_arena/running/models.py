"""The models that everything else of a dataset and seed rests on: decision model and causal flow, fitted or kept."""

from __future__ import annotations

__all__ = ["fitted_models"]

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn

from recourse_arena.base.progress_hook import Report, unheard
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.models.causal.fitting import fit_flow
from recourse_arena.models.causal.flow import CausalFlow
from recourse_arena.models.decision.fitting import fit_classifier
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.people.people import Splits
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.storage.artefact_cache import ArtefactCache


def fitted_models(
    dataset: Dataset, splits: Splits, keys: ModelKeys, *, seed: int, cache: ArtefactCache, report: Report = unheard
) -> tuple[ReluClassifier, CausalFlow]:
    """Return decision model and causal flow, from the cache where they are kept; each counts as half of the work."""

    def half(number: int) -> Report:
        return lambda share, loss=None: report((number + share) / 2, loss)

    fit = partial(fit_classifier, dataset.decision, splits.decision.train, seed=seed, report=half(0))
    learn = partial(fit_flow, dataset.features, dataset.graph, dataset.flow, splits.flow, seed=seed, report=half(1))
    with torch.random.fork_rng(devices=[]):  # new networks have weights at random, which are everybody's draws
        classifier = ReluClassifier(len(dataset.features), dataset.decision.hidden)
        flow = CausalFlow(dataset.features, dataset.graph, dataset.flow)
    _restore(classifier, cache.get("classifier", keys.classifier, lambda: fit().state_dict())[0])
    _restore(flow, cache.get("flow", keys.flow, lambda: learn().state_dict())[0])
    return classifier, flow


def _restore(model: nn.Module, state: Mapping[str, Tensor] | None) -> None:
    model.load_state_dict(state or {})
    model.eval().requires_grad_(False)
