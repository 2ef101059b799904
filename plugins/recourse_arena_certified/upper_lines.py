"""Linear functions of moves above sums of a ReLU network's neurons, for many boxes of moves at once."""

from __future__ import annotations

__all__ = ["UpperLines"]

import torch
from torch import Tensor


class UpperLines:
    """Functions through the layers that have been passed; between two layers stands a ReLU.

    References:
        Zhang et al., Efficient neural network robustness certification with general activation functions (NeurIPS
        2018).
    """

    def __init__(self, boxes: int) -> None:
        self._boxes = boxes
        self._layers: list[tuple[Tensor, Tensor]] = []
        self._lines: list[tuple[Tensor, Tensor, Tensor]] = []

    def above(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is never below a sum of the last layer's outputs: slopes and offset of linear functions of moves.

        Arguments:
            weight: Factors of the outputs, or of moves before the first layer, `(sums, outputs)`; before that the
                boxes may have factors of their own, `(boxes, sums, moves)`.
            bias: What is added, `(sums,)`, or `(boxes, sums)`.

        Returns:
            `(boxes, sums, moves)` and `(boxes, sums)`.
        """
        slope, offset = weight.expand(self._boxes, *weight.shape[-2:]), bias.expand(self._boxes, -1)
        for (weight, bias), (upper, rise, lower) in zip(self._layers[::-1], self._lines[::-1], strict=True):
            plus, minus = slope.clamp(min=0), slope.clamp(max=0)
            slope = plus * upper[:, None] + minus * lower[:, None]
            offset = offset + (plus * rise[:, None]).sum(-1) + (slope @ bias[..., None])[..., 0]
            slope = slope @ weight
        return slope, offset

    def passed(self, weight: Tensor, bias: Tensor, least: Tensor, greatest: Tensor) -> None:
        """Pass a layer, whose inputs to the ReLU are between `least` and `greatest` `(boxes, outputs)`."""
        on, off = (least >= 0).to(least), (greatest <= 0).to(least)
        open_ = (1 - on) * (1 - off)
        chord = greatest / (greatest - least).clamp(min=1e-12)
        lower = torch.maximum(on, open_ * (greatest > -least))
        self._layers.append((weight, bias))
        self._lines.append((on + open_ * chord, -open_ * chord * least, lower))
