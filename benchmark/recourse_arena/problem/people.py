"""People with their true labels, and how they are split."""

from __future__ import annotations

__all__ = ["People", "Split", "Splits"]

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class People:
    """A batch of people.

    Arguments:
        x: Features, float `(people, features)`.
        y: True label, float `(people,)`: 1 is favourable.
    """

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Split:
    """Training, validation and test people."""

    train: People
    validation: People
    test: People


@dataclass(frozen=True)
class Splits:
    """The people each model learns from, and those who ask for recourse; the three may be the same."""

    decision: Split
    flow: Split
    recourse: Split
