"""Individual advice as shared actions."""

from __future__ import annotations

__all__ = ["as_actions"]

import torch

from recourse_arena import Kind, Menu, Move, Recommendation, Request


def as_actions(request: Request, advice: Recommendation) -> Menu | None:
    """Return what people are advised as the distinct actions of one menu, in a fixed order; none if nobody is.

    Numbers are added, categories and binaries that may go both ways are set, ordinals become at least, or at most, the
    value that they are to have, and so do other whole numbers that may go one way and binaries.
    """
    features, solved = request.features, advice.solved
    factual, mask = request.factual[solved].double(), advice.mask[solved]
    values = torch.where(mask, advice.values[solved].double(), factual)
    kinds = [feature.kind for feature in features]
    one_way = features.directed != 0
    is_set = torch.tensor([kind is Kind.CATEGORICAL for kind in kinds])
    is_set |= torch.tensor([kind is Kind.BINARY for kind in kinds]) & ~one_way
    bounds = torch.tensor([kind is Kind.ORDINAL for kind in kinds]) | (one_way & features.whole & ~is_set)
    move = torch.where(is_set, Move.SET, torch.where(bounds & (values > factual), Move.AT_LEAST, Move.ADD))
    move = torch.where(bounds & (values < factual), Move.AT_MOST, move)
    acts = mask & (values != factual)
    amount = torch.where(move == Move.ADD, values - factual, values)
    rows = torch.cat([torch.where(acts, move, 0).double(), torch.where(acts, amount, 0.0)], 1)
    rows = rows[acts.any(1)].unique(dim=0)
    if not len(rows):
        return None
    count = len(features)
    return Menu(rows[None, :, :count].to(torch.int8), rows[None, :, count:])
