"""The cheapest allowed combination of options, per person, without trying them all."""

from __future__ import annotations

__all__ = ["MOST", "Search", "cheapest"]

import math
from collections.abc import Callable

import torch
from torch import Tensor

from recourse_arena_grid.few import combined, count, few_changes, numbered, spread
from recourse_arena_grid.options import Options

ROWS = 1 << 14
"""Candidates whose effects are computed at once, whatever the number of people."""

SUMS = 1 << 20
"""Sums of costs held at once."""

FIRST = 64
"""How many of their cheapest combinations people try first."""

_GROWTH = 4
"""How many times more they have tried after each later round."""

MOST = 1_000_000
"""Combinations of a person that are gone through if need be."""

_NO_KEY = torch.iinfo(torch.long).max

Allowed = Callable[[Tensor, Tensor], Tensor]
"""Says which combinations `(rows, columns)` of people `(rows,)` are allowed, bool `(rows,)`."""


class Search:
    """Best-first search over the combinations of people who can act on the same features.

    Combinations are tried in windows of rising cost that hold all of some cost or none, so that the first
    window with an allowed combination holds the best one. Whoever has none among the cheapest few thousand
    goes through all others, less those that cost more than the best so far; or, having too many, through some.

    Arguments:
        options: Their options.
        allowed: The test of a combination.
        plausible: A slow test that allowed combinations must pass too, cheap ones first; none if left out.
        rows: Most candidates to test at once.
        sums: Most sums of costs to hold at once.
        first: How many combinations each person tries first.
        most: Who has more combinations than this tries some only.
        radix: How many options of a feature anybody may have, so that what those people try is theirs alone.
        changes: How many features a combination may change; any number if left out.
    """

    def __init__(
        self,
        options: Options,
        allowed: Allowed,
        *,
        plausible: Allowed | None = None,
        rows: int = ROWS,
        sums: int = SUMS,
        first: int = FIRST,
        most: int = MOST,
        radix: int = 0,
        changes: int | None = None,
    ) -> None:
        people, columns, options_each = options.values.shape
        self.options, self.plausible = options, plausible
        self.allowed = allowed if changes is None else _of_few(allowed, changes)
        self.changes = changes if changes is not None and changes < columns else None
        self.rows, self.sums, self.first = rows, sums, first
        self.most, self.radix = most, max(radix, options_each)
        self.cost = torch.full((people,), torch.inf, dtype=torch.double)
        """Cost of the best allowed combination so far; infinite without one."""
        self.best = torch.zeros(people, columns, dtype=torch.long)
        """Its options: of those of equal cost fewest acted features first, then in lexicographic order."""
        self.floor = torch.zeros(people, dtype=torch.double)
        """All combinations cheaper than this have been tried."""
        self.cut: dict[int, int] = {}
        """Who went through some combinations only, and how many features these change at most."""

    def run(self) -> tuple[Tensor, Tensor]:
        """Return who is solved, `(people,)`, and the options of their best combination, `(people, columns)`."""
        within = self.options.combinations <= self.most
        if self.changes is not None:  # those that change few are gone through by themselves
            within = torch.zeros_like(within)
        self._try_cheap(within, self.options.radix)
        self._try_cheap(~within, self.radix)
        for widths, people in self._alike(within):
            self._try_all(widths, people)
        for person in self._pending(~within).tolist():
            self._try_some(person)
        return self.cost < torch.inf, self.best

    def _pending(self, among: Tensor) -> Tensor:
        """Return people without a solution and with untried combinations."""
        return (among & (self.cost == torch.inf) & (self.floor < torch.inf)).nonzero().squeeze(1)

    def _try_cheap(self, among: Tensor, radix: int) -> None:
        """Try the cheapest combinations, more in each round, until those of one person would fill the memory."""
        tried, count = 0, self.first
        while len(pending := self._pending(among)) and count * radix <= self.sums:
            for people in pending.split(max(1, self.sums // (count * radix))):
                cost, digits, ceiling = cheapest(self.options.costs[people], self.floor[people], tried, count)
                row, place = (cost < ceiling[:, None]).nonzero(as_tuple=True)
                self._try(people[row], cost[row, place], digits[row, place])
                self.floor[people] = ceiling
            tried, count = count, count * _GROWTH

    def _alike(self, among: Tensor) -> list[tuple[list[int], Tensor]]:
        """Return pending people by how many options they have of each feature."""
        alike: dict[tuple[int, ...], list[int]] = {}
        people = self._pending(among)
        for person, widths in zip(people.tolist(), self.options.widths[people].tolist(), strict=True):
            alike.setdefault(tuple(widths), []).append(person)
        return [(list(widths), torch.tensor(members)) for widths, members in alike.items()]

    def _try_all(self, widths: list[int], people: Tensor) -> None:
        """Go through all combinations of people with so many options each."""
        combinations = math.prod(widths)
        block = min(combinations, self.sums)
        for some in people.split(max(1, self.sums // block)):
            for start in range(0, combinations, block):
                digits = numbered(widths, start, min(start + block, combinations))
                self._try_untried(some, digits)

    def _try_some(self, person: int) -> None:
        """Go through the combinations of one person that change few features."""
        widths = self.options.widths[person].tolist()
        if self.changes is not None and count(widths, self.changes) <= self.most:
            changes, picks = self.changes, [spread(width, width) for width in widths]
        else:
            changes, picks = few_changes(widths, self.most)
            changes = changes if self.changes is None else min(changes, self.changes)
            self.cut[person] = changes
        self._try_untried(torch.tensor([person]), combined(picks, changes))

    def _try_untried(self, people: Tensor, digits: Tensor) -> None:
        """Try combinations `(rows, columns)`, the same ones for all these people, less those that were tried."""
        cost = self.floor.new_zeros(len(people), len(digits))
        for slot, digit in enumerate(digits.unbind(-1)):
            cost += self.options.costs[people, slot][:, digit.long()]
        untried = (cost >= self.floor[people, None]) & (cost <= self.cost[people, None]) & (cost < torch.inf)
        row, place = untried.nonzero(as_tuple=True)
        self._try(people[row], cost[row, place], digits[place])

    def _try(self, people: Tensor, cost: Tensor, digits: Tensor) -> None:
        """Take up the best allowed ones of candidates `(rows,)`, `(rows,)`, `(rows, columns)`, cheap ones first."""
        for chunk in cost.argsort().split(self.rows) if len(cost) else ():
            chunk = chunk[cost[chunk] <= self.cost[people[chunk]]]
            chunk = chunk[self.allowed(people[chunk], digits[chunk].long())]
            if self.plausible is not None:
                chunk = self._plausible_ones(self.plausible, chunk, people, cost, digits)
            self._take_up(people[chunk], cost[chunk], digits[chunk].long())

    @staticmethod
    def _plausible_ones(plausible: Allowed, chunk: Tensor, people: Tensor, cost: Tensor, digits: Tensor) -> Tensor:
        """Return those of a chunk, cheap ones first, that pass the slow test, less what is dearer than others there."""
        found, share = chunk[:0], 1
        while len(chunk):
            order = people[chunk].argsort(stable=True)
            _, counts = people[chunk].unique(return_counts=True)
            place = torch.empty_like(order)
            place[order] = torch.arange(len(order)) - (counts.cumsum(0) - counts).repeat_interleave(counts)
            now, chunk = chunk[place < share], chunk[place >= share]
            now = now[plausible(people[now], digits[now].long())]
            found, share = torch.cat([found, now]), share * _GROWTH
            if len(now) and len(chunk):
                size = int(people.max()) + 1
                least = cost.new_full((size,), torch.inf).scatter_reduce(0, people[now], cost[now], "amin")
                chunk = chunk[cost[chunk] <= least[people[chunk]]]
        return found

    def _take_up(self, people: Tensor, cost: Tensor, digits: Tensor) -> None:
        """Remember those of the allowed candidates that are better than the best so far."""
        before = self.cost.clone()
        self.cost.scatter_reduce_(0, people, cost, "amin")
        keep = cost == self.cost[people]
        people, digits = people[keep], digits[keep]
        standing = people.unique()
        standing = standing[before[standing] == self.cost[standing]]
        people, digits = torch.cat([people, standing]), torch.cat([digits, self.best[standing]])
        keys = torch.cat([(digits > 0).sum(-1, keepdim=True), digits], -1)
        for column in range(keys.shape[1]):
            least = torch.full_like(before, _NO_KEY, dtype=torch.long)
            least.scatter_reduce_(0, people, keys[:, column], "amin")
            keep = keys[:, column] == least[people]
            people, keys = people[keep], keys[keep]
        self.best[people] = keys[:, 1:]


def _of_few(allowed: Allowed, changes: int) -> Allowed:
    """Return the test that a combination changes at most so many features, and is `allowed`."""

    def both(people: Tensor, digits: Tensor) -> Tensor:
        found = (digits > 0).sum(-1) <= changes
        few = found.nonzero().squeeze(1)
        found[few] = allowed(people[few], digits[few])
        return found

    return both


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
