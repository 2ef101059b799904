"""Simulated populations of preferences (arXiv 2604.08030, experiments)."""

from __future__ import annotations

__all__ = ["cut_off", "rankings"]

import torch
from torch import Generator, Tensor

from recourse_arena.problem.errors import ArenaError
from recourse_arena.problem.features import FeatureTable

_PAIR_FIRST = 2 / 3
"""Probability that the favoured pair takes both top ranks: 1/6 on each of its four orders (of 24) when K = 4."""


def rankings(people: int, features: FeatureTable, favoured: tuple[str, str] | None, draws: Generator) -> Tensor:
    """Return ranks `(people, K)` of the actionable features, 1 is the most preferred.

    Without a favoured pair every order is equally likely. With one, its two features are equally likely to
    come first, and the other one follows at once with probability 2/3; all else is uniform. The paper names the
    twelve orders but not their mass; this is a reading.

    Example:
        >>> from recourse_arena import Feature, FeatureTable, Role
        >>> table = FeatureTable(tuple(Feature(n, role=Role.ACTIONABLE) for n in "abcd"))
        >>> ranks = rankings(100, table, ("a", "b"), torch.Generator().manual_seed(0))
        >>> bool((ranks[:, :2].amin(1) == 1).all()), ranks.sum(1).unique().tolist()
        (True, [10])
    """
    names = [feature.name for feature, open_ in zip(features, features.actionable.tolist(), strict=True) if open_]
    keys = torch.rand(people, len(names), generator=draws)
    if favoured is not None:
        for name in favoured:
            if name not in names:
                raise ArenaError(f"this population prefers {name!r}, which is not globally actionable here")
        pair = torch.tensor([names.index(name) for name in favoured])
        swap = torch.rand(people, generator=draws) < 0.5
        first, second = torch.where(swap, pair[1], pair[0]), torch.where(swap, pair[0], pair[1])
        others = torch.rand(keys.shape, generator=draws).index_fill(1, pair, torch.inf).argmin(1)
        if len(names) > 2:
            together = torch.rand(people, generator=draws) < _PAIR_FIRST
            second = torch.where(together, second, others)
        keys.scatter_(1, second[:, None], -1.0).scatter_(1, first[:, None], -2.0)
    return keys.argsort(1).argsort(1) + 1


def cut_off(people: int, actionable: str, count: int, draws: Generator) -> Tensor:
    """Return how many features each person can act on, `(people, 1)`: fixed, all, or uniform on 1..count."""
    if actionable == "all":
        return torch.full((people, 1), count)
    if actionable == "random":
        return torch.randint(1, count + 1, (people, 1), generator=draws)
    if not actionable.isdecimal() or not 1 <= int(actionable) <= count:
        raise ArenaError(f"expected 1 to {count} actionable features, 'all' or 'random'; got {actionable!r}")
    return torch.full((people, 1), int(actionable))
