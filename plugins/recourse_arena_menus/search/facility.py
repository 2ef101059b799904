"""Facility location: the few candidates of which everybody's best is best, greedily, then by swaps."""

from __future__ import annotations

__all__ = ["Aim", "chosen_from", "loss_of"]

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

_BETTER = 1e-9
"""What a swap must gain at least."""


@dataclass(frozen=True)
class Aim:
    """What menus are compared by: keys of several numbers, of which the first that differs decides; lower is better.

    Arguments:
        nothing: What a person without recourse costs.
        share: What each person counts, float `(people,)`; 1 in all.
        group: The group of each, long `(people,)`.
        groups: How many groups there are.
        worst: Whether the group that fares worst counts first, then the next one, and so on.
        gap: How far apart the shares of groups with recourse may be; none does not ask.
        fill: Whether menus are to be full: more actions are more choice.
    """

    nothing: float
    share: Tensor
    group: Tensor
    groups: int
    worst: bool = False
    gap: float | None = None
    fill: bool = False

    @cached_property
    def _each(self) -> Tensor:
        """What each person counts in the mean of their group, `(people, groups)`."""
        member = torch.nn.functional.one_hot(self.group, self.groups).to(self.share.dtype) * self.share[:, None]
        return member / member.sum(0).clamp(min=1e-12)

    def keys(self, cost: Tensor) -> Tensor:
        """Return the key of each row of what people pay, `nothing` without recourse, `(rows, people)`: `(rows, k)`."""
        if not self.worst and self.gap is None:
            return (cost @ self.share.to(cost.dtype))[:, None]
        means = cost @ self._each.to(cost.dtype)
        parts = []
        if self.gap is not None:
            there = torch.bincount(self.group, minlength=self.groups) > 0
            helped = ((cost < self.nothing).to(cost.dtype) @ self._each.to(cost.dtype))[:, there]
            parts.append((helped.amax(1) - helped.amin(1) - self.gap).clamp(min=0)[:, None])
        if self.worst:
            parts.append(means.sort(1, descending=True).values)
        parts.append((cost @ self.share.to(cost.dtype))[:, None])
        return torch.cat(parts, 1)


def loss_of(cost: Tensor, menu: Sequence[int], aim: Aim) -> tuple[float, ...]:
    """Return the key of a menu of candidates; `cost` `(candidates, people)` is `nothing` where they do not work."""
    return tuple(aim.keys(_best(cost, menu, aim)[None])[0].tolist())


def chosen_from(
    cost: Tensor, size: int, aim: Aim, *, starts: Sequence[Sequence[int]] = (), random: int = 0, draws: torch.Generator
) -> list[int]:
    """Return the best menu found of at most `size` candidates, in ascending order.

    From the greedy menu, from those of `starts` and from `random` drawn ones, one action is exchanged for the best
    other one until nothing improves; the best of these menus is returned.

    Arguments:
        cost: What each candidate costs each person, `nothing` where it does not work, float `(candidates, people)`.
        size: How many.
        aim: What menus are compared by.
        starts: Menus to start from, beside the greedy one.
        random: How many menus are drawn to start from.
        draws: Draws them.
    """
    size = min(size, len(cost))
    from_greedy = _greedy(cost, size, aim)
    menus = [from_greedy, *(list(start)[:size] for start in starts if start)]
    menus += [torch.randperm(len(cost), generator=draws)[:size].tolist() for _ in range(random)]
    best: tuple[tuple[float, ...], list[int]] | None = None
    for menu in menus:
        swapped = _swapped(cost, menu, size, aim)
        found = (loss_of(cost, swapped, aim), sorted(swapped))
        if best is None or _less(found[0], best[0]):
            best = found
    assert best is not None
    return best[1]


def _greedy(cost: Tensor, size: int, aim: Aim) -> list[int]:
    menu: list[int] = []
    while len(menu) < size:
        before = loss_of(cost, menu, aim)
        added, after = _first(cost, _best(cost, menu, aim), menu, aim)
        if added is None or (not aim.fill and not _less(after, before)):
            break
        menu.append(added)
    return menu


def _swapped(cost: Tensor, menu: list[int], size: int, aim: Aim) -> list[int]:
    """Return a menu of which no action can be exchanged, or added while there is room, for a gain."""
    menu, now = list(menu), loss_of(cost, menu, aim)
    while True:
        trials = []
        for place in range(len(menu) + (len(menu) < size)):
            rest = menu[:place] + menu[place + 1 :]
            other, after = _first(cost, _best(cost, rest, aim), rest, aim)
            if other is not None and _less(after, now):
                trials.append((after, [*rest, other]))
        if not trials:
            return menu
        now, menu = min(trials)


def _best(cost: Tensor, menu: Sequence[int], aim: Aim) -> Tensor:
    """Return what everybody pays for the cheapest of a menu, `(people,)`."""
    if not len(menu):
        return torch.full((cost.shape[1],), aim.nothing, dtype=cost.dtype)
    return cost[list(menu)].amin(0)


def _first(cost: Tensor, rest: Tensor, taken: list[int], aim: Aim) -> tuple[int | None, tuple[float, ...]]:
    """Return the candidate that is best beside what people have, the first of equals, and the key of both."""
    if len(taken) >= len(cost):
        return None, ()
    keys = torch.cat([aim.keys(torch.minimum(some, rest)) for some in cost.split(1024)])
    keys[taken] = torch.inf
    order = np.lexsort(keys.flip(1).T.numpy())
    return int(order[0]), tuple(keys[int(order[0])].tolist())


def _less(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Return whether a key is lower by more than rounding."""
    for left, right in zip(one, other, strict=True):
        if abs(left - right) > _BETTER:
            return left < right
    return False
