"""Which features are acted upon: the sets worth searching, for each person."""

from __future__ import annotations

__all__ = ["candidate_sets"]

from collections.abc import Iterator
from itertools import chain, combinations, islice

import torch
from torch import Tensor


def candidate_sets(actionable: Tensor, resting: Tensor, reach: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """Return rows of one person and one set of acted-upon features each.

    Setting a feature to its factual value costs nothing and changes nothing unless a cause of it is acted upon. So a
    set is left out if it can be enlarged by a feature that stays as it is: the larger set contains its actions. What
    is left out of a candidate is thus a descendant of what is in it, or has an infeasible factual value. At most
    `most` sets are searched per person, those that leave out least first.

    Arguments:
        actionable: What people can act on, bool `(actionable, people)`.
        resting: Whose factual value is feasible, bool `(actionable, people)`.
        reach: Which of these features is a descendant of which, itself not, bool `(actionable, actionable)`.
        most: Most sets of a person.

    Returns:
        Indices of people `(rows,)`, ascending, and the features acted upon, bool `(actionable, rows)`.

    Example:
        >>> can = torch.ones(2, 1, dtype=torch.bool)
        >>> candidate_sets(can, can, torch.tensor([[False, True], [False, False]]), 8)[1].tolist()
        [[True, True], [True, False]]
    """
    patterns, which = torch.stack([actionable, resting]).unique(dim=2, return_inverse=True)
    sets = [list(islice(_candidates(can, rests, reach), most)) for can, rests in patterns.cpu().unbind(2)]
    counts = torch.tensor([len(each) for each in sets], dtype=torch.long, device=which.device)
    first = counts.cumsum(0) - counts
    person = torch.arange(len(which), device=which.device).repeat_interleave(counts[which])
    number = torch.arange(len(person), device=which.device) - (counts[which].cumsum(0) - counts[which])[person]
    every = [row for each in sets for row in each]
    table = torch.stack(every, 1).to(actionable.device) if every else actionable[:, :0]
    return person, table[:, first[which[person]] + number]


def _candidates(actionable: Tensor, resting: Tensor, reach: Tensor) -> Iterator[Tensor]:
    """Yield the candidate sets of a person, bool `(actionable,)` each, the largest first."""
    reach = reach.to(actionable.device)
    moved = reach[actionable].any(0)
    droppable = (actionable & (moved | ~resting)).nonzero()[:, 0].tolist()
    for dropped in chain.from_iterable(combinations(droppable, count) for count in range(len(droppable) + 1)):
        acted = actionable.clone()
        acted[list(dropped)] = False
        still = resting & ~reach[acted].any(0)
        if acted.any() and not still[list(dropped)].any():
            yield acted
