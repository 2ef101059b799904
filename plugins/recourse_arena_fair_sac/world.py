"""Menus as worlds of an agent: in each it moves one entry of one action by a few rungs, and sees the reward."""

from __future__ import annotations

__all__ = ["Step", "Worlds"]

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Kind
from recourse_arena_menus.ladders import Ladders

LEAP = 3
"""Rungs of the longest step of a number."""

HORIZON = 2000
"""Steps after which an episode without success ends."""

Score = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Reward `(menus,)` and success, bool `(menus,)`, of menus of rungs `(menus, actions, features)`."""


@dataclass(frozen=True)
class Step:
    """What came of a step of each world.

    Arguments:
        reward: The reward, `(worlds,)`.
        after: The state that it led to, `(worlds, entries)`.
        success: Whether that ended the episode, bool `(worlds,)`.
        menus: The menus, rungs `(worlds, actions, features)`.
    """

    reward: Tensor
    after: Tensor
    success: Tensor
    menus: Tensor


class Worlds:
    """Menus side by side, each with an episode of its own.

    A state is the rungs of all entries, scaled to [-1, 1]; episodes start with nothing but `leave`. An act has two
    numbers in [-1, 1]: which entry, as a part of that interval, and which step, a number of at most three rungs or, of
    anything but numbers, one rung by its sign.

    Arguments:
        ladders: The rungs.
        size: Actions of a menu.
        worlds: How many there are.
        score: Says what menus are worth.
        horizon: Steps after which an episode without success ends.
    """

    def __init__(self, ladders: Ladders, size: int, worlds: int, score: Score, horizon: int = HORIZON) -> None:
        self.score, self.horizon, self.top = score, horizon, ladders.widths - 1
        kinds = [ladders.features.features[ladder.column].kind for ladder in ladders.ladders]
        self.number = torch.tensor([kind in (Kind.CONTINUOUS, Kind.INTEGER) for kind in kinds])
        self.start = ladders.home.expand(size, -1).clone()
        self.menus = self.start.repeat(worlds, 1, 1)
        self.age = torch.zeros(worlds, dtype=torch.int64)

    @property
    def entries(self) -> int:
        """How many entries a menu has."""
        return self.start.numel()

    def seen(self) -> Tensor:
        """Return the states, `(worlds, entries)`."""
        return (2 * self.menus / self.top - 1).flatten(1)

    def step(self, acts: Tensor) -> Step:
        """Take a step in every world, by acts `(worlds, 2)`, and begin anew where an episode ends."""
        each = torch.arange(len(acts))
        entry = ((acts[:, 0] + 1) / 2 * self.entries).long().clamp(0, self.entries - 1)
        feature = entry % len(self.top)
        step = torch.where(self.number[feature], (LEAP * acts[:, 1]).round(), acts[:, 1].sign()).long()
        flat = self.menus.flatten(1)
        flat[each, entry] = (flat[each, entry] + step).clamp(min=0).minimum(self.top[feature])
        self.menus = flat.view_as(self.menus)
        self.age += 1
        reward, success = self.score(self.menus)
        came = Step(reward, self.seen(), success, self.menus.clone())
        over = success | (self.age >= self.horizon)
        self.menus[over], self.age[over] = self.start, 0
        return came
