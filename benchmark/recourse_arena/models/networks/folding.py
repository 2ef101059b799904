"""A network of which only some inputs move: what they do not reach becomes constants of a person."""

from __future__ import annotations

__all__ = ["ELU", "RELU", "Activation", "AffineLayer", "Folded"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from recourse_arena.models.networks.products import product


class AffineLayer(NamedTuple):
    """An affine map.

    Arguments:
        weight: `(outputs, inputs)`, in double precision.
        bias: `(outputs,)`.
        connected: Which entries of the weight can be other than 0, bool `(outputs, inputs)`.
    """

    weight: Tensor
    bias: Tensor
    connected: Tensor

    @classmethod
    def dense(cls, weight: Tensor, bias: Tensor) -> AffineLayer:
        """Return a map all entries of whose weight can be other than 0."""
        return cls(weight.double(), bias.double(), torch.ones_like(weight, dtype=torch.bool))

    def __call__(self, x: Tensor) -> Tensor:
        """Return the map of `x` `(inputs, people)` in double precision, `(outputs, people)`."""
        return (self.weight * self.connected) @ x.double() + self.bias[:, None]


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
    part of the constants of a person, which are what enters each activation while nothing moves yet. A flow of Loan
    shrinks from 7-64-64-14 to 4-32-32-4 where its four actionable features move. People are columns.

    Arguments:
        layers: All layers, in double precision.
        activation: What stands between them.
        inputs: The inputs that move, indices.
        outputs: The outputs that are asked for, indices.
        units: The units of each layer that move and matter, indices.
        moving: Which places of `outputs` move, indices.
        weights: Weights between what moves, `(units of a layer, units of the layer before)`.

    Example:
        >>> sizes = ((3, 2), (1, 3))
        >>> maps = [AffineLayer.dense(torch.ones(size), torch.arange(size[0])) for size in sizes]
        >>> network = Folded.of(maps, RELU, torch.tensor([0]), torch.tensor([0]), torch.zeros(()))
        >>> network(torch.tensor([[0.5]]), network.constants(torch.tensor([[1.0], [2.0]])))[0]
        tensor([[13.5000]])
    """

    layers: tuple[AffineLayer, ...]
    activation: Activation
    inputs: Tensor
    outputs: Tensor
    units: tuple[Tensor, ...]
    moving: Tensor
    weights: tuple[Tensor, ...]

    @classmethod
    def of(
        cls, layers: Sequence[AffineLayer], activation: Activation, inputs: Tensor, outputs: Tensor, like: Tensor
    ) -> Folded:
        """Return the layers folded, in the precision and on the device of `like`.

        Arguments:
            layers: The layers.
            activation: What stands between two of them.
            inputs: The inputs that move, indices.
            outputs: The outputs that are asked for, indices.
            like: Any tensor of the precision that is wanted.
        """
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
        moving = sets[-1][outputs].nonzero()[:, 0]
        units = (*(each.nonzero()[:, 0] for each in sets[:-1]), outputs[moving])
        weights = tuple(
            (layer.weight * layer.connected)[rows][:, columns].to(like)
            for layer, rows, columns in zip(layers, units, (inputs, *units[:-1]), strict=True)
        )
        return cls(tuple(layers), activation, inputs, outputs, units, moving, weights)

    def scaled(self, scale: Tensor) -> Folded:
        """Return the network whose inputs move by multiples of `scale` `(inputs,)` where they moved by 1."""
        first, *others = self.weights
        return replace(self, weights=(first * scale.to(first), *others))

    def constants(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Return what of people `inputs` `(inputs, people)` does not move, in double precision.

        That is what enters the units of each layer without what comes from moving units of the layer before, for the
        first layer with it; and last all outputs that are asked for, while nothing moves.
        """
        found, here, columns = [], inputs.double(), None
        for layer, rows in zip(self.layers, self.units, strict=True):
            before = layer(here)
            fixed = before[rows]
            if columns is not None:
                fixed = fixed - (layer.weight * layer.connected)[rows][:, columns] @ here[columns]
            found.append(fixed)
            here, columns = self.activation.value(before), rows
        return (*found, before[self.outputs])

    def __call__(self, change: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Return the outputs asked for `(outputs, rows)`, and the hidden units behind them; no gradients pass.

        Arguments:
            change: How far moving inputs have moved, `(inputs, rows)`.
            constants: Those of the person of each row, or of everybody, `(units, 1)`, where they are the same. The last
                is not needed if all outputs move.
        """
        hidden, here = [], change
        for weight, constant in zip(self.weights[:-1], constants, strict=False):
            here = self.activation.value(product(weight, here).add_(constant))
            hidden.append(here)
        moved = product(self.weights[-1], here).add_(constants[len(self.layers) - 1])
        if len(self.moving) == len(self.outputs):
            return moved, hidden
        still = constants[len(self.layers)].expand(-1, moved.shape[1])
        return still.index_copy(0, self.moving, moved), hidden

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
            pull = product(weight.T, pull.flatten(1)).unflatten(1, pull.shape[1:])
            pull = pull * (slope if pull.dim() == slope.dim() else slope[:, None])
        return product(self.weights[0].T, pull.flatten(1)).unflatten(1, pull.shape[1:])

    def differentiable(self, change: Tensor, constants: Sequence[Tensor]) -> Tensor:
        """Return the outputs asked for `(outputs, rows)`; gradients pass to the change, not to constants."""
        found: Tensor = _Differentiable.apply(change, self, tuple(constants))
        return found


class _Differentiable(torch.autograd.Function):
    """The outputs of a folded network, and their slopes along what moves."""

    @staticmethod
    def forward(ctx: Any, change: Tensor, network: Folded, constants: tuple[Tensor, ...]) -> Tensor:
        """Return the outputs."""
        found, hidden = network(change, constants)
        ctx.network = network
        ctx.save_for_backward(*hidden)
        return found

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, pull: Tensor) -> tuple[Tensor, None, None]:
        """Return the slopes along moving inputs, from those along outputs."""
        return ctx.network.back(pull, ctx.saved_tensors), None, None
