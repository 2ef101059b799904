"""Where searches start: as one is, and as accepted people are."""

from __future__ import annotations

__all__ = ["draw_donors", "starting_points"]

import torch
from torch import Generator, Tensor

from recourse_arena import Problem
from recourse_arena_convex.descent import Descent, distance, merit, size
from recourse_arena_convex.incumbents import Incumbents
from recourse_arena_convex.landscape import Landscape

_DONORS = 64


def draw_donors(problem: Problem, draws: Generator) -> Tensor:
    """Return some accepted training people, `(donors, features)`."""
    accepted = problem.training.x[problem.decisions.accepts(problem.training.x)]
    return accepted[torch.randperm(len(accepted), generator=draws)[:_DONORS]]


def starting_points(landscape: Landscape, donors: Tensor, count: int, descent: Descent, best: Incumbents) -> Tensor:
    """Return at most `count` starting points for each row, `(rows, starts, actionable)`.

    The first is the factual. For the others the donors are dealt into groups: of each group, the donor whose
    values promise most to `descent` when taken over. Values outside the box are moved to its edge.
    """
    still = landscape.clamp(torch.zeros_like(landscape.lower))
    scale = landscape.slopes(still).scale
    starts = [still]
    groups = min(count - 1, len(donors))
    for group in donors.tensor_split(groups) if groups else ():
        every = torch.arange(len(landscape)).repeat_interleave(len(group))
        rows = landscape[every]
        y = rows.points(group.repeat(len(landscape), 1))
        margins = rows.margins(y)
        best.offer(rows, y, margins)
        missed = distance(margins, scale[every], descent.aim)
        promising = merit(y, missed, descent.penalty * size(y, missed)).reshape(-1, len(group)).argmin(1)
        starts.append(y.reshape(-1, len(group), y.shape[1])[torch.arange(len(landscape)), promising])
    return torch.stack(starts, 1)
