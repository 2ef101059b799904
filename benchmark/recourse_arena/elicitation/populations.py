"""Simulated populations of preferences (arXiv 2604.08030, experiments)."""

from __future__ import annotations

__all__ = ["assigned", "cut_off", "rankings"]

import torch
from torch import Generator, Tensor

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.people.assignment import Assignment
from recourse_arena.people.features import FeatureTable
from recourse_arena.people.people import People

_PAIR_FIRST = 2 / 3
"""Probability that the favoured pair takes both top ranks: 1/6 on each of its four orders (of 24) when K = 4."""


def rankings(
    people: int, features: FeatureTable, favoured: tuple[str, str] | Tensor | None, draws: Generator
) -> Tensor:
    """Return ranks `(people, K)` of the actionable features, 1 is the most preferred.

    Without a favoured pair every order is equally likely. With one (of names for everybody, or of feature columns
    for each person, long `(people, 2)`), its two features are equally likely to come first, and the other one
    follows at once with probability 2/3; all else is uniform. The paper names the twelve orders but not their
    mass; this is a reading.

    Raises:
        ArenaError: If a favoured feature is not globally actionable.

    Example:
        >>> from recourse_arena import Feature, FeatureTable, Role
        >>> table = FeatureTable(tuple(Feature(n, role=Role.ACTIONABLE) for n in "abcd"))
        >>> ranks = rankings(100, table, ("a", "b"), torch.Generator().manual_seed(0))
        >>> bool((ranks[:, :2].amin(1) == 1).all()), ranks.sum(1).unique().tolist()
        (True, [10])
        >>> each = torch.tensor([[0, 1], [2, 3]])
        >>> ranks = rankings(2, table, each, torch.Generator().manual_seed(0))
        >>> ranks.gather(1, each).amin(1).tolist()
        [1, 1]
    """
    count = features.count_actionable
    keys = torch.rand(people, count, generator=draws)
    if favoured is not None:
        one, other = _places(favoured, people, features).unbind(1)
        swap = torch.rand(people, generator=draws) < 0.5
        first, second = torch.where(swap, other, one), torch.where(swap, one, other)
        rest = torch.rand(keys.shape, generator=draws)
        others = rest.scatter(1, torch.stack([one, other], 1), torch.inf).argmin(1)
        if count > 2:
            together = torch.rand(people, generator=draws) < _PAIR_FIRST
            second = torch.where(together, second, others)
        keys.scatter_(1, second[:, None], -1.0).scatter_(1, first[:, None], -2.0)
    return keys.argsort(1).argsort(1) + 1


def assigned(assignment: Assignment, people: People, population: People, dataset: Dataset, draws: Generator) -> Tensor:
    """Return the pair of feature columns that each person favours, long `(people, 2)`.

    One number is drawn for each of `people`; `population` is who sets the thresholds, the negatively decided
    training people.

    Raises:
        ArenaError: If the assignment names a profile, a feature or an attribute that the dataset lacks.
    """
    features = dataset.features
    for name in (assignment.first, assignment.second):
        if name not in dataset.favoured:
            raise unknown(f"profile of dataset {dataset.name}", name, dataset.favoured)
    first, second = (
        torch.tensor([features.index(feature) for feature in dataset.favoured[name]])
        for name in (assignment.first, assignment.second)
    )
    share = assignment.probability(people, population, features=features, attributes=dataset.attributes)
    chosen = torch.rand(len(people), generator=draws, dtype=share.dtype) < share
    return torch.where(chosen[:, None], first, second)


def cut_off(people: int, actionable: str, count: int, draws: Generator) -> Tensor:
    """Return how many features each person can act on, `(people, 1)`: fixed, all, or uniform on 1..count."""
    if actionable == "all":
        return torch.full((people, 1), count)
    if actionable == "random":
        return torch.randint(1, count + 1, (people, 1), generator=draws)
    if not actionable.isdecimal() or not 1 <= int(actionable) <= count:
        raise ArenaError(f"expected 1 to {count} actionable features, 'all' or 'random'; got {actionable!r}")
    return torch.full((people, 1), int(actionable))


def _places(favoured: tuple[str, str] | Tensor, people: int, features: FeatureTable) -> Tensor:
    """Return the favoured pairs as places among the actionable features, `(people, 2)`."""
    if isinstance(favoured, tuple):
        favoured = torch.tensor([[features.index(name) for name in favoured]]).expand(people, 2)
    if favoured.shape != (people, 2):
        raise ArenaError(f"favoured pairs: expected shape {(people, 2)}, got {tuple(favoured.shape)}")
    closed = favoured[~features.actionable[favoured]]
    if len(closed):
        name = features.names[int(closed[0])]
        raise ArenaError(f"this population prefers {name!r}, which is not globally actionable here")
    return (features.actionable.cumsum(0) - 1)[favoured]
