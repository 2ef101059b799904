"""Soft actor-critic (Haarnoja et al., ICML 2018) in a few tensors: no global random numbers, batches of worlds."""

from __future__ import annotations

__all__ = ["SAC", "Learning"]

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn

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


class _Layers(nn.Module):
    """Affine maps with a ReLU between two, several networks of the same widths side by side."""

    def __init__(self, networks: int, widths: Sequence[int], draws: Generator) -> None:
        super().__init__()
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for ins, outs in pairwise(widths):
            bound = 1 / math.sqrt(ins)
            for kept, shape in ((self.weights, (networks, ins, outs)), (self.biases, (networks, 1, outs))):
                kept.append((2 * torch.rand(shape, generator=draws) - 1) * bound)

    def forward(self, x: Tensor) -> Tensor:
        """Return `(networks, rows, out)` for `x` `(rows, in)`."""
        hidden = x.expand(len(self.weights[0]), *x.shape)
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.baddbmm(bias, hidden.relu() if place else hidden, weight)
        return hidden


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
        self.actor = _Layers(1, (seen, *learning.actor, 2 * acts), draws)
        self.critics = _Layers(2, (seen + acts, *learning.critic, 1), draws)
        self.targets = copy.deepcopy(self.critics).requires_grad_(False)
        self.log_temperature = torch.zeros((), requires_grad=True)
        self.optimizers = [
            torch.optim.Adam(parameters, lr=learning.rate, fused=True)  # its roots are exact
            for parameters in (list(self.actor.parameters()), list(self.critics.parameters()), [self.log_temperature])
        ]
        self.memory = [torch.zeros(room, width) for width in (seen, acts, 1, seen, 1)]
        self.room, self.remembered = room, 0

    @torch.no_grad()
    def act(self, state: Tensor, *, draw: bool = True) -> Tensor:
        """Return acts `(rows, acts)` in states `(rows, seen)`: drawn, or each at its middle."""
        return self._acts(state)[0] if draw else self.actor(state)[0, :, : self.acts].tanh()

    def _acts(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return acts drawn from squashed normals, and their log-densities `(rows,)`."""
        mean, log_sd = self.actor(state)[0].chunk(2, dim=1)
        log_sd = log_sd.clamp(*_LOG_SD)
        noise = torch.randn(mean.shape, generator=self.draws)
        act = (mean + noise * log_sd.exp()).tanh()
        normal = -0.5 * noise**2 - log_sd - 0.5 * math.log(2 * math.pi)
        return act, (normal - (1 - act**2 + _INSIDE).log()).sum(1)

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
        temperature = self.log_temperature.detach().exp()
        with torch.no_grad():
            next_act, next_log = self._acts(after)
            worth = self.targets(torch.cat([after, next_act], 1)).amin(0)[:, 0] - temperature * next_log
            wanted = reward[:, 0] + self.learning.discount * (1 - ended[:, 0]) * worth
        error = self.critics(torch.cat([state, act], 1))[..., 0] - wanted
        self._descend(1, 0.5 * error.square().mean(1).sum())
        drawn, log = self._acts(state)
        worth = self.critics(torch.cat([state, drawn], 1)).amin(0)[:, 0]
        self._descend(0, (temperature * log - worth).mean())
        self._descend(2, -self.log_temperature * (log.detach() - self.acts).mean())
        with torch.no_grad():
            for target, critic in zip(self.targets.parameters(), self.critics.parameters(), strict=True):
                target.lerp_(critic, self.learning.follow)

    def _descend(self, which: int, loss: Tensor) -> None:
        """Take a step of one optimizer; nobody else's gradients are computed."""
        optimizer = self.optimizers[which]
        parameters = optimizer.param_groups[0]["params"]
        for parameter, slope in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            parameter.grad = slope
        optimizer.step()
