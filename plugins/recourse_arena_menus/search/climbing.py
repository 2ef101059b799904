"""Climbing: chains of menus that move one action at a time."""

from __future__ import annotations

__all__ = ["climbed"]

from collections.abc import Callable

import torch
from torch import Tensor

from recourse_arena_menus.composing import Composer
from recourse_arena_menus.ladders import Ladders
from recourse_arena_menus.rewards import Rewards

_FARTHEST = 3
"""Rungs of a ladder that a step goes at most."""

_ANEW = 0.1
"""How often all entries of an action are drawn anew."""


def climbed(composer: Composer, menus: int, chains: int, report: Callable[[float], object]) -> list[int]:
    """Return the numbers of the best menu's actions, of `menus` that were tried by `chains` side by side.

    Of menus that were kept and are a success by the published measure, the best by the objective of `menu`; where
    there is none, the one of the highest reward.
    """
    effects, draws = composer.effects, composer.draws
    ladders, rewards = effects.ladders, Rewards(effects, composer.wish.asked)
    chains = min(chains, menus)
    actions = ladders.home.expand(chains, composer.size, -1).clone()
    numbers = effects.ask(actions)
    reward, success = rewards(numbers)
    best = _Best(composer)
    best.take(numbers, reward, success)
    every = torch.arange(chains)
    for step in range(menus // chains):
        place = torch.randint(composer.size, (chains,), generator=draws)
        moved = _moved(ladders, actions[every, place], draws)
        tried = numbers.clone()
        tried[every, place] = effects.ask(moved)
        found, reached = rewards(tried)
        kept = found >= reward
        actions[every[kept], place[kept]] = moved[kept]
        numbers, reward = torch.where(kept[:, None], tried, numbers), torch.where(kept, found, reward)
        best.take(tried[kept], found[kept], reached[kept])
        if step % 100 == 0:
            report(step * chains / menus)
    return best.menu


class _Best:
    """The best menu so far: successes come before others, by the objective of `menu`; others by reward."""

    def __init__(self, composer: Composer) -> None:
        self._composer, self._key, self._menu = composer, (2, float("inf")), torch.empty(0, dtype=torch.int64)

    def take(self, menus: Tensor, reward: Tensor, success: Tensor) -> None:
        if not len(menus):
            return
        score = -reward
        if success.any():
            score = torch.full_like(reward, torch.inf)
            score[success] = self._composer.losses(menus[success])
        place = int(score.argmin())
        key = (0 if success.any() else 1, float(score[place]))
        if key < self._key:
            self._key, self._menu = key, menus[place]

    @property
    def menu(self) -> list[int]:
        """The numbers of its actions that do anything, each once."""
        rows = self._composer.effects.actions[self._menu]
        acts = (rows != self._composer.effects.ladders.home).any(1)
        return sorted(set(self._menu[acts].tolist()))


def _moved(ladders: Ladders, actions: Tensor, draws: torch.Generator) -> Tensor:
    """Return actions `(chains, ladders)` with a step on one ladder each, or with all entries drawn anew."""
    chains, count = actions.shape
    widths = ladders.widths.expand(chains, -1)
    anywhere = (torch.rand(chains, count, generator=draws, dtype=torch.float64) * widths).long()
    left = torch.rand(chains, count, generator=draws) < 0.5
    anew = torch.where(left, ladders.home, anywhere)
    step = torch.randint(1, _FARTHEST + 1, (chains, count), generator=draws)
    step = torch.where(torch.rand(chains, count, generator=draws) < 0.5, -step, step)
    near = torch.minimum((actions + step).clamp(min=0), widths - 1)
    one = torch.nn.functional.one_hot(torch.randint(count, (chains,), generator=draws), count).bool()
    stepped = torch.where(one, torch.where(ladders.ordered, near, anywhere), actions)
    return torch.where((torch.rand(chains, generator=draws) < _ANEW)[:, None], anew, stepped)
