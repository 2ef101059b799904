"""The search: an agent learns while every successful menu that it meets is kept."""

from __future__ import annotations

__all__ = ["Met", "search"]

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from recourse_arena_fair_sac.sac import SAC, Learning
from recourse_arena_fair_sac.world import Worlds

_REMEMBERED = 10**6
"""Steps that an agent remembers at most."""


@dataclass(frozen=True)
class Met:
    """What an agent met.

    Arguments:
        successes: Every successful menu once, rungs `(menus, actions, features)`, in the order in which they were met.
        best: The menu of the highest reward of all, rungs `(actions, features)`.
        reward: That reward.
    """

    successes: Tensor
    best: Tensor
    reward: float


def search(
    worlds: Worlds,
    draws: Generator,
    *,
    steps: int,
    update_every: int,
    learning: Learning | None = None,
    report: Callable[[float], None] | None = None,
) -> Met:
    """Return what an agent met that learns while it acts.

    Acts are drawn evenly until a batch is remembered; from then on there is a gradient step for each `update_every`
    steps of a world.

    Arguments:
        worlds: The worlds.
        draws: Where all chance comes from.
        steps: Steps, of all worlds together.
        update_every: Steps for each gradient step.
        learning: How the agent learns.
        report: Is told which share of the steps is done.
    """
    learning = learning or Learning()
    many = len(worlds.menus)
    agent = SAC(worlds.entries, 2, max(many, min(steps, _REMEMBERED)), learning, draws)
    found: dict[bytes, Tensor] = {}
    best, highest, due = worlds.menus[0].clone(), -torch.inf, 0.0
    for done in range(0, steps, many):
        state = worlds.seen()
        warm = agent.remembered >= learning.batch
        act = agent.act(state) if warm else 2 * torch.rand((many, 2), generator=draws) - 1
        came = worlds.step(act)
        agent.remember(state, act, came.reward, came.after, came.success)
        for menu in came.menus[came.success]:
            found.setdefault(menu.numpy().tobytes(), menu)
        top = int(came.reward.argmax())
        if float(came.reward[top]) > highest:
            best, highest = came.menus[top], float(came.reward[top])
        due += many / update_every if warm else 0.0
        while due >= 1:
            agent.learn()
            due -= 1
        if report is not None:
            report((done + many) / steps)
    successes = torch.stack(list(found.values())) if found else worlds.menus[:0]
    return Met(successes, best, highest)
