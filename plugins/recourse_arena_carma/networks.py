"""The mask network and the action network."""

from __future__ import annotations

__all__ = ["Policy", "perceptron"]

import torch
from torch import Generator, Tensor, nn

from recourse_arena.problem.problem import Problem
from recourse_arena_carma.preferences import Preferences
from recourse_arena_carma.settings import Settings


def perceptron(inputs: int, width: int, layers: int, outputs: int) -> nn.Sequential:
    """Return a ReLU network of `layers` hidden layers, not yet initialised."""
    widths = [inputs, *[width] * layers, outputs]
    modules: list[nn.Module] = []
    for before, after in zip(widths, widths[1:], strict=False):
        modules += [nn.utils.skip_init(nn.Linear, before, after), nn.ReLU()]
    return nn.Sequential(*modules[:-1])


class Policy(nn.Module):
    """Which features to act on, and how far to shift their noise.

    Arguments:
        problem: The problem it acts in.
        settings: Sizes of the networks.
        individual: Whether it sees a person's preferences.
    """

    lower: Tensor
    upper: Tensor

    def __init__(self, problem: Problem, settings: Settings, *, individual: bool) -> None:
        super().__init__()
        features = len(problem.features)
        bounds = problem.noise_bounds(problem.flow)
        self.individual = individual
        self.register_buffer("lower", bounds.lower)
        self.register_buffer("upper", bounds.upper)
        seen = 2 * features + 1 + (3 * features if individual else 0)
        self.mask_network = perceptron(seen, settings.width, settings.mask_layers, 2 * features)
        self.action_network = perceptron(
            seen + features, settings.width, settings.action_layers, features
        )

    def initialise(self, draws: Generator) -> None:
        """Draw the initial weights (Xavier); biases start at 0."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight, generator=draws)
                nn.init.zeros_(module.bias)

    def seen(self, person: Tensor, preferences: Preferences) -> Tensor:
        """Return the input both networks share."""
        if not self.individual:
            return person
        mask = preferences.mask
        return torch.cat((person, mask, mask * preferences.weights.log(), 2 * preferences.priors), 1)

    def logits(self, seen: Tensor) -> Tensor:
        """Return the log odds `phi_1 - phi_0` of acting, `(people, features)`."""
        phi = self.mask_network(seen).unflatten(1, (2, -1))
        return phi[:, 1] - phi[:, 0]

    def shift(self, seen: Tensor, mask: Tensor) -> Tensor:
        """Return the latent shift of each feature `(people, features)`, given the chosen mask."""
        wanted = self.action_network(torch.cat((seen, mask), 1))
        return torch.minimum(torch.maximum(wanted, self.lower), self.upper)
