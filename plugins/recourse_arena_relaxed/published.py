"""The request that published methods answer: everything moves, and nothing of what a person said counts."""

from __future__ import annotations

__all__ = ["unconstrained"]

from dataclasses import replace

import torch

from recourse_arena import Actionability, Box, FeatureTable, Request


def unconstrained(request: Request) -> Request:
    """Return a request of the same people who can act on every feature, in every direction, without rules.

    Values stay those that features can have: whole numbers and levels, within the bounds that features declare.
    """
    table, people = request.features, len(request)
    scores = torch.ones_like(request.actionability.scores)
    lower, upper = (
        request.factual.new_tensor([getattr(feature, end) for feature in table]).expand(people, -1)
        for end in ("lower", "upper")
    )
    categorical = table.categorical
    highest = request.factual.new_tensor([len(feature.levels) - 1.0 for feature in table])
    box = Box(torch.where(categorical, 0.0, lower), torch.where(categorical, highest, upper))
    return replace(
        request,
        features=FeatureTable(table.features),
        actionability=Actionability(scores, request.actionability.levels, request.actionability.ordered),
        box=box,
        sparsity=None,
    )
