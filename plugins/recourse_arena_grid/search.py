"""The cheapest allowed combination of options, per person, without trying them all."""

from __future__ import annotations

__all__ = ["Search", "cheapest"]

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from recourse_arena_grid.options import Options

ROWS = 1 << 14
"""Candidates whose effects are computed at once, whatever the number of people."""

SUMS = 1 << 20
"""Sums of costs held at once."""

FIRST = 64
"""How many of their cheapest combinations people try first."""

_GROWTH = 4
"""How many times more they have tried after each later round."""

_NO_RANK = torch.iinfo(torch.long).max

Allowed = Callable[[Tensor, Tensor], Tensor]
"""Says which combinations `(rows, columns)` of people `(rows,)` are allowed, bool `(rows,)`."""


class Search:
    """Best-first search over the combinations of people who can act on the same features.

    Combinations are tried in windows of rising cost that hold all of some cost or none, so that the first
    window with an allowed combination holds the best one. Whoever has none among the cheapest few thousand
    goes through all others, less those that cost more than the best so far.

    Arguments:
        options: Their options.
        allowed: The test of a combination.
        rows: Most candidates to test at once.
        sums: Most sums of costs to hold at once.
        first: How many combinations each person tries first.
    """

    def __init__(
        self, options: Options, allowed: Allowed, *, rows: int = ROWS, sums: int = SUMS, first: int = FIRST
    ) -> None:
        people = len(options.values)
        self.options, self.allowed = options, allowed
        self.rows, self.sums, self.first = rows, sums, first
        self.cost = torch.full((people,), torch.inf, dtype=torch.double)
        """Cost of the best allowed combination so far; infinite without one."""
        self.rank = torch.full((people,), _NO_RANK)
        """Its place among those of equal cost: fewest acted features first, then in the order of codes."""
        self.floor = torch.zeros(people, dtype=torch.double)
        """All combinations cheaper than this have been tried."""

    def run(self) -> tuple[Tensor, Tensor]:
        """Return who is solved, `(people,)`, and the options of their best combination, `(people, columns)`."""
        combinations, radix = self.options.combinations, self.options.radix
        tried, count = 0, self.first
        while tried < combinations and count * radix <= self.sums:
            for people in self._pending(count * radix):
                self._try_cheapest(people, tried, count)
            tried, count = count, count * _GROWTH
        block = min(combinations, self.sums)
        for people in self._pending(block):
            for start in range(0, combinations, block):
                self._try_block(people, start, min(start + block, combinations))
        solved = self.cost < torch.inf
        return solved, self.options.digits(torch.where(solved, self.rank % combinations, 0))

    def _pending(self, sums: int) -> Iterator[Tensor]:
        """Yield people without a solution and with untried combinations, as many as may hold `sums` each."""
        pending = ((self.cost == torch.inf) & (self.floor < torch.inf)).nonzero().squeeze(1)
        yield from pending.split(max(1, self.sums // sums)) if len(pending) else ()

    def _try_cheapest(self, people: Tensor, tried: int, count: int) -> None:
        cost, digits, ceiling = cheapest(self.options.costs[people], self.floor[people], tried, count)
        row, place = (cost < ceiling[:, None]).nonzero(as_tuple=True)
        self._try(people[row], cost[row, place], digits[row, place])
        self.floor[people] = ceiling

    def _try_block(self, people: Tensor, start: int, stop: int) -> None:
        digits = self.options.digits(torch.arange(start, stop))
        cost = self.floor.new_zeros(len(people), stop - start)
        for slot, digit in enumerate(digits.unbind(-1)):
            cost += self.options.costs[people, slot][:, digit]
        untried = (cost >= self.floor[people, None]) & (cost <= self.cost[people, None]) & (cost < torch.inf)
        row, place = untried.nonzero(as_tuple=True)
        self._try(people[row], cost[row, place], digits[place])

    def _try(self, people: Tensor, cost: Tensor, digits: Tensor) -> None:
        """Take up the best allowed ones of candidates `(rows,)`, `(rows,)`, `(rows, columns)`, cheap ones first."""
        for chunk in cost.argsort().split(self.rows) if len(cost) else ():
            chunk = chunk[cost[chunk] <= self.cost[people[chunk]]]
            chunk = chunk[self.allowed(people[chunk], digits[chunk])]
            self._take_up(people[chunk], cost[chunk], digits[chunk])

    def _take_up(self, people: Tensor, cost: Tensor, digits: Tensor) -> None:
        """Remember those of the allowed candidates that are better than the best so far."""
        rank = (digits > 0).sum(-1) * self.options.combinations + self.options.codes(digits)
        before = self.cost.clone()
        self.cost.scatter_reduce_(0, people, cost, "amin")
        self.rank[self.cost < before] = _NO_RANK
        best = cost == self.cost[people]
        self.rank.scatter_reduce_(0, people[best], rank[best], "amin")


def cheapest(costs: Tensor, floor: Tensor, tried: int, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the next cheapest combinations: those that cost at least `floor` and less than a ceiling.

    Feature by feature, only the `count` cheapest beginnings are kept: no other one can begin a combination
    that is cheaper than `count` others.

    Arguments:
        costs: Cost of each option, `(people, columns, options)`, infinite where there is none.
        floor: Least cost, `(people,)`; at most `tried` combinations cost less.
        tried: See `floor`.
        count: Number of beginnings to keep, more than `tried`.

    Returns:
        Costs `(people, candidates)` and options `(people, candidates, columns)` of candidates in no order,
        and the ceiling `(people,)`. Every combination with floor <= cost < ceiling is there; candidates of
        ceiling cost and above may be there or not. The ceiling is infinite where none is left.

    Example:
        >>> costs = torch.tensor([[[0.0, 3.0], [0.0, 1.0]]])
        >>> cost, digits, ceiling = cheapest(costs, torch.zeros(1), 0, 3)
        >>> cost.sort().values.tolist(), ceiling.tolist()
        ([[0.0, 1.0, 3.0]], [3.0])
    """
    people, columns, radix = costs.shape
    total, digits = costs.new_zeros(people, 1), torch.zeros(people, 1, 0, dtype=torch.long)
    for column in range(columns):
        sums = (total[:, :, None] + costs[:, column, None, :]).flatten(1)
        keep = count
        if column == columns - 1:
            sums, keep = sums.where(sums >= floor[:, None], torch.inf), count - tried
        total, index = sums.topk(min(keep, sums.shape[1]), largest=False, sorted=False)
        beginning = index // radix
        digits = torch.cat(
            [
                digits.gather(1, beginning[..., None].expand(-1, -1, column)),
                (index - beginning * radix)[..., None],
            ],
            -1,
        )
    complete = total.shape[1] < count - tried or not columns
    ceiling = torch.full_like(floor, torch.inf) if complete else total.amax(1)
    return total, digits, ceiling
