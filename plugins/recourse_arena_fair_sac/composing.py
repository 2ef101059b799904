"""From a problem to a menu: an agent for each cluster, and the choice among the menus that it met."""

from __future__ import annotations

__all__ = ["best", "compose", "some"]

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from recourse_arena import Menu, MenuAsked, Problem, generator
from recourse_arena_fair_sac.search import search
from recourse_arena_fair_sac.world import Worlds
from recourse_arena_menus.audience import Audience
from recourse_arena_menus.composing import Composer, Wish, composed
from recourse_arena_menus.effects import Effects
from recourse_arena_menus.rewards import Rewards
from recourse_arena_menus.search.clusters import clustered

if TYPE_CHECKING:
    from recourse_arena_fair_sac import FairSac

_PEOPLE = 500
"""People whose effects the agent sees at most."""

_SHORTLIST = 16
"""Kept menus that are compared on everybody."""

_RUNGS = 30
"""About how many amounts a number has each way it may move, as `menu` has."""

_ALL = 1 << 40
_TIE = 1e-9
_TOGETHER = 16


def compose(solver: FairSac, problem: Problem, *, size: int, clusters: int, seed: int) -> Menu:
    """Return the menu of a solver for a problem; see :meth:`MenuSolver.compose`."""
    wish, turns = Wish(problem.menu or MenuAsked()), itertools.count()

    def choose(everybody: Composer) -> list[int]:
        turn = next(turns)
        ladders = everybody.effects.ladders
        few = Composer(Effects(problem, ladders, some(everybody.audience, _PEOPLE)), wish, size, seed=seed)
        rewards = Rewards(few.effects, wish.asked)
        met = search(
            Worlds(ladders, size, solver.worlds, lambda menus: rewards(few.effects.ask(menus))),
            generator(seed, "fair-sac", str(turn)),
            steps=solver.steps,
            update_every=solver.update_every,
            report=lambda share: problem.report((turn + share) / clusters),
        )
        kept = met.successes if len(met.successes) else met.best[None]
        kept = best(everybody, best(few, kept, _SHORTLIST))
        if len(kept) > 1:
            kept = best(_validating(everybody, clusters, seed), kept)
        return everybody.effects.ask(kept[0]).unique().tolist()

    with threadpool_limits(1):  # sums of several threads are rounded in other ways
        return composed(problem, wish, choose, size=size, clusters=clusters, seed=seed, rungs=_RUNGS, people=_ALL)


def some(people: Audience, most: int) -> Audience:
    """Return at most so many of an audience, as many of each group as can be; groups count as much as before.

    They are the first ones of each group, for people stand in an order that was drawn.
    """
    sizes = people.sizes
    limits = torch.arange(1, max(1, int(sizes.max())) + 1)
    limit = max(1, int((torch.minimum(sizes[:, None], limits).sum(0) <= most).sum()))
    place = torch.arange(len(people)) - (sizes.cumsum(0) - sizes)[people.group]
    kept = people[place < limit]
    return replace(kept, share=kept.share * (sizes / kept.sizes.clamp(min=1))[kept.group])


def best(composer: Composer, menus: Tensor, most: int = 0) -> Tensor:
    """Return those menus of `(menus, actions, ladders)` that cost the average person of the average group least.

    Arguments:
        composer: What says so.
        menus: The menus.
        most: How many, the best ones first; 0 for the best one and those that equal it.
    """
    if len(menus) < 2 or not len(composer.audience):
        return menus
    numbers = composer.effects.ask(menus)
    losses = torch.cat([composer.losses(part) for part in numbers.split(_TOGETHER)])
    return menus[losses.argsort(stable=True)[:most]] if most else menus[losses <= losses.min() + _TIE]


def _validating(composer: Composer, clusters: int, seed: int) -> Composer:
    """Return what says how good menus of the same cluster are for validation people, of whom all count alike."""
    problem, ladders = composer.effects.problem, composer.effects.ladders
    people = Audience.of(replace(problem, training=problem.validation, protected=None), seed=seed, most=_ALL)
    rule = clustered(problem, clusters, seed=seed)
    cluster = rule(composer.audience.request.factual[:1], problem.features)
    same = people[rule(people.request.factual, problem.features) == cluster]
    return Composer(Effects(problem, ladders, same), composer.wish, composer.size, seed=seed)
