"""The search of the grid oracle leaves no combination out, and its order of preference is total."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from small_worlds import random_world
from torch import Tensor

from recourse_arena_grid.options import Options
from recourse_arena_grid.search import Search, cheapest


@st.composite
def cost_tables(draw) -> Tensor:
    """Costs `(people, columns, options)`, few and whole so that many sums are equal; some options are missing."""
    shape = draw(st.tuples(st.integers(1, 3), st.integers(0, 4), st.integers(1, 4)))
    costs = draw(arrays(np.float64, shape, elements=st.sampled_from([0, 1, 2, 3, np.inf]), fill=st.nothing()))
    costs[..., 0] = 0
    return torch.from_numpy(costs)


def every_sum(costs: Tensor) -> dict[tuple[int, ...], float]:
    """Return the cost of each combination of one person, `(columns, options)`."""
    return {
        digits: float(sum(costs[slot, digit] for slot, digit in enumerate(digits)))
        for digits in itertools.product(range(costs.shape[1]), repeat=costs.shape[0])
    }


@given(cost_tables(), st.integers(1, 5))
def test_windows_of_rising_cost_hold_every_combination_once(costs, first):
    floor, tried, count = torch.zeros(len(costs), dtype=torch.double), 0, first
    seen: list[dict[tuple[int, ...], float]] = [{} for _ in costs]
    while bool((floor < torch.inf).any()):
        cost, digits, ceiling = cheapest(costs, floor, tried, count)
        for person in range(len(costs)):
            for total, pick in zip(cost[person].tolist(), digits[person].tolist(), strict=True):
                if total < ceiling[person]:
                    assert total >= floor[person]
                    assert tuple(pick) not in seen[person]
                    seen[person][tuple(pick)] = total
            below = {pick: total for pick, total in every_sum(costs[person]).items() if total < ceiling[person]}
            assert seen[person] == below
        floor, tried, count = ceiling, count, count * 2


@settings(max_examples=300)
@given(cost_tables(), st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 300), st.integers(1, 5))
@example(torch.zeros(1, 3, 2, dtype=torch.double), 17, 4, 4, 3)  # two actions, then one, in different blocks
def test_search_finds_the_cheapest_then_the_one_with_fewest_actions_then_the_first(costs, seed, rows, sums, first):
    options = Options(torch.arange(costs.shape[1]), torch.zeros_like(costs), costs)
    powers = costs.shape[2] ** torch.arange(costs.shape[1]).flip(0)
    combinations = costs.shape[2] ** costs.shape[1]
    table = torch.rand(len(costs), combinations, generator=torch.Generator().manual_seed(seed)) < 0.2
    most = 0

    def allowed(people: Tensor, digits: Tensor) -> Tensor:
        nonlocal most
        most = max(most, len(people))
        return table[people, (digits * powers).sum(-1)]

    solved, digits = Search(options, allowed, rows=rows, sums=sums, first=first).run()
    assert most <= rows
    for person in range(len(costs)):
        keys = [
            (cost, sum(digit > 0 for digit in pick), pick)
            for code, (pick, cost) in enumerate(every_sum(costs[person]).items())
            if table[person, code] and cost < np.inf
        ]
        assert bool(solved[person]) == bool(keys)
        if keys:
            assert tuple(digits[person].tolist()) == min(keys)[2]


def test_options_have_no_duplicates_and_start_with_leaving_alone():
    world = random_world(0)
    request = world.request[world.request.actionable.any(1)][:1]
    options = Options.of(request, world.problem.box, points=99)
    columns = request.actionable[0].nonzero().squeeze(1)
    assert torch.equal(options.values[0, :, 0], request.factual[0, columns])
    for values, costs in zip(options.values[0], options.costs[0], strict=True):
        usable = values[1:][costs[1:] < torch.inf]
        assert len(usable) > 3
        assert usable.tolist() == sorted(set(usable.tolist()))
        assert torch.equal(usable, usable.round())
