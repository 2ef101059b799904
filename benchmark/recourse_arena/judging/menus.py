"""What a menu offers to each person, as the judge finds it: what works, at which cost, and what is off the menu."""

from __future__ import annotations

__all__ = ["breaks_menu", "offered"]

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import torch
from torch import Tensor

from recourse_arena.menus.asked import MenuAsked
from recourse_arena.menus.menu import Menu, Offers
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request


def breaks_menu(request: Request, recommendation: Recommendation, costs: Tensor) -> Tensor:
    """Return whose advice is not what a scenario asks of menus, bool `(people,)`.

    That is: who got an action without a menu where one is asked for, one that is not an action of their cluster's list
    or not available to them, one of a longer list than asked for or of more clusters, or one above the budget.

    Arguments:
        request: The people.
        recommendation: What they were advised.
        costs: Weighted cost of that, `(people,)`.
    """
    asked, menu, pick = request.menu, recommendation.menu, recommendation.pick
    wrong = torch.zeros(len(request), dtype=torch.bool)
    if asked is not None:
        wrong |= costs.double() > asked.budget
    if menu is None or pick is None:
        return recommendation.solved & (wrong | (asked is not None))
    offers, each = _offers(menu, request), torch.arange(len(request))
    place = pick.clamp(0, menu.size - 1)
    same = offers.mask[each, place] == recommendation.mask
    values = recommendation.values.to(request.factual.dtype)
    same &= (offers.values[each, place] == values) | ~recommendation.mask
    wrong |= (pick != place) | ~same.all(1) | ~offers.available[each, place]
    return recommendation.solved & (wrong | _too_long(menu, offers, asked))


def _too_long(menu: Menu, offers: Offers, asked: MenuAsked | None) -> Tensor:
    """Return whose list has more actions, or whose menu more clusters, than a scenario asks for, bool `(people,)`."""
    if asked is None:
        return torch.zeros(len(offers.cluster), dtype=torch.bool)
    return (menu.there.sum(1)[offers.cluster] > asked.size) | (menu.clusters > asked.clusters)


def offered(
    request: Request, recommendation: Recommendation, helps: Callable[[Request, Recommendation], Tensor]
) -> dict[str, object]:
    """Return what records say of a menu: `cluster`, `pick`, `available`, `choices`, and whether each action works.

    Clusters and actions are counted from 1. `available` counts the offers that touch nothing the person ruled out,
    `choices` those of them that also work: that keep every constraint and the budget, and are decided positively after
    their effects. `offer_works_N` and `offer_cost_N`, the weighted cost, are missing where the person's cluster has no
    N-th action, the cost too where it is not available. Nothing works of a menu with more actions or clusters than
    the scenario asks for. Nothing, where there is no menu.

    Arguments:
        request: The people.
        recommendation: What they were advised.
        helps: Returns who of a request is helped by actions, bool `(people,)`.
    """
    menu = recommendation.menu
    if menu is None or recommendation.pick is None:
        return {}
    offers = _offers(menu, request)
    who, which = offers.available.nonzero(as_tuple=True)
    works = torch.zeros(offers.available.shape, dtype=torch.bool)
    cost = torch.full(offers.available.shape, torch.nan, dtype=torch.float64)
    if len(who):
        rows, mask, values = request[who], offers.mask[who, which], offers.values[who, which]
        cost[who, which] = rows.cost(values, mask).double()
        works[who, which] = helps(replace(rows, menu=None), Recommendation.do(mask, values))
        works &= cost.nan_to_num(torch.inf) <= (torch.inf if request.menu is None else request.menu.budget)
        works &= ~_too_long(menu, offers, request.menu)[:, None]
    there = menu.there[offers.cluster]
    pick, solved = recommendation.pick, recommendation.solved & (recommendation.pick >= 0)
    columns: dict[str, object] = {
        "cluster": offers.cluster + 1,
        "pick": pd.arrays.IntegerArray((pick + 1).numpy(), (~solved).numpy()),
        "available": offers.available.sum(1),
        "choices": works.sum(1),
    }
    for n in range(menu.size):
        known = pd.arrays.BooleanArray(works[:, n].numpy().copy(), (~there[:, n]).numpy())
        columns |= {f"offer_works_{n + 1}": known, f"offer_cost_{n + 1}": cost[:, n].float()}
    return columns


def _offers(menu: Menu, request: Request) -> Offers:
    return menu.offers(request.factual, request.features, request.actionable, request.box)
