"""Combinations by number, and those that change few features where all would be too many."""

from __future__ import annotations

__all__ = ["combined", "count", "few_changes", "numbered", "spread"]

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def numbered(widths: Sequence[int], start: int, stop: int) -> Tensor:
    """Return combinations `start` to `stop` in lexicographic order, `(combinations, columns)`.

    Example:
        >>> numbered([2, 3], 1, 4).tolist()
        [[0, 1], [0, 2], [1, 0]]
    """
    radices = torch.tensor(list(widths), dtype=torch.long)
    powers = torch.tensor([math.prod(widths[slot + 1 :]) for slot in range(len(widths))], dtype=torch.long)
    return torch.arange(start, stop)[:, None] // powers % radices


def count(widths: Sequence[int], changes: int) -> int:
    """Return how many combinations change at most so many features, of which each has `widths` options.

    Example:
        >>> count([3, 3, 3], 1), count([3, 3, 3], 3)
        (7, 27)
    """
    exactly = [1] + [0] * changes
    for width in widths:
        exactly = [exactly[0], *(exactly[k] + exactly[k - 1] * (width - 1) for k in range(1, changes + 1))]
    return sum(exactly)


def few_changes(widths: Sequence[int], most: int) -> tuple[int, list[Tensor]]:
    """Return how many features may be changed so that at most `most` combinations do, and to which options.

    Where even two are too many, features have fewer options, spread evenly over what there are.

    Example:
        >>> changes, options = few_changes([11] * 20, 100_000)
        >>> changes, options[0].tolist()
        (2, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        >>> few_changes([11] * 20, 2_000)[1][0].tolist()
        [1, 6, 10]
    """
    changes = 2
    while changes < len(widths) and count(widths, changes + 1) <= most:
        changes += 1
    fewer = max(widths) - 1
    while fewer > 1 and count([min(width, fewer + 1) for width in widths], changes) > most:
        fewer -= 1
    return changes, [spread(width, fewer) for width in widths]


def spread(width: int, fewer: int) -> Tensor:
    """Return at most so many of the options from 1 to `width` (not included), evenly, `(options,)`."""
    if width - 1 <= fewer:
        return torch.arange(1, width)
    return torch.linspace(1, width - 1, fewer, dtype=torch.double).round().long()


def combined(options: Sequence[Tensor], changes: int) -> Tensor:
    """Return all combinations of options that change at most so many features, `(combinations, columns)`, 16 bits.

    Example:
        >>> combined([torch.tensor([1, 2]), torch.tensor([1])], 1).tolist()
        [[0, 0], [1, 0], [2, 0], [0, 1]]
    """
    found = torch.zeros(1, 0, dtype=torch.int16)
    changed = torch.zeros(1, dtype=torch.int16)
    for picks in options:
        may = changed < changes
        digits = torch.cat([torch.zeros(len(found), dtype=torch.int16), picks.short().repeat(int(may.sum()))])
        found = torch.cat([found, found[may].repeat_interleave(len(picks), 0)])
        found = torch.cat([found, digits[:, None]], 1)
        changed = torch.cat([changed, (changed[may] + 1).repeat_interleave(len(picks))])
    return found
