"""Actions along random directions of the ladders."""

from __future__ import annotations

__all__ = ["along"]

import torch
from torch import Tensor

from recourse_arena_menus.composing import Composer
from recourse_arena_menus.ladders import Ladders
from recourse_arena_menus.search.facility import chosen_from

_HALF = 0.5
"""Length from which another level is nearer than the one that a person has."""


def along(composer: Composer, directions: int, scalars: int, features: int) -> list[int]:
    """Return the numbers of actions along the best of some random directions, at as many lengths as asked for."""
    draws, effects = composer.draws, composer.effects
    actions = _actions(effects.ladders, _directions(effects.ladders, directions, features, draws), scalars, draws)
    numbers = effects.ask(actions)
    best, least = numbers[0, :1], torch.inf
    for some in numbers:
        lengths = some.unique()
        chosen = lengths[chosen_from(composer.cost(lengths), composer.size, composer.aim, draws=draws)]
        if len(chosen) and (loss := composer.loss(chosen.tolist())) < least:
            best, least = chosen, loss
    acts = (effects.actions[best] != effects.ladders.home).any(1)
    return best[acts].tolist()


def _directions(ladders: Ladders, count: int, features: int, draws: torch.Generator) -> Tensor:
    """Return how far directions go on each ladder, of what there is up or down, `(directions, ladders)`, -1 to 1."""
    shape = (count, len(ladders))
    place = torch.rand(shape, generator=draws).argsort(1).argsort(1)
    acted = torch.randint(1, min(features, len(ladders)) + 1, (count, 1), generator=draws)
    weight = 2 * torch.rand(shape, generator=draws, dtype=torch.float64) - 1
    weight = torch.where(place < acted, weight, 0.0)
    return weight / weight.abs().amax(1, keepdim=True)


def _actions(ladders: Ladders, directions: Tensor, scalars: int, draws: torch.Generator) -> Tensor:
    """Return the actions of each direction at each length, long `(directions, scalars, ladders)`."""
    length = torch.arange(1, scalars + 1, dtype=torch.float64) / scalars
    far = directions[:, None] * length[:, None]
    home, top = ladders.home, ladders.widths - 1
    stepped = home + (far * torch.where(far > 0, top - home, home)).round().long()
    level = 1 + (torch.rand(len(directions), len(ladders), generator=draws, dtype=torch.float64) * top).long()
    set_to = torch.where(far.abs() >= _HALF, level.clamp(max=top)[:, None], home)
    return torch.where(ladders.ordered, stepped, set_to)
