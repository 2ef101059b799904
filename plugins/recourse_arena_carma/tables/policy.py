"""The mask network and the action network of a table."""

from __future__ import annotations

__all__ = ["TablePolicy"]

import torch
from torch import Tensor

from recourse_arena import Problem
from recourse_arena_carma.networks import Networks
from recourse_arena_carma.settings import Settings
from recourse_arena_carma.tables.people import encoded


class TablePolicy(Networks):
    """Which features to act on, how far to shift numbers, and which levels of categories to choose.

    Arguments:
        problem: The problem it acts in.
        settings: Sizes of the networks and reach of the shifts.
        individual: Whether the networks see a person's preferences.
    """

    reach: Tensor

    def __init__(self, problem: Problem, settings: Settings, *, individual: bool) -> None:
        encoding = encoded(problem).encoding
        columns = len(encoding)
        super().__init__(columns + 1, len(problem.features), columns, settings, individual=individual)
        z = encoding.encode(problem.training.x)
        span = torch.where(encoding.codes < 0, z.amax(0) - z.amin(0), torch.inf)
        self.register_buffer("reach", settings.reach * span)
        self.to(problem.training.x.dtype)

    def wishes(self, seen: Tensor, mask: Tensor) -> Tensor:
        """Return the shift of each number and the log odds of each level, `(people, columns)`, given the `mask`."""
        wanted = self.action_network(torch.cat((seen, mask), 1))
        return torch.minimum(torch.maximum(wanted, -self.reach), self.reach)
