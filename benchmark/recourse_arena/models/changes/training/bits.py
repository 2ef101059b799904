"""Bits of each layer, chosen in training, within a budget by number of weights."""

from __future__ import annotations

__all__ = ["Budget"]

import itertools
from typing import cast

import torch
from torch import Tensor

from recourse_arena.base.errors import NotApplicable
from recourse_arena.models.changes.training.quantizers import CHOICES, ChosenBits
from recourse_arena.models.changes.training.student import Loss, Student

_HOT, _COLD = 5.0, 0.25
"""Temperature at the beginning, and where bits are fixed."""
_FIXED = 0.75
"""Share of the training after which bits stay as they are."""
_CLOSE = 0.1
"""How far off the budget an average may be, where another choice would be nearer."""
_LAYERS = 8


class Budget:
    """Average bits of a weight, kept by the layers of a student.

    What the average of the bits that are taken is off the budget, above or below, is added to the loss; its square
    would hardly count near the budget, and an average of chances is met by chances of far too many and too few bits.

    Arguments:
        student: The student, whose layers choose their bits.
        average: The budget, in bits.
        weight: How much a bit counts.

    Raises:
        NotApplicable: If it has too many layers to compare all choices.
    """

    def __init__(self, student: Student, average: float, weight: float) -> None:
        self._layers = [cast(ChosenBits, layer) for layer in student.weigh]
        if len(self._layers) > _LAYERS:
            raise NotApplicable(
                f"change quantized: bits are chosen for {_LAYERS} layers at most, and the network has "
                f"{len(self._layers)}"
            )
        self._average, self._weight, self._fixed = average, weight, False
        sizes = torch.tensor([float(weights.numel()) for weights in student.weights])
        self._shares = sizes / sizes.sum()

    def added_to(self, loss: Loss) -> Loss:
        """Return a loss with what the budget is missed by."""

        def both(student: Student, batch: Tensor) -> Tensor:
            value = loss(student, batch)
            if self._fixed:
                return value
            average = (self._shares * torch.stack([layer.average for layer in self._layers])).sum()
            return value + self._weight * (average - self._average).abs()

        return both

    def at(self, share: float) -> None:
        """Hear which share of the training is done: the temperature falls, and in the end bits are fixed."""
        if self._fixed:
            return
        if share >= _FIXED:
            for layer, choice in zip(self._layers, self._likeliest(), strict=True):
                layer.fix(choice)
            self._fixed = True
            return
        for layer in self._layers:
            layer.temperature = _HOT * (_COLD / _HOT) ** (share / _FIXED)

    def _likeliest(self) -> tuple[int, ...]:
        """Return the most likely choice of all layers, by its places, of those that keep the budget as well as any."""
        chances = torch.stack([layer.chances.detach().log_softmax(-1) for layer in self._layers])
        every = list(itertools.product(range(len(CHOICES)), repeat=len(self._layers)))
        places = torch.tensor(every)
        off = (torch.tensor(CHOICES)[places] * self._shares).sum(-1) - self._average
        likely = chances.gather(1, places.T).sum(0)
        within = off.abs() <= max(_CLOSE, float(off.abs().min()) + 1e-6)
        return every[int(torch.where(within, likely, -torch.inf).argmax())]
