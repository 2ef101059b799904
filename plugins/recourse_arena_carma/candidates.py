"""Which sets of features are worth a try for a person, likeliest first."""

from __future__ import annotations

__all__ = ["Candidates", "pick"]

from dataclasses import dataclass

import torch
from torch import Tensor


def pick(log_odds: Tensor, mask: Tensor) -> Tensor:
    """Return the features of `mask` to act on, bool `(people, features)`: `phi_1 > phi_0`, else the likeliest.

    Someone who asks must act on something.

    Example:
        >>> pick(torch.tensor([[1.0, 2.0, 3.0], [-2.0, -1.0, 0.5]]), torch.tensor([[True, True, False]] * 2)).tolist()
        [[True, True, False], [False, True, False]]
    """
    chosen = mask & (log_odds > 0)
    likeliest = torch.where(mask, log_odds, -torch.inf).argmax(1, keepdim=True)
    fallback = torch.zeros_like(mask).scatter(1, likeliest, True) & mask
    return torch.where(chosen.any(1, keepdim=True), chosen, fallback)


@dataclass(frozen=True)
class Candidates:
    """Sets of features to try for each person.

    Arguments:
        masks: The sets, bool `(people, candidates, features)`; the first is that of :func:`pick`.
        lost: How much less likely each is than the first, in nats, `(people, candidates)`; infinite for what is no
            candidate: nothing at all, something not actionable, or the first one again.
    """

    masks: Tensor
    lost: Tensor

    @classmethod
    def only(cls, masks: Tensor) -> Candidates:
        """Return one candidate for each person, `(people, features)`."""
        return cls(masks[:, None], torch.zeros(len(masks), 1))

    @classmethod
    def of(cls, log_odds: Tensor, mask: Tensor, flips: int) -> Candidates:
        """Return the candidates that differ in the `flips` least certain choices about the features of `mask`.

        Choices are independent, so a set is less likely than the likeliest by the sum of the absolute log odds of
        the choices in which it differs.

        Example:
            >>> odds = torch.tensor([[2.0, -0.5, 1.0]])
            >>> found = Candidates.of(odds, torch.tensor([[True, True, True]]), flips=1)
            >>> found.masks.int().tolist(), found.lost.tolist()
            ([[[1, 0, 1], [1, 1, 1]]], [[0.0, 0.5]])
        """
        certainty = torch.where(mask, log_odds.abs(), torch.inf)
        flips = min(flips, mask.shape[1])
        flipped = _subsets(certainty.argsort(1)[:, :flips], mask.shape[1])
        likeliest = mask & (log_odds > 0)
        masks = (likeliest[:, None] ^ flipped) & mask[:, None]
        lost = torch.where(flipped, certainty[:, None], 0.0).sum(-1)
        first = pick(log_odds, mask)
        least = torch.where(first ^ likeliest, certainty, 0.0).sum(1, keepdim=True)
        no_candidate = ~masks.any(-1) | (masks == first[:, None]).all(-1)
        lost = torch.where(no_candidate, torch.inf, lost - least)
        return cls(torch.cat([first[:, None], masks[:, 1:]], 1), torch.cat([torch.zeros_like(least), lost[:, 1:]], 1))


def _subsets(columns: Tensor, features: int) -> Tensor:
    """Return all subsets of each person's `columns` `(people, k)` as masks `(people, 2^k, features)`, none first."""
    count = columns.shape[1]
    chosen = (torch.arange(2**count)[:, None] >> torch.arange(count)) & 1
    masks = torch.zeros(len(columns), len(chosen), features, dtype=torch.long)
    places = columns[:, None, :].expand(-1, len(chosen), -1)
    return masks.scatter(2, places, chosen.expand(len(columns), -1, -1)).bool()
