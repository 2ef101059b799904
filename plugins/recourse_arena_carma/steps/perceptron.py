"""A ReLU network to be trained, whose slopes are written out: one tensor of weights, products in the fastest way."""

from __future__ import annotations

__all__ = ["Perceptron"]

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recourse_arena import product


@dataclass(frozen=True)
class Perceptron:
    """Some inputs and outputs of a ReLU network, with all its weights in one tensor that is trained.

    Inputs that are always 0 and outputs that nobody reads need not be trained; they stay in the network as they are.

    Arguments:
        network: The network: linear layers with a ReLU between two.
        inputs: The inputs that are given, indices.
        outputs: The outputs that are asked for, indices.
        weights: Weight `(outputs, inputs)` and bias of each layer, one after the other, `(numbers,)`.
        layers: Weight and bias of each layer: views of all weights.
        slopes: Views of the slopes along all weights in the same way.
    """

    network: nn.Sequential
    inputs: Tensor
    outputs: Tensor
    weights: nn.Parameter
    layers: list[tuple[Tensor, Tensor]]
    slopes: list[tuple[Tensor, Tensor]]

    @classmethod
    def of(cls, network: nn.Sequential, inputs: Tensor, outputs: Tensor) -> Perceptron:
        """Return the part of a network between some inputs and outputs."""
        parts = [
            part
            for layer, rows, columns in _reached(network, inputs, outputs)
            for part in (layer.weight.detach()[rows[:, None], columns], layer.bias.detach()[rows])
        ]
        weights = nn.Parameter(torch.cat([part.flatten() for part in parts]))
        weights.grad = torch.zeros_like(weights)
        layers, slopes = (
            [part.view(like.shape) for part, like in zip(whole.split([p.numel() for p in parts]), parts, strict=True)]
            for whole in (weights.detach(), weights.grad)
        )
        pairs = [list(zip(each[::2], each[1::2], strict=True)) for each in (layers, slopes)]
        return cls(network, inputs, outputs, weights, *pairs)

    def __call__(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the outputs `(people, outputs)` of people `(people, inputs)`, and what enters each layer."""
        kept: list[Tensor] = []
        for weight, bias in self.layers:
            kept.append(x if not kept else x.relu_())
            x = product(x, weight.T).add_(bias)
        return x, kept

    def back(self, pull: Tensor, kept: list[Tensor], last: int = 0) -> Tensor:
        """Write the slopes along all weights, and return those along the `last` inputs, `(people, last)`.

        Arguments:
            pull: Slopes along the outputs, `(people, outputs)`.
            kept: What entered each layer.
            last: How many of the inputs are asked about.
        """
        for place in reversed(range(len(kept))):
            weight, bias = self.slopes[place]
            torch.sum(pull, 0, out=bias)
            weight.copy_(product(pull.T, kept[place]))
            if place:
                pull = torch.ops.aten.threshold_backward(product(pull, self.layers[place][0]), kept[place], 0)
        first = self.layers[0][0]
        return product(pull, first[:, first.shape[1] - last :]) if last else pull[:, :0]

    @torch.no_grad()
    def write_back(self) -> None:
        """Write what was trained into the network."""
        reached = _reached(self.network, self.inputs, self.outputs)
        for (layer, rows, columns), (weight, bias) in zip(reached, self.layers, strict=True):
            layer.weight[rows[:, None], columns] = weight
            layer.bias[rows] = bias


def _reached(network: nn.Sequential, inputs: Tensor, outputs: Tensor) -> list[tuple[nn.Linear, Tensor, Tensor]]:
    """Return each layer with the outputs and inputs that are trained, indices."""
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    ends = [inputs, *(torch.arange(layer.out_features) for layer in layers[:-1]), outputs]
    return list(zip(layers, ends[1:], ends[:-1], strict=True))
