"""Weights and activations in few bits, with gradients that pass straight through the rounding.

References:
    Bengio, Leonard and Courville, Estimating or propagating gradients through stochastic neurons for conditional
    computation, arXiv 1308.3432: the straight-through estimator.

    Esser et al., Learned step size quantization, ICLR 2020, arXiv 1902.08153.

    Choi et al., PACT: parameterized clipping activation for quantized neural networks, arXiv 1805.06085.

    Jang, Gu and Poole, Categorical reparameterization with Gumbel-softmax, ICLR 2017, arXiv 1611.01144.
"""

from __future__ import annotations

__all__ = [
    "CHOICES",
    "ChosenBits",
    "Clipped",
    "Full",
    "Kept",
    "KeptStep",
    "LargestStep",
    "LearnedStep",
    "Quantizer",
    "uniform",
]

from typing import Protocol

import torch
from torch import Generator, Tensor, nn

CHOICES = (2, 3, 4, 8)
"""Bits that are chosen from, for each layer."""

_LEAST = 1e-8


class Quantizer(Protocol):
    """What has codes of weights, whole numbers of so many bits, and the step that they are multiplied with."""

    bits: int

    def codes(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the codes of weights, whole numbers in float, and their step `()`."""
        ...


def straight_through(exact: Tensor, approximate: Tensor) -> Tensor:
    """Return `approximate`, with the gradient of `exact`."""
    return exact + (approximate - exact).detach()


def uniform(weight: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """Return codes and step of uniform symmetric quantization, a step for the whole tensor: `max|w| / (2^(B-1) - 1)`.

    Example:
        >>> codes, step = uniform(torch.tensor([0.9, -0.3, 0.1]), 3)
        >>> codes.tolist(), round(float(step), 4)
        ([3.0, -1.0, 0.0], 0.3)
    """
    most = 2 ** (bits - 1) - 1
    step = (weight.abs().amax() / most).clamp(min=_LEAST)
    return (weight / step).round().clamp(-most, most), step


class Full(nn.Module):
    """Weights in full precision."""

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weights."""
        return weight


class Kept(nn.Module):
    """Weights of which some are 0 and stay so, however they are trained.

    Arguments:
        mask: Which ones are not, of the shape of the weights.
    """

    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weights that are kept."""
        return weight * self.mask


class LargestStep(nn.Module):
    """Weights rounded by the step that their largest one asks for, as :func:`uniform` does.

    Arguments:
        bits: Bits of a weight.
    """

    def __init__(self, bits: int) -> None:
        super().__init__()
        self.bits = bits

    def codes(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return codes and step."""
        return uniform(weight, self.bits)

    def forward(self, weight: Tensor) -> Tensor:
        """Return the rounded weights."""
        codes, step = self.codes(weight.detach())
        return straight_through(weight, codes * step)


class LearnedStep(nn.Module):
    """Weights rounded by a step that is learnt (LSQ): its gradient is scaled by `1 / sqrt(n q_max)`.

    Codes are from `-2^(B-1)` to `q_max = 2^(B-1) - 1`; the step begins as `2 E|w| / sqrt(q_max)`.

    Arguments:
        weight: The weights that it begins with.
        bits: Bits of a weight.
    """

    def __init__(self, weight: Tensor, bits: int) -> None:
        super().__init__()
        self.bits, self.least, self.most = bits, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        self.scale = (weight.numel() * self.most) ** -0.5
        self.step = nn.Parameter((2 * weight.detach().abs().mean() / self.most**0.5).clamp(min=_LEAST))

    def codes(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return codes and step."""
        step = self.step.clamp(min=_LEAST)
        return (weight / step).round().clamp(self.least, self.most), step

    def forward(self, weight: Tensor) -> Tensor:
        """Return the rounded weights."""
        step = self.step.clamp(min=_LEAST)
        step = straight_through(step * self.scale, step)  # the value of the one, the gradient of the other
        within = (weight / step).clamp(self.least, self.most)
        return straight_through(within, within.round()) * step


class KeptStep(LearnedStep):
    """Weights of which some are 0 and stay so, rounded by a step that is learnt.

    Arguments:
        weight: The weights that it begins with.
        bits: Bits of a weight.
        mask: Which ones are not 0, of the shape of the weights.
    """

    mask: Tensor

    def __init__(self, weight: Tensor, bits: int, mask: Tensor) -> None:
        super().__init__(weight[mask > 0], bits)
        self.register_buffer("mask", mask)

    def codes(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return codes and step."""
        return super().codes(weight * self.mask)

    def forward(self, weight: Tensor) -> Tensor:
        """Return the rounded weights."""
        return super().forward(weight * self.mask)


class ChosenBits(nn.Module):
    """Weights rounded to bits that are chosen while they are trained, each choice with a learnt step of its own.

    Forward the choice with the greatest chance plus Gumbel noise is taken, backward its softmax at a temperature. Once
    :meth:`fix` was called it is what was chosen, and draws nothing.

    Arguments:
        weight: The weights that it begins with.
        draws: Where the noise comes from.
    """

    def __init__(self, weight: Tensor, draws: Generator) -> None:
        super().__init__()
        self.each = nn.ModuleList(LearnedStep(weight, bits) for bits in CHOICES)
        self.chances = nn.Parameter(torch.zeros(len(CHOICES)))
        self.temperature, self._draws, self._fixed = 1.0, draws, -1
        self.average = torch.zeros(())
        """Bits that were taken last, with the gradient of the softmax."""

    @property
    def bits(self) -> int:
        """Bits that were chosen."""
        return CHOICES[self._fixed if self._fixed >= 0 else int(self.chances.argmax())]

    def fix(self, choice: int) -> None:
        """Take this choice, by its place, from now on."""
        self._fixed = choice

    def codes(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return codes and step of what was chosen."""
        chosen: LearnedStep = self.each[CHOICES.index(self.bits)]  # type: ignore[assignment]
        return chosen.codes(weight)

    def forward(self, weight: Tensor) -> Tensor:
        """Return the rounded weights."""
        if self._fixed >= 0:
            return self.each[self._fixed](weight)
        noise = torch.empty_like(self.chances).exponential_(generator=self._draws).log()
        soft = ((self.chances - noise) / self.temperature).softmax(-1)
        share = straight_through(soft, torch.eye(len(CHOICES))[soft.argmax()])
        self.average = (share * torch.tensor(CHOICES)).sum()
        return (share[:, None, None] * torch.stack([each(weight) for each in self.each])).sum(0)


class Clipped(nn.Module):
    """A rectifier that is clipped from above by what is learnt, in steps of `clip / (2^B - 1)` (PACT).

    The clip's gradient is 1 where it clips, and 0 elsewhere.

    Arguments:
        bits: Bits of an activation.
        clip: What it begins with.
    """

    def __init__(self, bits: int, clip: float = 6.0) -> None:
        super().__init__()
        self.levels = 2**bits - 1
        self.clip = nn.Parameter(torch.tensor(clip))

    def forward(self, z: Tensor) -> Tensor:
        """Return the activations of `z`, in any precision."""
        clip = self.clip.to(z.dtype).clamp(min=_LEAST)
        step = clip.detach() / self.levels
        within = torch.minimum(z.clamp(min=0), clip)
        return straight_through(within, (within.detach() / step).round() * step)
