"""Composing a menu: candidates of the ladders, what the scenario is after, and the few that are chosen."""

from __future__ import annotations

__all__ = ["Composer", "Wish", "composed"]

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from recourse_arena import Menu, MenuAsked, Problem, Solver, derive_seed, generator
from recourse_arena_menus.audience import Audience
from recourse_arena_menus.effects import Effects
from recourse_arena_menus.ladders import Ladders
from recourse_arena_menus.search.candidates import coarse, neighbours
from recourse_arena_menus.search.clusters import clustered
from recourse_arena_menus.search.facility import Aim, chosen_from
from recourse_arena_menus.search.summarising import as_actions

_MARGIN = 0.05
"""For how much more of each group an action must work than is asked of a choice: for people who are not seen."""

_FOR_ALL = 10.0
"""What getting nothing costs where one action is to serve a whole group, in times of the dearest move: help comes
before what it costs, or the cheapest action leaves out those for whom it does not suffice."""

_FEW = 5
"""People below which a group's share says nothing of an action in a cluster."""

_ROUNDS, _STARTS = 3, 4
"""Rounds of neighbours on a stride; menus drawn to start swaps from, in the last round."""


@dataclass(frozen=True)
class Wish:
    """What a menu is composed for.

    Arguments:
        asked: What the scenario asks of it.
        worst: Whether the group that fares worst comes first.
        gap: How far apart the shares of groups with recourse may be among training people; none does not ask.
        price: What getting nothing costs, in times of the dearest move; by default :attr:`times`.
    """

    asked: MenuAsked
    worst: bool = False
    gap: float | None = None
    price: float | None = None

    @property
    def times(self) -> float:
        """What getting nothing costs, in times of the dearest move: 1, and where one action is to serve all 10."""
        return self.price or (_FOR_ALL if self.asked.objective == "ee-macro" else 1.0)


class Composer:
    """Chooses the actions of one cluster out of a table of effects.

    Arguments:
        effects: The table, which grows where more is asked for.
        wish: What for.
        size: How many actions.
        seed: Seed of menus and neighbours that are drawn.
    """

    def __init__(self, effects: Effects, wish: Wish, size: int, *, seed: int) -> None:
        self.effects, self.wish, self.size = effects, wish, size
        self.draws = generator(seed, "menu", "search")

    @property
    def audience(self) -> Audience:
        """The people it is composed on."""
        return self.effects.audience

    @property
    def nothing(self) -> float:
        """What getting nothing costs."""
        return self.audience.dearest * self.wish.times

    @cached_property
    def aim(self) -> Aim:
        """What menus are compared by."""
        people, wish = self.audience, self.wish
        choice = wish.asked.objective in ("ecr", "hybrid")
        share, group = people.share / people.share.sum(), people.group
        if wish.asked.objective == "ee-macro":
            present = people.sizes > 0
            weight = torch.zeros(len(people.names), dtype=torch.float64).index_add(0, group, share)[present]
            share, group = weight, present.nonzero()[:, 0]
        return Aim(self.nothing, share, group, len(people.names), wish.worst, wish.gap, fill=choice)

    def cost(self, numbers: Tensor | None = None) -> Tensor:
        """Return what actions cost whom: people, or groups on average where one action is to serve each of them.

        In double precision `(..., people)`; `nothing` where an action does not work.

        Arguments:
            numbers: Numbers of actions, long `(...,)`; by default of all, in order.
        """
        nothing, works, cost = self.nothing, self.effects.works, self.effects.cost
        if numbers is not None:
            works, cost = works[numbers], cost[numbers]
        paid = torch.where(works, cost.double(), nothing).clamp(max=nothing)
        if self.wish.asked.objective != "ee-macro":
            return paid
        sizes = self.audience.sizes
        member = torch.nn.functional.one_hot(self.audience.group, len(sizes)).double() / sizes.clamp(min=1)
        return (paid @ member)[..., sizes > 0]

    def search(self, most: int) -> list[int]:
        """Return the numbers of the chosen actions, from a coarse ladder of `most` and then from neighbours."""
        actions, stride = coarse(self.effects.ladders, most)
        self.effects.ask(actions)
        menu = self.choose()
        while True:
            stride = max(1, stride // 2)
            for _ in range(_ROUNDS):
                before, known = menu, len(self.effects)
                near = neighbours(self.effects.ladders, self.effects.actions[menu], stride, most, self.draws)
                self.effects.ask(near)
                if len(self.effects) == known:
                    break
                menu = self.choose([before])
                if menu == before:
                    break
            if stride == 1:
                return self.choose([menu], random=_STARTS)

    def among(self, other: Solver, *, seed: int) -> list[int]:
        """Return the numbers of the actions chosen among those that another solver advises each person."""
        problem, request = self.effects.problem, replace(self.audience.request, menu=None)
        other.fit(replace(problem.seen_by(other.knows), menu=None), seed=seed)
        advised = as_actions(request, other.recommend(request))
        if advised is None:
            return []
        self.effects.add(advised)
        return self.choose(random=_STARTS)

    def choose(self, starts: list[list[int]] | None = None, random: int = 0) -> list[int]:
        """Return the numbers of the best actions among those decided so far, ascending.

        What is to be a choice must work for its share of each group and a margin; where too few actions do, without
        the margin; where none does, the actions that come closest are chosen for equal choice, and any for both.
        """
        cost = self.cost()
        if not len(cost):
            return []
        allowed = self.allowed()
        places = allowed.nonzero()[:, 0]
        number = {place: i for i, place in enumerate(places.tolist())}
        kept = [[number[place] for place in start if place in number] for start in starts or ()]
        found = chosen_from(cost[places], self.size, self.aim, starts=kept, random=random, draws=self.draws)
        return places[found].tolist()

    def allowed(self) -> Tensor:
        """Return which of the actions decided so far may be chosen, bool `(actions,)`."""
        asked, rates = self.wish.asked, self.effects.rates
        if asked.objective not in ("ecr", "hybrid"):
            return torch.ones(len(rates), dtype=torch.bool)
        large = self.audience.sizes >= min(_FEW, int(self.audience.sizes.max()))
        least = rates[:, large].amin(1)
        for share in (min(1.0, asked.share + _MARGIN), asked.share):
            if int((least >= share).sum()) >= self.size:
                return least >= share
        if asked.objective == "hybrid":
            return torch.ones(len(rates), dtype=torch.bool)
        return least >= least.sort(descending=True).values[min(self.size, len(least)) - 1]

    def loss(self, menu: list[int]) -> float:
        """Return what the average person of the average group pays with a menu."""
        return float(self.losses(torch.tensor([menu]))[0]) if menu else self.nothing

    def losses(self, menus: Tensor) -> Tensor:
        """Return what the average person of the average group pays with each menu, in double precision `(menus,)`.

        It is the objective of the solver `menu`, whatever may be chosen.

        Arguments:
            menus: Numbers of actions, long `(menus, actions)`.
        """
        return self.cost(menus).amin(1) @ self.aim.share

    def padded(self, chosen: list[int]) -> tuple[Tensor, Tensor]:
        """Return moves and amounts of the chosen actions, and nothing in the room that is left, `(size, features)`."""
        moves, amounts = _nothing(self.size, self.effects.problem)
        moves[: len(chosen)], amounts[: len(chosen)] = self.effects.spelt(torch.tensor(chosen, dtype=torch.int64))
        return moves, amounts


def composed(
    problem: Problem,
    wish: Wish,
    choose: Callable[[Composer], list[int]],
    *,
    size: int,
    clusters: int,
    seed: int,
    rungs: int,
    people: int,
    bounds: bool = False,
) -> Menu:
    """Return a menu with the actions that `choose` returns for each cluster.

    Arguments:
        problem: The problem.
        wish: What the menu is for.
        choose: Returns the numbers of chosen actions of one cluster; it is not asked about one that nobody is in.
        size: How many actions each cluster may have.
        clusters: How many clusters.
        seed: The seed.
        rungs: About how many amounts a number has each way.
        people: How many people at most, in all clusters together.
        bounds: Whether numbers may become at least or at most a value, too.
    """
    ladders = Ladders.of(problem, rungs, bounds=bounds)
    rule = clustered(problem, clusters, seed=seed)
    everybody = Audience.of(problem, seed=seed, most=people)
    cluster = rule(everybody.request.factual, problem.features)
    lists = []
    for number in range(clusters):
        some = everybody[cluster == number]
        if not len(some) or not len(ladders):
            lists.append(_nothing(size, problem))
            continue
        composer = Composer(Effects(problem, ladders, some), wish, size, seed=derive_seed(seed, "cluster", str(number)))
        lists.append(composer.padded(choose(composer)))
        problem.report((number + 1) / clusters)
    moves, amounts = zip(*lists, strict=True)
    return Menu(torch.stack(moves), torch.stack(amounts), rule)


def _nothing(size: int, problem: Problem) -> tuple[Tensor, Tensor]:
    shape = (size, len(problem.features))
    return torch.zeros(shape, dtype=torch.int8), torch.zeros(shape, dtype=torch.float64)
