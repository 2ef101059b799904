"""Training people from whom features are taken over."""

from __future__ import annotations

__all__ = ["Donors"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Asking

_FIRST, _MORE = 16, 256
"""How many donors of a person are tried at once: at first, and at most."""


@dataclass(frozen=True)
class Donors:
    """Training people, and how far people are from them.

    Arguments:
        x: The donors, `(donors, features)`.
        span: What a change of each number is divided by, `(features,)`.
        categorical: Which features hold codes, bool `(features,)`.
    """

    x: Tensor
    span: Tensor
    categorical: Tensor

    @classmethod
    def of(cls, x: Tensor, everybody: Tensor, categorical: Tensor) -> Donors:
        """Return donors `x`, on the scale of the range over `everybody`, `(people, features)` each."""
        span = (everybody.amax(0) - everybody.amin(0)).double()
        return cls(x, torch.where(span > 0, span, 1.0), categorical)

    def __len__(self) -> int:
        return len(self.x)

    def apart(self, factual: Tensor, values: Tensor) -> Tensor:
        """Return how far values are from the factual in each feature, in shares of its range; categories 0 or 1.

        Both are `(..., features)`, and broadcast; the result is in double precision.
        """
        change = (values.double() - factual.double()).abs() / self.span
        return torch.where(self.categorical, (values != factual).double(), change)

    def taken(self, asking: Asking, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return what people take over of their donors, bool `(..., people, features)`, and the donors' features.

        It is what is free, lies in their box, and differs.

        Arguments:
            asking: The people.
            index: A donor of each, long `(..., people)`.
        """
        values = self.x[index]
        return asking.inside(values) & (values != asking.request.factual), values

    def first(self, asking: Asking, order: Tensor, allowed: Tensor | None = None) -> Tensor:
        """Return the first donor of each person whom they can take over from and be accepted, -1 for none.

        Arguments:
            asking: The people.
            order: Donors of each, the first to be tried first, long `(people, most)`.
            allowed: Whom each may try, bool `(people, donors)`; default: everybody.
        """
        found = torch.full((len(order),), -1, dtype=torch.int64)
        start, size = 0, _FIRST
        while start < order.shape[1] and len(rows := (found < 0).nonzero()[:, 0]):
            index = order[rows, start : start + size].T
            here = asking[rows]
            mask, values = self.taken(here, index)
            works = here.accepts(mask, values) & mask.any(-1)
            if allowed is not None:
                works &= allowed[rows, index]
            hit = works.any(0)
            found[rows[hit]] = index.gather(0, works.int().argmax(0)[None])[0][hit]
            start, size = start + size, min(4 * size, _MORE)
        return found
