"""What the rungs of ladders come to for each person."""

from __future__ import annotations

__all__ = ["options_of"]

import torch

from recourse_arena import Request
from recourse_arena_grid.options import Options
from recourse_arena_menus.ladders import Ladders


def options_of(ladders: Ladders, request: Request) -> Options:
    """Return the options of people who can all act on the same features: what a rung makes of each, and its cost.

    They are ascending, those of a category in alphabetical order of its levels' names. Rungs that come to the same
    are one, and one that changes nothing is none.
    """
    columns = request.actionable[0].nonzero()[:, 0]
    people, radix = len(request), max(ladders.widths.tolist(), default=1)
    shape = (people, len(columns), radix)
    values = request.factual[:, columns, None].expand(shape).clone()
    usable = torch.zeros(shape, dtype=torch.bool)
    slot_of = {column: slot for slot, column in enumerate(columns.tolist())}
    for place, ladder in enumerate(ladders.ladders):
        slot = slot_of.get(ladder.column)
        if slot is None:
            continue
        rungs = ladders.home.repeat(len(ladder), 1)
        rungs[:, place] = torch.arange(len(ladder))
        offers = ladders.menu(rungs).offers(request.factual, ladders.features, request.actionable, request.box)
        found, there = offers.values[:, :, ladder.column], offers.available
        if ladder.ordered:
            found, order = found.sort(dim=1, stable=True)
            there = there.gather(1, order)
        kept = there.clone()
        kept[:, 1:] &= (found[:, 1:] != found[:, :-1]) | ~there[:, :-1]
        values[:, slot, : len(ladder)], usable[:, slot, : len(ladder)] = found, kept
    whole = request.factual[None].expand(radix, -1, -1).clone()
    whole[..., columns] = values.permute(2, 0, 1)
    priced = (request.unit_cost.per_feature(request.factual, whole) * request.weights).double()
    costs = torch.where(usable, priced[..., columns].permute(1, 2, 0), torch.inf)
    # Each person's usable options move to the front, behind to leave the feature.
    places = usable.sort(dim=-1, descending=True, stable=True).indices
    values, costs = values.gather(-1, places), costs.gather(-1, places)
    now = request.factual[:, columns, None]
    return Options(columns, torch.cat([now, values], -1), torch.cat([torch.zeros_like(costs[..., :1]), costs], -1))
