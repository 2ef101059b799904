"""Which features are acted upon: the sets worth searching, for each person."""

from __future__ import annotations

__all__ = ["candidate_sets"]

from collections.abc import Iterator
from itertools import chain, combinations, islice

import torch
from torch import Tensor

from recourse_arena.problem.graph import CausalGraph
from recourse_arena.problem.request import Request


def candidate_sets(request: Request, graph: CausalGraph, most: int) -> tuple[Tensor, Tensor]:
    """Return rows of one person and one set of acted-upon features each.

    Setting a feature to its factual value costs nothing and changes nothing unless a cause of it is acted upon.
    So a set is left out if it can be enlarged by a feature that stays as it is: the larger set contains its
    actions. What is left out of a candidate is thus a descendant of what is in it, or has an infeasible factual
    value. At most `most` sets are searched per person, those that leave out least first.

    Returns:
        Indices of people `(rows,)` and the features acted upon, bool `(rows, features)`.
    """
    resting = request.snap(request.factual) == request.factual
    patterns, which = torch.stack([request.actionable, resting], 1).unique(dim=0, return_inverse=True)
    sets = [torch.tensor(list(islice(_candidates(*pattern, graph), most)), dtype=torch.bool) for pattern in patterns]
    sets = [rows.reshape(-1, len(graph.names)) for rows in sets]
    pieces = [sets[index] for index in which.tolist()]
    person = torch.arange(len(request)).repeat_interleave(torch.tensor([len(p) for p in pieces], dtype=torch.long))
    return person, torch.cat([request.actionable[:0], *pieces])


def _candidates(actionable: Tensor, resting: Tensor, graph: CausalGraph) -> Iterator[list[bool]]:
    """Yield the candidate sets of a person, bool `(features,)` each, the largest first."""
    effects = graph.reach & ~torch.eye(len(graph.names), dtype=torch.bool)
    moved = effects[actionable].any(0)
    droppable = (actionable & (moved | ~resting)).nonzero()[:, 0].tolist()
    for dropped in chain.from_iterable(combinations(droppable, size) for size in range(len(droppable) + 1)):
        acted = actionable.clone()
        acted[list(dropped)] = False
        still = resting & ~effects[acted].any(0)
        if acted.any() and not still[list(dropped)].any():
            yield acted.tolist()
