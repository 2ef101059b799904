"""Which actions are tried: a coarse ladder of all of them first, then neighbours of those that are chosen."""

from __future__ import annotations

__all__ = ["coarse", "neighbours"]

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from recourse_arena_menus.ladders import Ladder, Ladders

_TOGETHER = 3
"""Ladders that neighbours move on together at most, where there are no more; with more of them it is two."""

_LEAST = 4
"""Rungs of a ladder that a product of coarse ladders needs, to leave included."""


def coarse(ladders: Ladders, most: int) -> tuple[Tensor, int]:
    """Return about `most` actions spread over the ladders, `(actions, ladders)`, and the stride between their rungs.

    They are the product of every so many rungs of each ladder that fits; where too few rungs would be left of one,
    those that move one or two features. Every level of a category is tried, and the ends of each ladder.
    """
    longest = max((len(ladder) for ladder in ladders.ladders), default=1)
    for stride in range(1, longest + 1):
        rungs = [_every(ladder, stride) for ladder in ladders.ladders]
        if math.prod(map(len, rungs)) <= most:
            if any(len(some) < min(_LEAST, len(ladder)) for some, ladder in zip(rungs, ladders.ladders, strict=True)):
                break
            return _acting(itertools.product(*rungs), ladders), stride
    for stride in range(1, longest + 1):
        rungs = [_every(ladder, stride) for ladder in ladders.ladders]
        if sum((len(one) - 1) * len(other) for one, other in itertools.combinations(rungs, 2)) <= most:
            break
    return _acting(_moved(ladders.home.tolist(), rungs, 2), ladders), stride


def neighbours(ladders: Ladders, actions: Tensor, stride: int, most: int, draws: torch.Generator) -> Tensor:
    """Return actions that are `stride` rungs from some of `actions` `(actions, ladders)` on some ladders, likewise.

    On a few ladders together, up or down; of a category to any level; and each feature may be left. Where there are
    more than `most`, those that move on one ladder stay, and of the others so many are drawn.
    """
    together = min(len(ladders), _TOGETHER if len(ladders) <= _TOGETHER else 2)
    single: set[tuple[int, ...]] = set()
    several: set[tuple[int, ...]] = set()
    for action in map(tuple, actions.tolist()):
        near = [_near(ladder, rung, stride) for ladder, rung in zip(ladders.ladders, action, strict=True)]
        single.update(_moved(action, near, 1))
        several.update(_moved(action, near, together))
    rest = sorted(several - single)
    if len(single) + len(rest) > most:
        kept = torch.randperm(len(rest), generator=draws)[: max(0, most - len(single))].tolist()
        rest = [rest[place] for place in kept]
    return _acting([*sorted(single), *rest], ladders)


def _every(ladder: Ladder, stride: int) -> list[int]:
    """Return every so many rungs from home, and the ends."""
    if not ladder.ordered:
        return list(range(len(ladder)))
    return sorted({0, len(ladder) - 1, *range(ladder.home, -1, -stride), *range(ladder.home, len(ladder), stride)})


def _near(ladder: Ladder, rung: int, stride: int) -> list[int]:
    if not ladder.ordered:
        return list(range(len(ladder)))
    inside = (max(0, rung - stride), rung, min(len(ladder) - 1, rung + stride))
    return sorted({*inside, ladder.home})


def _moved(action: Sequence[int], rungs: Sequence[Sequence[int]], most: int) -> Iterator[tuple[int, ...]]:
    """Go through actions that differ on one to `most` ladders from `action`, where they have one of `rungs`."""
    for count in range(1, most + 1):
        for places in itertools.combinations(range(len(rungs)), count):
            others = [[rung for rung in rungs[place] if rung != action[place]] for place in places]
            for picks in itertools.product(*others):
                moved = list(action)
                for place, pick in zip(places, picks, strict=True):
                    moved[place] = pick
                yield tuple(moved)


def _acting(actions: Iterable[tuple[int, ...]], ladders: Ladders) -> Tensor:
    """Return actions that move anything, long `(actions, ladders)`."""
    home = tuple(ladders.home.tolist())
    rows = [tuple(action) for action in actions if tuple(action) != home]
    return torch.tensor(rows, dtype=torch.int64).reshape(-1, len(ladders))
