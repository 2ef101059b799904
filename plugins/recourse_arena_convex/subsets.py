"""Which features are acted upon: the sets worth searching, for each person."""

from __future__ import annotations

__all__ = ["candidate_sets"]

from collections.abc import Iterator
from itertools import chain, combinations, islice

import torch
from torch import Tensor

from recourse_arena import CausalGraph, Request


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
    sets = [list(islice(_candidates(actionable, rests, graph), most)) for actionable, rests in patterns]
    person = [index for index, pattern in enumerate(which.tolist()) for _ in sets[pattern]]
    acted = [row for pattern in which.tolist() for row in sets[pattern]]
    return torch.tensor(person, dtype=torch.long), torch.stack(acted) if acted else request.actionable[:0]


def _candidates(actionable: Tensor, resting: Tensor, graph: CausalGraph) -> Iterator[Tensor]:
    """Yield the candidate sets of a person, bool `(features,)` each, the largest first."""
    effects = graph.reach & ~torch.eye(len(graph.names), dtype=torch.bool)
    moved = effects[actionable].any(0)
    droppable = (actionable & (moved | ~resting)).nonzero()[:, 0].tolist()
    for dropped in chain.from_iterable(combinations(droppable, size) for size in range(len(droppable) + 1)):
        acted = actionable.clone()
        acted[list(dropped)] = False
        still = resting & ~effects[acted].any(0)
        if acted.any() and not still[list(dropped)].any():
            yield acted
