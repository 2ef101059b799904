"""What each accepting leaf asks of features, in their own units."""

from __future__ import annotations

__all__ = ["Leaves"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Kind, Problem


@dataclass(frozen=True)
class Leaves:
    """Accepting leaves: `lower < value <= upper` for numbers, some levels for categories.

    Arguments:
        lower: What numbers must be above, `(leaves, features)`.
        upper: What they are at most, `(leaves, features)`.
        sd: Standard deviation of each number over training people, `(features,)`.
        levels: Which codes of each category a leaf lets pass, bool `(leaves, codes)`, by column.
        common: The commonest code that it lets pass, `(leaves,)`, by column.
    """

    lower: Tensor
    upper: Tensor
    sd: Tensor
    levels: dict[int, Tensor]
    common: dict[int, Tensor]

    def __len__(self) -> int:
        return len(self.lower)

    @classmethod
    def of(cls, problem: Problem) -> Leaves:
        """Return the accepting leaves of a problem's decision model that somebody can reach."""
        trees, x = problem.trees, problem.training.x
        _, node, *boxes = trees.leaves()
        value = trees.value[node]
        # A leaf votes for acceptance if all trees together would, each adding as much; shares are in single precision.
        votes = (value > 0) & (value * len(trees.roots) >= trees.least - 1e-6)
        encoding, bounds = trees.encoding, [part[votes].double() for part in boxes]
        first = [int((encoding.owner == j).nonzero()[0, 0]) for j in range(len(problem.features))]
        lower, upper = (part[:, first] * encoding.sd.double() + encoding.mean.double() for part in bounds)
        open_, levels, common = torch.ones(len(lower), dtype=torch.bool), {}, {}
        for j, feature in enumerate(problem.features):
            if feature.kind is not Kind.CATEGORICAL:
                continue
            own = (encoding.owner == j).nonzero()[:, 0]
            zero, one = ((bounds[0][:, own] < v) & (v <= bounds[1][:, own]) for v in (0.0, 1.0))
            # A level passes if its own column may be 1 and all others 0.
            passes = one & ((~zero).sum(1, keepdim=True) - (~zero).int() == 0)
            counts = torch.bincount(x[:, j].long(), minlength=len(feature.levels))[encoding.codes[own]]
            best = torch.where(passes, counts + 1, 0).argmax(1)
            common[j] = encoding.codes[own][best].to(x.dtype)
            levels[j] = torch.zeros_like(passes).index_copy(1, encoding.codes[own], passes)
            open_ &= passes.any(1)
            lower[:, j], upper[:, j] = -torch.inf, torch.inf
        sd = x.std(0).double()
        parts = [{j: table[open_] for j, table in tables.items()} for tables in (levels, common)]
        return cls(lower[open_], upper[open_], torch.where(sd > 0, sd, 1.0), parts[0], parts[1])
