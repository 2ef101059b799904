"""The subproblem of a step: the cheapest values for which a linearised logit is high enough, in closed form."""

from __future__ import annotations

__all__ = ["allocate"]

import torch
from torch import Tensor

_HALVINGS = 40
"""Steps of the search for the multiplier of squares."""

_TINY = 1e-12


def allocate(
    gap: Tensor, slope: Tensor, price: Tensor, factual: Tensor, values: Tensor, lower: Tensor, upper: Tensor, power: int
) -> tuple[Tensor, Tensor]:
    """Return the cheapest values within bounds that raise a linear function by `gap`, and the multipliers.

    That is `min sum_j price_j |v_j - factual_j| ** power` subject to `slope . (v - values) >= gap` and bounds. One
    linear constraint, bounds and a separable cost: for power 1 a fractional knapsack, what gains most for its price
    first; for power 2 a search for the multiplier. Where nothing raises it enough, all that raises it is used.

    Arguments:
        gap: By how much, `(rows,)`.
        slope: Of the function, `(rows, columns)`.
        price: Of a change, `(rows, columns)`.
        factual: From where changes are counted, `(rows, columns)`.
        values: From where the function is counted, `(rows, columns)`.
        lower: Least values, `(rows, columns)`.
        upper: Greatest values, `(rows, columns)`.
        power: 1 or 2.

    Returns:
        The values `(rows, columns)`, and what the last bit of gain costs per unit `(rows,)`.

    Example:
        >>> row = lambda *numbers: torch.tensor([numbers])
        >>> zero, one = torch.zeros(1, 2), torch.ones(1, 2)
        >>> allocate(torch.tensor([2.0]), row(1.0, 4.0), one, zero, zero, zero, row(9.0, 0.25), 1)
        (tensor([[1.0000, 0.2500]]), tensor([1.]))
    """
    cheapest = torch.minimum(torch.maximum(factual, lower), upper)
    far = torch.where(slope > 0, upper, torch.where(slope < 0, lower, cheapest))
    if power == 1:
        return _knapsack(gap - (slope * (cheapest - values)).sum(1), slope, price, cheapest, far)
    return _squares(gap, slope, price, factual, values, lower, upper, far)


def _knapsack(gap: Tensor, slope: Tensor, price: Tensor, start: Tensor, far: Tensor) -> tuple[Tensor, Tensor]:
    gain = slope * (far - start)
    dearness = torch.where(gain > 0, price / slope.abs().clamp(min=_TINY), torch.inf)
    order = dearness.argsort(dim=1, stable=True)
    sorted_gain = gain.gather(1, order)
    before = sorted_gain.cumsum(1) - sorted_gain
    share = ((gap[:, None] - before) / sorted_gain.clamp(min=_TINY)).clamp(0.0, 1.0)
    share = torch.where(sorted_gain > 0, share, 0.0)
    share = torch.zeros_like(share).scatter(1, order, share)
    multiplier = torch.where(share > 0, dearness, 0.0).amax(1)
    return torch.where(share < 1, start + share * (far - start), far), multiplier


def _squares(
    gap: Tensor,
    slope: Tensor,
    price: Tensor,
    factual: Tensor,
    values: Tensor,
    lower: Tensor,
    upper: Tensor,
    far: Tensor,
) -> tuple[Tensor, Tensor]:
    pull = slope / (2 * price.clamp(min=_TINY))
    least = torch.zeros_like(gap)
    most = torch.where(slope != 0, (far - factual) / torch.where(pull != 0, pull, 1.0), 0.0).amax(1).clamp(min=0.0)

    def at(multiplier: Tensor) -> Tensor:
        return torch.minimum(torch.maximum(factual + multiplier[:, None] * pull, lower), upper)

    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        enough = (slope * (at(middle) - values)).sum(1) >= gap
        least, most = torch.where(enough, least, middle), torch.where(enough, middle, most)
    return at(most), most
