"""Facility location within a bound on the gap, against all menus of small tables."""

from __future__ import annotations

import itertools

import pytest
import torch

from recourse_arena_menus.search.facility import Aim, chosen_from, loss_of

SIZE, CANDIDATES, PEOPLE = 3, 9, 60


def table(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return costs `(candidates, people)` of which most work for one of two groups alone, and the groups."""
    draws = torch.Generator().manual_seed(seed)
    group = (torch.arange(PEOPLE) % 2).long()
    serves = torch.arange(CANDIDATES)[:, None] % 2 == group
    works = torch.rand(CANDIDATES, PEOPLE, generator=draws) < torch.where(serves, 0.7, 0.1)
    cost = 0.1 + 0.5 * torch.rand(CANDIDATES, PEOPLE, generator=draws, dtype=torch.float64)
    return torch.where(works, cost, 1.0), group


def aim_of(group: torch.Tensor, gap: float) -> Aim:
    share = torch.full((PEOPLE,), 1 / PEOPLE, dtype=torch.float64)
    return Aim(1.0, share, group, 2, gap=gap)


def short_of_the_best(gap: float, random: int) -> list[float]:
    """Return by how much menus cost more than the best of all within the bound, for twelve tables."""
    apart = []
    for seed in range(12):
        cost, group = table(seed)
        aim = aim_of(group, gap)
        menus = itertools.chain(*(itertools.combinations(range(CANDIDATES), size) for size in range(SIZE + 1)))
        best = min(loss_of(cost, menu, aim) for menu in menus)
        chosen = chosen_from(cost, SIZE, aim, random=random, draws=torch.Generator().manual_seed(0))
        found = loss_of(cost, chosen, aim)
        assert found[0] == best[0] == 0
        apart.append(found[1] - best[1])
    assert min(apart) > -1e-9
    return apart


@pytest.mark.parametrize("gap", [0.02, 0.05, 0.1])
def test_a_bound_on_the_gap_withholds_no_more_help_than_it_must(gap):
    assert max(short_of_the_best(gap, random=4)) < 1e-9
    assert sum(apart < 0.04 for apart in short_of_the_best(gap, random=0)) >= 9, "helping nobody is within the bound"
