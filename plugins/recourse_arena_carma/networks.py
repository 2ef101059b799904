"""The mask network and the action network."""

from __future__ import annotations

__all__ = ["Networks", "Policy"]

from itertools import pairwise

import torch
from torch import Generator, Tensor, nn

from recourse_arena import Problem
from recourse_arena_carma.people import causal_flow
from recourse_arena_carma.preferences import Preferences
from recourse_arena_carma.settings import Settings


class Networks(nn.Module):
    """A network that says which features to act on, and one that says how, given which.

    Arguments:
        described: How many numbers describe a person.
        features: How many features there are.
        outputs: How many numbers say how to act.
        settings: Sizes of the networks.
        individual: Whether the networks see a person's preferences.
    """

    def __init__(self, described: int, features: int, outputs: int, settings: Settings, *, individual: bool) -> None:
        super().__init__()
        self.described, self.individual = described, individual
        inputs = described + (3 * features if individual else 0)
        self.mask_network = _perceptron([inputs, *[settings.width] * settings.mask_layers, 2 * features])
        self.action_network = _perceptron([inputs + features, *[settings.width] * settings.action_layers, outputs])

    def initialise(self, draws: Generator) -> None:
        """Draw the initial weights (Xavier); biases start at 0."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight, generator=draws)
                nn.init.zeros_(module.bias)

    def seen(self, described: Tensor, preferences: Preferences) -> Tensor:
        """Return what both networks see: the person, then mask, log weights and priors where they are individual."""
        if not self.individual:
            return described
        return torch.cat((described, preferences.told()), 1)

    def log_odds(self, seen: Tensor) -> Tensor:
        """Return the log odds `phi_1 - phi_0` of acting on each feature, `(people, features)`."""
        phi = self.mask_network(seen).unflatten(1, (2, -1))
        return phi[:, 1] - phi[:, 0]


class Policy(Networks):
    """Which features to act on, and how far to shift their noise.

    Arguments:
        problem: The problem it acts in.
        settings: Sizes of the networks and reach of the shifts.
        individual: Whether the networks see a person's preferences.
    """

    lower: Tensor
    upper: Tensor

    def __init__(self, problem: Problem, settings: Settings, *, individual: bool) -> None:
        features = len(problem.features)
        super().__init__(2 * features + 1, features, features, settings, individual=individual)
        bounds = problem.noise_bounds(causal_flow(problem))
        self.register_buffer("lower", settings.reach * bounds.lower)
        self.register_buffer("upper", settings.reach * bounds.upper)
        self.to(problem.training.x.dtype)

    def shift(self, seen: Tensor, mask: Tensor) -> Tensor:
        """Return the latent shift of each feature, given the chosen `mask`, both `(people, features)`."""
        wanted = self.action_network(torch.cat((seen, mask), 1))
        return torch.minimum(torch.maximum(wanted, self.lower), self.upper)


def _perceptron(widths: list[int]) -> nn.Sequential:
    """Return a ReLU network whose weights are not drawn yet, so that no global random state is touched."""
    layers = [(nn.utils.skip_init(nn.Linear, before, after), nn.ReLU()) for before, after in pairwise(widths)]
    return nn.Sequential(*[module for pair in layers for module in pair][:-1])
