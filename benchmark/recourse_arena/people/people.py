"""People with their true labels, and how they are split."""

from __future__ import annotations

__all__ = ["People", "Split", "Splits"]

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class People:
    """A batch of people.

    Arguments:
        x: Features, float `(people, features)`.
        y: True label, float `(people,)`: 1 is favourable.
        attributes: What no model and no solver sees, float `(people, attributes)` in the order of
            `Dataset.attributes`; none if the dataset has none.
    """

    x: Tensor
    y: Tensor
    attributes: Tensor | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, people: slice | Tensor) -> People:
        """Return some of the people: a slice, or indices or a bool tensor `(people,)`."""
        attributes = None if self.attributes is None else self.attributes[people]
        return People(self.x[people], self.y[people], attributes)

    def seen(self) -> People:
        """Return the people as models and solvers see them: without attributes."""
        return replace(self, attributes=None)


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
