"""A plugin for tests: a solver that offers everybody of two clusters a short list of actions."""

from __future__ import annotations

import torch

from recourse_arena import Knowledge, Menu, MenuSolver, Move, hookimpl


class Raising(MenuSolver):
    """Offers ever more income."""

    name = "raising"
    knows = frozenset({Knowledge.SCM, Knowledge.GROUPS})

    def compose(self, problem, *, size, clusters, seed):
        amounts = torch.full((clusters, size, len(problem.features)), torch.nan, dtype=torch.float64)
        amounts[:, :, problem.features.index("income")] = torch.arange(1, size + 1).double() / 3
        return Menu.of(amounts, torch.full((len(problem.features),), int(Move.ADD)))


@hookimpl
def recourse_solvers():
    return [Raising]
