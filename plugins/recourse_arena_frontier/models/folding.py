"""A network of which only some inputs move: what they do not reach becomes constants of a person."""

from __future__ import annotations

__all__ = ["ELU", "RELU", "Activation", "Folded", "Layer"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor


class Layer(NamedTuple):
    """An affine map.

    Arguments:
        weight: `(outputs, inputs)`, in double precision.
        bias: `(outputs,)`.
        connected: Which entries of the weight can be other than 0, bool `(outputs, inputs)`.
    """

    weight: Tensor
    bias: Tensor
    connected: Tensor


class Activation(NamedTuple):
    """What stands between two layers, and its slope by what it gives."""

    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]


RELU = Activation(torch.relu, lambda h: (h > 0).to(h.dtype))
ELU = Activation(torch.nn.functional.elu, lambda h: h.clamp(max=0) + 1)


@dataclass(frozen=True)
class Folded:
    """Affine layers with an activation between two, as a function of the change of some inputs.

    Hidden units that no moving input reaches, or that reach no output that is asked for, do not appear: the former are
    part of the constants of a person, which are what enters each activation while nothing moves yet.

    Arguments:
        layers: All layers, in double precision.
        activation: What stands between them.
        units: The units of each layer that move and matter, indices.
        inputs: The inputs that move, indices.
        outputs: The outputs that are asked for, indices.
        moving: Which places of `outputs` move, indices.
        weights: Weights between what moves, `(units of a layer, units of the layer before)`.
    """

    layers: tuple[Layer, ...]
    activation: Activation
    inputs: Tensor
    outputs: Tensor
    units: tuple[Tensor, ...]
    moving: Tensor
    weights: tuple[Tensor, ...]

    @classmethod
    def of(
        cls, layers: Sequence[Layer], activation: Activation, inputs: Tensor, outputs: Tensor, like: Tensor
    ) -> Folded:
        """Return the layers folded, in the precision and on the device of `like`."""
        reached, sets = torch.zeros(layers[0].weight.shape[1], dtype=torch.bool), []
        reached[inputs] = True
        for layer in layers:
            reached = (layer.connected & reached).any(1)
            sets.append(reached)
        asked = torch.zeros_like(sets[-1])
        asked[outputs] = True
        for place in reversed(range(len(layers))):
            sets[place] = sets[place] & asked
            asked = layers[place].connected[sets[place]].any(0)
        units = tuple(each.nonzero()[:, 0] for each in sets)
        moving = sets[-1][outputs].nonzero()[:, 0]
        units = (*units[:-1], outputs[moving])
        before = (inputs, *units[:-1])
        weights = tuple(
            (layer.weight * layer.connected)[rows][:, columns].to(like)
            for layer, rows, columns in zip(layers, units, before, strict=True)
        )
        return cls(tuple(layers), activation, inputs, outputs, units, moving, weights)

    def constants(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Return what of people `inputs` `(inputs, people)` does not move, in double precision.

        That is what enters the units of each layer without what comes from moving units of the layer before, for the
        first layer with it; and last all outputs that are asked for, while nothing moves.
        """
        found, here, columns = [], inputs.double(), None
        for layer, rows in zip(self.layers, self.units, strict=True):
            weight = layer.weight * layer.connected
            before = weight @ here + layer.bias[:, None]
            fixed = before[rows]
            if columns is not None:
                fixed = fixed - weight[rows][:, columns] @ here[columns]
            found.append(fixed)
            here, columns = self.activation.value(before), rows
        return (*found, before[self.outputs])

    def __call__(self, change: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Return the outputs asked for `(outputs, rows)`, and the hidden units behind them.

        Arguments:
            change: How far moving inputs have moved, `(inputs, rows)`.
            constants: Those of the person of each row.
        """
        hidden, here = [], change
        for weight, constant in zip(self.weights[:-1], constants, strict=False):
            here = self.activation.value(torch.addmm(constant, weight, here))
            hidden.append(here)
        moved = torch.addmm(constants[-2], self.weights[-1], here)
        if len(self.moving) == len(self.outputs):
            return moved, hidden
        return constants[-1].index_copy(0, self.moving, moved), hidden

    def back(self, pull: Tensor, hidden: Sequence[Tensor]) -> Tensor:
        """Return the slopes along moving inputs `(inputs, ..., rows)`, from those along outputs `(outputs, ..., rows)`.

        Arguments:
            pull: Slopes along the outputs that are asked for.
            hidden: The hidden units, as they were returned.
        """
        if len(self.moving) != len(self.outputs):
            pull = pull[self.moving]
        for weight, here in zip(reversed(self.weights[1:]), reversed(hidden), strict=True):
            slope = self.activation.slope(here)
            pull = (weight.T @ pull.flatten(1)).unflatten(1, pull.shape[1:])
            pull = pull * (slope if pull.dim() == slope.dim() else slope[:, None])
        return (self.weights[0].T @ pull.flatten(1)).unflatten(1, pull.shape[1:])
