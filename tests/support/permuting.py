"""A plugin for tests: a change that puts hidden units into another order, which changes nothing."""

from __future__ import annotations

import copy

import torch

from recourse_arena import Change, hookimpl
from recourse_arena.base.progress_hook import silent


class Permuted(Change):
    """The same network with its hidden units in another order."""

    name, version, summary = "permuted", "1", "hidden units in another order"

    def models(self, fitted, *, seed, report=silent):
        model = copy.deepcopy(fitted.model)
        first, _, last = model.layers
        order = torch.randperm(first.out_features, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            first.weight.copy_(first.weight[order])
            first.bias.copy_(first.bias[order])
            last.weight.copy_(last.weight[:, order])
        return {"permuted": model}

    def state(self, fitted, model):
        return model.state_dict()

    def restore(self, fitted, state):
        model = copy.deepcopy(fitted.model)
        model.load_state_dict(dict(state))
        return model


@hookimpl
def recourse_changes():
    return [Permuted]
