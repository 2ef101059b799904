"""Whom menus are composed on: refused training people, as many of each group as can be."""

from __future__ import annotations

__all__ = ["Audience"]

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from recourse_arena import Knowledge, Problem, Request, generator

_LEAST = 20
"""People that a group needs to count as one; smaller ones count as one together."""


@dataclass(frozen=True)
class Audience:
    """Refused training people with the preferences they are drawn to have; those of a group stand together.

    Arguments:
        request: What they ask, with the weights and hard constraints that `Problem.draw` drew for them.
        group: The group of each, long `(people,)`, ascending.
        names: What the groups are called.
        share: What each counts, in double precision `(people,)`: 1 in all, each group as much as any other.
    """

    request: Request
    group: Tensor
    names: tuple[str, ...]
    share: Tensor

    @classmethod
    def of(cls, problem: Problem, *, seed: int, most: int = 1000) -> Audience:
        """Return at most so many refused training people, drawn from each group alike.

        Without groups, or where the solver does not know them, all are one. Groups of fewer than 20 refused people
        count as one together, unless all are that small.
        """
        refused = (~problem.decisions.accepts(problem.training.x)).nonzero()[:, 0]
        group = torch.zeros(len(refused), dtype=torch.int64)
        names: tuple[str, ...] = ("everybody",)
        if Knowledge.GROUPS in problem.knows:
            group, names = _merged(problem.groups.of[refused], problem.groups.names)
        order = torch.randperm(len(refused), generator=generator(seed, "menu", "people"))
        order = order[group[order].argsort(stable=True)]
        kept = _alike(group[order], len(names), most)
        people, group = refused[order[kept]], group[order[kept]]
        answers = problem.draw(len(people), generator(seed, "menu", "preferences"))
        factual = problem.training.x[people]
        request = problem.request(factual, answers, plausibility=False, sparsity=problem.sparsity, menu=problem.menu)
        sizes = torch.bincount(group, minlength=len(names)).double()
        return cls(request, group, names, (1 / (len(names) * sizes))[group])

    def __len__(self) -> int:
        return len(self.request)

    def __getitem__(self, people: Tensor) -> Audience:
        """Return some of them, by indices in ascending order or a bool tensor `(people,)`; each counts as before."""
        return replace(self, request=self.request[people], group=self.group[people], share=self.share[people])

    @cached_property
    def sizes(self) -> Tensor:
        """How many people each group has, long `(groups,)`."""
        return torch.bincount(self.group, minlength=len(self.names))

    @cached_property
    def dearest(self) -> float:
        """What getting nothing costs: 1, or what the dearest move through the whole feasible range costs anybody."""
        request = self.request
        low, high = request.box.lower, request.box.upper
        apart = request.unit_cost.per_feature(low, torch.where(low < high, high, low))
        parts = torch.where(request.features.actionable, apart * request.weights, 0.0)
        return max(1.0, float(request.unit_cost.combined(parts).max()))


def _merged(group: Tensor, names: tuple[str, ...]) -> tuple[Tensor, tuple[str, ...]]:
    """Return groups that somebody is of, the small ones as one."""
    sizes = torch.bincount(group, minlength=len(names))
    large = [place for place in range(len(names)) if sizes[place] >= _LEAST]
    small = [place for place in range(len(names)) if 0 < sizes[place] < _LEAST]
    lists = [[place] for place in large] + ([small] if large and small else [[place] for place in small])
    renumbered = torch.zeros(len(names), dtype=torch.int64)
    for number, places in enumerate(lists):
        renumbered[places] = number
    return renumbered[group], tuple(" or ".join(names[place] for place in places) for places in lists)


def _alike(group: Tensor, groups: int, most: int) -> Tensor:
    """Return which of people sorted by group to keep, bool `(people,)`: alike many of each, more where others lack."""
    sizes = torch.bincount(group, minlength=groups)
    limit = most
    if int(sizes.sum()) > most:
        limits = torch.arange(1, int(sizes.max()) + 1)
        fits = torch.minimum(sizes[:, None], limits).sum(0) <= most
        limit = max(1, int(fits.sum()))
    first = sizes.cumsum(0) - sizes
    return torch.arange(len(group)) - first[group] < limit
