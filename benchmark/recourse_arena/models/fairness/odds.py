"""How much a decision model errs against one group more than against another."""

from __future__ import annotations

__all__ = ["odds_gap"]

import math

from torch import Tensor

_FEWEST = 20
"""People of a group and label: a share of fewer says nothing."""


def odds_gap(accepted: Tensor, y: Tensor, groups: Tensor) -> float:
    """Return the equalised-odds difference between groups: 0 where errors fall on all alike, 1 at most.

    It is the larger of two differences between the groups' highest and lowest share of accepted people: among those
    whose true label is favourable, and among those whose is not (Hardt, Price and Srebro, NeurIPS 2016; fairlearn's
    `equalized_odds_difference`). Groups with fewer than 20 people of a label are left out; nan where one is left.

    Arguments:
        accepted: Who is accepted, bool `(people,)`.
        y: True labels, 1 is favourable, `(people,)`.
        groups: Group of each, whole numbers `(people,)`.

    Example:
        >>> accepted = torch.tensor([1, 1, 0, 0, 1, 0, 0, 0]).bool().repeat_interleave(20)
        >>> y, groups = (torch.tensor(values).repeat_interleave(20) for values in ([1, 0] * 4, [0] * 4 + [1] * 4))
        >>> odds_gap(accepted, y, groups)
        0.5
    """
    gaps = []
    for label in (0, 1):
        shares = [
            float(accepted[chosen].double().mean())
            for group in groups.unique().tolist()
            if (chosen := (y == label) & (groups == group)).sum() >= _FEWEST
        ]
        if len(shares) > 1:
            gaps.append(max(shares) - min(shares))
    return max(gaps, default=math.nan)
