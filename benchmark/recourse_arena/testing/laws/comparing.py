"""Whether two recommendations are the same advice, and for whom not."""

from __future__ import annotations

__all__ = ["expect_same_advice"]

import torch

from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request
from recourse_arena.testing.laws.law import expect

_ROUNDING = 1e-4
"""How far values may differ, relative to the standard deviation of the feature: sums are rounded otherwise in batches
of other sizes."""


def expect_same_advice(request: Request, one: Recommendation, other: Recommendation, when: str) -> None:
    """Raise what differs between two answers to a request, if anything does but rounding.

    Arguments:
        request: The request.
        one: An answer.
        other: Another one, to the same people in the same order.
        when: Where the other answer comes from, for the message.
    """
    for i, (before, after) in enumerate(zip(one.outcomes, other.outcomes, strict=True)):
        expect(before == after, f"person {i} is {before}, but {after} {when}")
    acted = [(one.mask & one.solved[:, None]), (other.mask & other.solved[:, None])]
    differs = (acted[0] != acted[1]).nonzero()
    if len(differs):
        i, j = differs[0].tolist()
        expect(False, f"person {i}: whether to act on {request.features.names[j]!r} is answered otherwise {when}")
    apart = torch.where(acted[0], (one.values - other.values).abs() / request.unit_cost.sd, 0.0)
    if not bool((apart <= _ROUNDING).all()):
        i, j = divmod(int(apart.nan_to_num(nan=torch.inf).argmax()), apart.shape[1])
        values = f"{one.values[i, j]:g}, but {other.values[i, j]:g}"
        expect(False, f"person {i}: {request.features.names[j]!r} is to become {values} {when}")
