"""The network of a causal flow, read and folded."""

from __future__ import annotations

__all__ = ["FlowNetwork"]

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recourse_arena import CausalFlow
from recourse_arena_frontier.models.folding import ELU, Folded, Layer
from recourse_arena_frontier.models.maps import Affine, Spline, UnivariateMap

_MAPS: dict[int, UnivariateMap] = {2: Affine(), 23: Spline(8)}
"""By number of parameters of a feature: the two kinds that causal flows have."""


@dataclass(frozen=True)
class FlowNetwork:
    """The elementwise maps of some features of a flow, given causes of which some move.

    Arguments:
        model: The flow.
        network: What gives the parameters, folded; its inputs are in data units as far as they move.
        columns: The features whose maps these are.
        map: The kind of map.
        sd: Scale of these features, `(features, 1)`.
    """

    model: CausalFlow
    network: Folded
    columns: Tensor
    map: UnivariateMap
    sd: Tensor

    @classmethod
    def of(cls, model: CausalFlow, moving: Tensor, columns: Tensor, like: Tensor) -> FlowNetwork | None:
        """Return the maps of `columns` where the features `moving` move; none if the flow has another form."""
        try:
            autoregressive = model.network.transform.transforms[0]
            total, hyper = int(autoregressive.total), [*autoregressive.hyper]
            linear, between = hyper[::2], hyper[1::2]
            masks = [layer.mask for layer in linear]
        except (AttributeError, TypeError, IndexError):
            return None
        if total not in _MAPS or not all(isinstance(each, nn.ELU) for each in between):
            return None
        layers = [
            Layer(layer.weight.detach().double(), layer.bias.detach().double(), mask.bool())
            for layer, mask in zip(linear, masks, strict=True)
        ]
        outputs = (columns[:, None] * total + torch.arange(total)).flatten()
        network = Folded.of(layers, ELU, moving, outputs, like)
        first = network.weights[0] / model.sd[moving].to(like)
        network = Folded(**{**vars(network), "weights": (first, *network.weights[1:])})
        return cls(model, network, columns, _MAPS[total], model.sd[columns].to(like)[:, None])

    def __call__(self, change: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Return parameters `(features, parameters, rows)` and the hidden units behind them."""
        found, hidden = self.network(change, constants)
        return found.unflatten(0, (-1, self.map.count)), hidden

    def standardised(self, factual: Tensor) -> Tensor:
        """Return people `(features, people)` as the network sees them, in double precision."""
        model = self.model
        scale = (each.double()[:, None] for each in (model.midpoint, model.mean, model.sd))
        midpoint, mean, sd = scale
        return (factual.double() + midpoint - mean) / sd

    def still_density(self, factual: Tensor) -> Tensor:
        """Return what adds to the log-density but cannot move, `(people,)`: other features, and scales."""
        z, model = self.standardised(factual), self.model
        total = self.map.count
        here = z
        for place, layer in enumerate(self.network.layers):
            here = (layer.weight * layer.connected) @ here + layer.bias[:, None]
            if place < len(self.network.layers) - 1:
                here = self.network.activation.value(here)
        u, log_slope = self.map.value(z, here.unflatten(0, (-1, total)))
        parts = log_slope - 0.5 * u.square()
        parts = parts.index_fill(0, self.columns, 0.0)
        return parts.sum(0) - model.sd.double().log().sum() - 0.5 * len(z) * math.log(2 * math.pi)
