"""Soft actor-critic (Haarnoja et al., ICML 2018) in a few tensors: no global random numbers, batches of worlds."""

from __future__ import annotations

__all__ = ["SAC", "Learning"]

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from recourse_arena_fair_sac.layers import Adam, Array, Layers

_LOG_SD = (-20.0, 2.0)
_INSIDE = 1e-6


@dataclass(frozen=True)
class Learning:
    """How the agent learns; widths and rates are the published ones.

    Arguments:
        actor: Widths of the hidden layers of the actor.
        critic: Widths of the hidden layers of each of two critics.
        rate: Learning rate of actor, critics and temperature.
        follow: How far the targets follow the critics after each gradient step (tau).
        discount: What a reward is worth one step later (gamma).
        batch: Remembered steps of a gradient step.
    """

    actor: tuple[int, ...] = (32, 64, 64, 128)
    critic: tuple[int, ...] = (200, 150, 100)
    rate: float = 3e-4
    follow: float = 0.005
    discount: float = 0.99
    batch: int = 256


@dataclass(frozen=True)
class _Drawn:
    """Acts that were drawn, and what the slopes of a loss by their distribution take.

    Arguments:
        act: The acts, `(rows, acts)`.
        log: Their log-densities, `(rows,)`.
        traces: How the actor came to their distribution.
        away: How far they were from their means, before they were squashed.
        inside: The slope of squashing them, `1 - act^2`.
        free: Where the log of the standard deviation was in its bounds, bool.
    """

    act: Tensor
    log: Tensor
    traces: list[list[Array]]
    away: Tensor
    inside: Tensor
    free: Tensor


class SAC:
    """An agent that acts in `[-1, 1]^acts`, with twin critics, targets that follow them, and a learnt temperature.

    The entropy that the temperature aims at is `-acts`.

    Arguments:
        seen: Numbers of a state.
        acts: Numbers of an act.
        room: Steps to remember; later ones take the place of the first.
        learning: How it learns.
        draws: Where all chance comes from.
    """

    def __init__(self, seen: int, acts: int, room: int, learning: Learning, draws: Generator) -> None:
        self.acts, self.learning, self.draws = acts, learning, draws
        self.actor = Layers.drawn(1, (seen, *learning.actor, 2 * acts), draws)
        self.critics = Layers.drawn(2, (seen + acts, *learning.critic, 1), draws)
        self.targets = self.critics.copy()
        self.log_temperature = torch.zeros(())
        self.steps_of_actor, self.steps_of_critics, self.steps_of_temperature = (
            Adam(part, learning.rate) for part in (self.actor.parameters, self.critics.parameters, self.log_temperature)
        )
        self.memory = [torch.zeros(room, width) for width in (seen, acts, 1, seen, 1)]
        self.room, self.remembered = room, 0

    def act(self, state: Tensor, *, draw: bool = True) -> Tensor:
        """Return acts `(rows, acts)` in states `(rows, seen)`: drawn, or each at its middle."""
        return self._drawn(state).act if draw else self.actor(state)[0, :, : self.acts].tanh()

    def _drawn(self, state: Tensor) -> _Drawn:
        """Return acts drawn from squashed normals."""
        traces = self.actor.traces(state)
        mean, asked = Layers.outputs(traces)[0].chunk(2, dim=1)
        log_sd = asked.clamp(*_LOG_SD)
        noise = torch.randn(mean.shape, generator=self.draws)
        away = noise * log_sd.exp()
        act = (mean + away).tanh()
        normal = -0.5 * noise**2 - log_sd - 0.5 * math.log(2 * math.pi)
        inside = 1 - act**2
        return _Drawn(act, (normal - (inside + _INSIDE).log()).sum(1), traces, away, inside, asked == log_sd)

    def remember(self, state: Tensor, act: Tensor, reward: Tensor, after: Tensor, ended: Tensor) -> None:
        """Remember steps: `(rows, seen)`, `(rows, acts)`, `(rows,)`, `(rows, seen)`, bool `(rows,)`."""
        places = (torch.arange(len(state)) + self.remembered) % self.room
        for kept, new in zip(self.memory, (state, act, reward[:, None], after, ended[:, None]), strict=True):
            kept[places] = new.to(kept.dtype)
        self.remembered += len(state)

    def learn(self) -> None:
        """Take a gradient step for critics, actor and temperature."""
        rows = torch.randint(min(self.remembered, self.room), (self.learning.batch,), generator=self.draws)
        state, act, reward, after, ended = (kept[rows] for kept in self.memory)
        temperature = self.log_temperature.exp()
        following = self._drawn(after)
        worth = self.targets(torch.cat([after, following.act], 1)).amin(0)[:, 0] - temperature * following.log
        wanted = reward + self.learning.discount * (1 - ended) * worth[:, None]
        self._judge(torch.cat([state, act], 1), wanted)
        self._climb(state, temperature)
        self.targets.parameters.lerp_(self.critics.parameters, self.learning.follow)

    def _judge(self, steps: Tensor, wanted: Tensor) -> None:
        """Move critics towards what is wanted `(rows, 1)` of states with acts: half the mean squared error of each."""
        traces = self.critics.traces(steps)
        self.critics.learn(traces, (Layers.outputs(traces) - wanted) / len(steps))
        self.steps_of_critics.step(self.critics.slopes)

    def _climb(self, state: Tensor, temperature: Tensor) -> None:
        """Move the actor to what is worth more by the lower critic, and less sure: mean `temperature * log - worth`.

        And the temperature to where acts are as sure as they are to be: `-log_temperature * mean(log - acts)`.
        """
        drawn = self._drawn(state)
        traces = self.critics.traces(torch.cat([state, drawn.act], 1))
        worth = Layers.outputs(traces)
        lower = torch.zeros_like(worth).scatter_(0, worth.argmin(0, keepdim=True), -1 / len(state))
        by_act = self.critics.pull(traces, lower)[:, -self.acts :]
        sure = temperature / len(state)
        by_mean = (by_act + sure * 2 * drawn.act / (drawn.inside + _INSIDE)) * drawn.inside
        by_log_sd = (by_mean * drawn.away - sure) * drawn.free
        self.actor.learn(drawn.traces, torch.cat([by_mean, by_log_sd], 1)[None])
        self.steps_of_actor.step(self.actor.slopes)
        self.steps_of_temperature.step(self.acts - drawn.log.mean())
