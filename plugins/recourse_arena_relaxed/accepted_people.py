"""Other people, of whom a person takes over what they can act on."""

from __future__ import annotations

__all__ = ["donors"]

import torch
from torch import Tensor

from recourse_arena import Request

_TOGETHER = 1 << 22
"""Numbers that are looked at together."""


def donors(request: Request, people: Tensor, most: int) -> Tensor:
    """Return values `(rows, most, features)`: of the cheapest `people` to become, what a person can take over of them.

    Values lie in the person's box, whole where they must be; features that a person cannot act on are as they are.
    Where there are fewer people than `most`, there are as many as there are. The cheapest come first.

    Arguments:
        request: Who takes over, a row each.
        people: Who they take over from, `(people, features)`.
        most: How many there are at most for each.
    """
    most, found = min(most, len(people)), []
    size = max(1, _TOGETHER // max(people.numel(), 1))
    for first in range(0, len(request), size):
        part = request[slice(first, first + size)]
        count = len(part)
        values = people[None].expand(count, -1, -1)
        lower, upper = part.box.lower[:, None], part.box.upper[:, None]
        inside = torch.minimum(torch.maximum(values, lower), upper)
        rounded = torch.minimum(torch.maximum(inside.round(), lower.ceil()), upper.floor())
        inside = torch.where(part.features.whole, rounded, inside)
        mask = part.actionable[:, None]
        values = torch.where(mask, inside, part.factual[:, None])
        cost = part.unit_cost(part.factual[:, None], values, mask, part.weights[:, None])
        cheapest = cost.argsort(dim=1, stable=True)[:, :most]
        found.append(values.gather(1, cheapest[..., None].expand(-1, -1, values.shape[-1])))
    return torch.cat(found) if found else people.new_zeros(0, most, people.shape[1])
