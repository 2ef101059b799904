"""Small forests and boosted trees over the small table of `network_tables`, which can be tried by hand."""

from __future__ import annotations

from dataclasses import replace

import torch
from network_tables import table_problem

from recourse_arena import People
from recourse_arena.models.decision.offers import Boosting, Forest
from recourse_arena.people.box import Box
from recourse_arena.problem.cost import Cost

KINDS = {"forest": Forest(trees=12, leaf=2), "boosting": Boosting(trees=12, leaves=8)}


def tree_problem(kind, seed, *, cost="gower", rules=(), whole=True):
    """Return a problem whose decision model is an ensemble of trees that learnt a random network with noise."""
    problem = table_problem(seed, cost=cost, rules=rules, whole=whole)
    draws = torch.Generator().manual_seed(seed)
    x = problem.training.x
    y = (problem.training.y.bool() ^ (torch.rand(len(x), generator=draws) < 0.05)).float()
    people = People(x, y)
    model = KINDS[kind].fit(problem.features, people, people, seed=seed)
    refused = ~model.accepts(x)
    return replace(
        problem,
        decisions=model,
        cost=Cost.fitted(x, refused, problem.features, cost),
        box=Box.spanning(x[refused], problem.features),
    )
