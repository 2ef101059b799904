"""What changed ReLU networks are: few bits a weight, few bits an activation, another threshold."""

from __future__ import annotations

__all__ = ["ClippedNetwork", "QuantizedRelu", "linear_layers", "moved", "plain"]

import copy
from collections.abc import Mapping, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn, no_grad
from torch.nn.functional import linear

from recourse_arena.interfaces.change import Size
from recourse_arena.models.changes.training.quantizers import Clipped
from recourse_arena.models.changes.training.student import linear_layers
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.people.encoding import Encoding

_FULL = 32
"""Bits of a number that is not quantized."""


def plain(base: ReluClassifier, weights: Sequence[Tensor], biases: Sequence[Tensor]) -> ReluClassifier:
    """Return a network of the shape and scale of another, with weights of its own."""
    model = copy.deepcopy(base)
    for layer, weight, bias in zip(linear_layers(model), weights, biases, strict=True):
        layer.weight.copy_(weight.detach())
        layer.bias.copy_(bias.detach())
    return model.eval().requires_grad_(False)


class QuantizedRelu(ReluClassifier):
    """A ReLU network whose weights are whole numbers times a step for each layer.

    Arguments:
        base: The network that it was.
        packed: `layers.K.codes` (whole numbers), `layers.K.step` and `layers.K.bias` of its affine maps, and the `bits`
            of a code of each `(layers,)`.
    """

    def __init__(self, base: ReluClassifier, packed: Mapping[str, Tensor]) -> None:
        before = linear_layers(base)
        with torch.random.fork_rng(devices=[]):  # new networks have weights at random, which are everybody's draws
            super().__init__(base.encoding.features, tuple(layer.out_features for layer in before[:-1]))
        self.set_scale(base.encoding)
        self.packed, self.bits = dict(packed), tuple(packed["bits"].tolist())
        with no_grad():
            for k, layer in enumerate(linear_layers(self)):
                codes, step = packed[f"layers.{k}.codes"], packed[f"layers.{k}.step"]
                layer.weight.copy_(codes.to(step.dtype) * step)
                layer.bias.copy_(packed[f"layers.{k}.bias"])
        self.eval().requires_grad_(False)

    @classmethod
    def of(
        cls, base: ReluClassifier, coded: Sequence[tuple[Tensor, Tensor]], biases: Sequence[Tensor], bits: Sequence[int]
    ) -> QuantizedRelu:
        """Return the network of codes and step, biases, and bits of each layer."""
        packed = {"bits": torch.tensor(list(bits), dtype=torch.int8)}
        for k, ((codes, step), bias) in enumerate(zip(coded, biases, strict=True)):
            packed[f"layers.{k}.codes"] = codes.detach().to(torch.int8 if bits[k] <= 8 else torch.int16)
            packed[f"layers.{k}.step"] = step.detach().clone()
            packed[f"layers.{k}.bias"] = bias.detach().clone()
        return cls(base, packed)

    @property
    def size(self) -> Size:
        """Bits by parameter (biases are not quantized), and bytes with steps and scale, codes side by side."""
        layers = linear_layers(self)
        weights, biases = sum(m.weight.numel() for m in layers), sum(m.bias.numel() for m in layers)
        coded = sum(m.weight.numel() * bits for m, bits in zip(layers, self.bits, strict=True))
        bits = coded + biases * _FULL
        around = (len(layers) + self.mean.numel() + self.sd.numel()) * _FULL
        return Size(bits / (weights + biases), -(-(bits + around) // 8))


class ClippedNetwork(nn.Module):
    """A network of quantized weights whose activations are clipped, and rounded as well.

    All of it is worked out in double precision: in single precision the last bits of what is rounded, and with them
    whole steps, would depend on who else is asked about.

    Arguments:
        network: Its weights.
        clips: Where activations are clipped, `(hidden layers,)`.
        bits: Bits of an activation.
    """

    clips: Tensor

    def __init__(self, network: QuantizedRelu, clips: Tensor, bits: int) -> None:
        super().__init__()
        self.network, self.bits = network, bits
        self.register_buffer("clips", clips.detach().clone())
        self._round = [Clipped(bits, float(clip)).requires_grad_(False) for clip in clips]

    @property
    def encoding(self) -> Encoding:
        """How people look to it."""
        return self.network.encoding

    @property
    def packed(self) -> dict[str, Tensor]:
        """Codes, steps and biases of its affine maps, and its clips."""
        return {**self.network.packed, "clips": self.clips}

    @property
    def size(self) -> Size:
        """Bits by parameter, and bytes; a clip is kept in full."""
        bits, kept = self.network.size
        return Size(bits, (kept or 0) + self.clips.numel() * _FULL // 8)

    def encoded_logit(self, z: Tensor) -> Tensor:
        """Return the log odds `(...,)` of encoded columns `(..., columns)`, in double precision."""
        z, layers = z.double(), linear_layers(self.network)
        for k, layer in enumerate(layers):
            z = linear(z, layer.weight.double(), layer.bias.double())
            if k < len(self._round):
                z = self._round[k](z)
        return z.squeeze(-1)

    def logit(self, x: Tensor) -> Tensor:
        """Return the log odds `(...,)` of a positive decision for people `x` `(..., features)`, in double precision."""
        return self.encoded_logit(self.encoding.encode(x.double()))

    def probability(self, x: Tensor) -> Tensor:
        """Return the probability `(...,)` of a positive decision."""
        return self.logit(x).sigmoid()

    def accepts(self, x: Tensor) -> Tensor:
        """Return who is decided positively, bool `(...,)`."""
        with no_grad():
            return self.logit(x) >= 0


Network = TypeVar("Network", bound="ReluClassifier | ClippedNetwork")


def moved(model: Network, by: float) -> Network:
    """Return a copy of a network with `by` added to its logit: its last bias is another one."""
    found = copy.deepcopy(model)
    inner = found.network if isinstance(found, ClippedNetwork) else found
    layers = linear_layers(inner)
    with no_grad():
        layers[-1].bias.add_(by)
    if isinstance(inner, QuantizedRelu):
        inner.packed[f"layers.{len(layers) - 1}.bias"] = layers[-1].bias.detach().clone()
    return found
