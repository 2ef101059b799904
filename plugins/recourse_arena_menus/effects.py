"""What shared actions do for whom, and what they cost each person: decided once and kept."""

from __future__ import annotations

__all__ = ["Effects"]

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from recourse_arena import Menu, Problem
from recourse_arena_menus.audience import Audience
from recourse_arena_menus.boxes import ByTrees
from recourse_arena_menus.ladders import Ladders

_ROWS = 1 << 17
"""People times actions that are decided together."""

_WORD = 16
"""Bits of a word."""

_COUNTS = np.unpackbits(np.arange(1 << _WORD, dtype=np.uint16).view(np.uint8)).reshape(-1, _WORD).sum(1, dtype=np.int64)
"""Bits that are set in each word."""


class Effects:
    """A table of shared actions, numbered as they were asked for, with what each does for an audience.

    Decisions are read off the trees of the decision model where the problem hands them out, and asked for elsewhere.

    Arguments:
        problem: The problem, whose causal and decision models are asked.
        ladders: What the actions are made of.
        audience: The people.
    """

    def __init__(self, problem: Problem, ladders: Ladders, audience: Audience) -> None:
        self.problem, self.ladders, self.audience = problem, ladders, audience
        self._by_trees = ByTrees.of(problem, ladders, audience.request)
        self._numbers: dict[bytes, int] = {}
        people, groups = len(audience), len(audience.names)
        self._actions = _Rows(torch.empty(0, len(ladders), dtype=torch.int64))
        self._moves = _Rows(torch.empty(0, len(ladders.features), dtype=torch.int8))
        self._amounts = _Rows(torch.empty(0, len(ladders.features), dtype=torch.float64))
        self._cost = _Rows(torch.empty(0, people, dtype=torch.float32))
        self._works = _Rows(torch.empty(0, people, dtype=torch.bool))
        self._rates = _Rows(torch.empty(0, groups, dtype=torch.float64))
        self._mean_cost = _Rows(torch.empty(0, dtype=torch.float64))
        self._bits = _Rows(torch.empty(0, self._starts[-1], dtype=torch.int32))

    def __len__(self) -> int:
        return len(self._numbers)

    def ask(self, actions: Tensor) -> Tensor:
        """Return the numbers of actions `(..., ladders)` in the table, long `(...,)`; what is new is decided first."""
        rows = actions.reshape(-1, len(self.ladders)).contiguous()
        keys = [row.tobytes() for row in rows.numpy()]
        new: dict[bytes, int] = {}
        for place, key in enumerate(keys):
            if key not in self._numbers and key not in new:
                new[key] = place
        if new:
            self._decide(rows[list(new.values())])
            for key in new:
                self._numbers[key] = len(self._numbers)
        return torch.tensor([self._numbers[key] for key in keys], dtype=torch.int64).reshape(actions.shape[:-1])

    def add(self, menu: Menu) -> Tensor:
        """Return the numbers, long `(actions,)`, of actions that are on no ladder: those of a menu of one cluster.

        Their place in :attr:`actions` is to leave everything.
        """
        first = len(self._numbers)
        for start in range(0, menu.size, self._together):
            part = slice(start, start + self._together)
            piece = Menu(menu.moves[:, part], menu.amounts[:, part])
            self._actions.extend(self.ladders.home.expand(piece.size, -1))
            self._keep(piece)
        numbers = torch.arange(first, first + menu.size)
        self._numbers.update({f"menu {number}".encode(): number for number in numbers.tolist()})
        return numbers

    @property
    def actions(self) -> Tensor:
        """The actions decided so far, long `(actions, ladders)`."""
        return self._actions.filled

    def spelt(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Return the moves, int8, and amounts, in double precision, of actions by number: `(..., features)` each."""
        return self._moves.filled[numbers], self._amounts.filled[numbers]

    @property
    def moved(self) -> Tensor:
        """Which features each action moves, bool `(actions, features)`."""
        return self._moves.filled != 0

    @property
    def cost(self) -> Tensor:
        """What each action costs each person, weighted, float `(actions, people)`; infinite where it is not theirs.

        It is not where it would act on what the person ruled out, or changes nothing.
        """
        return self._cost.filled

    @property
    def works(self) -> Tensor:
        """For whom each action works, bool `(actions, people)`.

        It works where it is available, keeps the rules between features, acts on no more features than the person may
        be told to, costs no more than the budget, and the person is decided positively after it and all that follows
        from it.
        """
        return self._works.filled

    @property
    def rates(self) -> Tensor:
        """For which share of each group each action works, in double precision `(actions, groups)`."""
        return self._rates.filled

    @property
    def mean_cost(self) -> Tensor:
        """Mean cost of each action for those who may take it, `(actions,)` in double precision; 0 where nobody may."""
        return self._mean_cost.filled

    @property
    def bits(self) -> Tensor:
        """For whom each action works, as words of 16 bits, int32 `(actions, words)`; each group has its own words."""
        return self._bits.filled

    def shares(self, menus: Tensor) -> Tensor:
        """Return for which share of each group any action of each menu works, `(menus, groups)` in double precision.

        Arguments:
            menus: Numbers of actions, long `(menus, actions)`.
        """
        words = self.bits[menus]
        helped = words[:, 0]
        for place in range(1, menus.shape[1]):
            helped = helped | words[:, place]
        return self._counted(helped) / self.audience.sizes.clamp(min=1)

    def _counted(self, words: Tensor) -> Tensor:
        """Return how many people of each group have their bit set, `(rows, groups)` in double precision."""
        ones = torch.from_numpy(_COUNTS[words.numpy()]).cumsum(1)
        ones = torch.cat([ones.new_zeros(len(ones), 1), ones], 1)[:, self._starts]
        return (ones[:, 1:] - ones[:, :-1]).double()

    @cached_property
    def _starts(self) -> list[int]:
        """The first word of each group, and how many words there are."""
        words = [-(-size // _WORD) for size in self.audience.sizes.tolist()]
        return [0, *np.cumsum(words).tolist()]

    @cached_property
    def _bit_of(self) -> Tensor:
        """The bit of each person, long `(people,)`."""
        sizes, group = self.audience.sizes, self.audience.group
        place = torch.arange(len(group)) - (sizes.cumsum(0) - sizes)[group]
        return torch.tensor(self._starts)[group] * _WORD + place

    @property
    def _together(self) -> int:
        return max(1, _ROWS // max(1, len(self.audience)))

    def _decide(self, actions: Tensor) -> None:
        accepted = None if self._by_trees is None else self._by_trees(actions)
        for some in torch.arange(len(actions)).split(self._together):
            self._actions.extend(actions[some])
            self._keep(self.ladders.menu(actions[some]), None if accepted is None else accepted[some].T)

    def _keep(self, menu: Menu, accepted: Tensor | None = None) -> None:
        """Decide what a menu of one cluster does for everybody.

        Arguments:
            menu: The menu.
            accepted: Who is accepted after which action, `(people, actions)`, if that is known.
        """
        self._moves.extend(menu.moves[0])
        self._amounts.extend(menu.amounts[0])
        request, features = self.audience.request, self.problem.features
        offers = menu.offers(request.factual, features, request.actionable, request.box)
        who, which = offers.available.nonzero(as_tuple=True)
        mask, values = offers.mask[who, which], offers.values[who, which]
        paid = request.unit_cost(request.factual[who], values, mask, request.weights[who])
        cost = torch.full(offers.available.shape, torch.inf)
        cost[who, which] = paid.float()
        budget = torch.inf if request.menu is None else request.menu.budget
        keeps = paid.double() <= budget
        if request.sparsity is not None:
            keeps &= mask.sum(1) <= request.sparsity
        keeps = keeps.nonzero()[:, 0]
        works = torch.zeros_like(offers.available)
        if len(keeps):
            who, which, mask, values = who[keeps], which[keeps], mask[keeps], values[keeps]
            if accepted is None:
                works[who, which] = self._asked(who, mask, values)
            else:
                broken = features.broken_rules(request.factual[who], values).any(1)
                works[who, which] = accepted[who, which] & ~broken
        self._cost.extend(cost.T)
        self._works.extend(works.T)
        there = offers.available.T
        self._mean_cost.extend(torch.where(there, cost.T, 0.0).double().sum(1) / there.sum(1).clamp(min=1))
        bits = torch.zeros(menu.size, self._starts[-1] * _WORD, dtype=torch.int32)
        bits[:, self._bit_of] = works.T.int()
        words = (bits.view(menu.size, -1, _WORD) << torch.arange(_WORD, dtype=torch.int32)).sum(-1, dtype=torch.int32)
        self._bits.extend(words)
        self._rates.extend(self._counted(words) / self.audience.sizes.clamp(min=1))

    def _asked(self, who: Tensor, mask: Tensor, values: Tensor) -> Tensor:
        """Return whether people are accepted after acts on them and keep the rules of features, bool `(acts,)`."""
        first, place = _distinct(who, values[:, self.problem.features.actionable])
        factual = self.audience.request.factual[who[first]]
        after = self.problem.causal_model.counterfactual(factual, mask[first], values[first])
        kept = self.problem.decisions.accepts(after) & ~self.problem.features.broken_rules(factual, after).any(1)
        return kept[place]


def _distinct(who: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows of which no two make the same of the same person, and for each row the place of its like among them.

    Bounds, and moves to at least so much, make the same of many people: each is decided once.
    """
    key = who
    for column in values.T:
        codes, code = column.unique(return_inverse=True)
        key = (key * len(codes) + code).unique(return_inverse=True)[1]
    count = int(key.max()) + 1
    first = torch.full((count,), len(key)).scatter_reduce(0, key, torch.arange(len(key)), "amin")
    return first, key


class _Rows:
    """A tensor that grows by rows, without being copied each time."""

    def __init__(self, empty: Tensor) -> None:
        self._held, self._count = empty, 0

    @property
    def filled(self) -> Tensor:
        return self._held[: self._count]

    def extend(self, rows: Tensor) -> None:
        count = self._count + len(rows)
        if count > len(self._held):
            held = self._held.new_empty(max(count, 2 * len(self._held)), *self._held.shape[1:])
            held[: self._count] = self.filled
            self._held = held
        self._held[self._count : count] = rows
        self._count = count
