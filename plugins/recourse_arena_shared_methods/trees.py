"""Trees whose leaves have actions, grown where a split lowers most what people pay."""

from __future__ import annotations

__all__ = ["Growing", "menu_of_tree", "table_of"]

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena import FeatureTable, Kind, Menu, MenuAsked, OneCluster, Problem, SplitTree
from recourse_arena_menus.audience import Audience
from recourse_arena_menus.composing import Composer, Wish
from recourse_arena_menus.effects import Effects
from recourse_arena_menus.ladders import Ladders
from recourse_arena_menus.search.facility import chosen_from

_THRESHOLDS = 8
"""Thresholds of a number that are tried."""


@dataclass(frozen=True)
class Growing:
    """How a tree grows.

    Arguments:
        leaves: How many leaves it has at most.
        gain: What a split must lower the mean cost by at least.
        least: How many people a leaf has at least.
        features: Columns of the features that it may ask about.
    """

    leaves: int
    gain: float
    least: int
    features: tuple[int, ...]


def table_of(problem: Problem, *, size: int, seed: int, rungs: int, people: int) -> Composer:
    """Return a composer whose people count one by one, whatever else the scenario is after."""
    wish = Wish(replace(problem.menu or MenuAsked(), objective="ee-micro"))
    effects = Effects(problem, Ladders.of(problem, rungs), Audience.of(problem, seed=seed, most=people))
    return Composer(effects, wish, size, seed=seed)


def menu_of_tree(composer: Composer, cost: Tensor, growing: Growing) -> Menu:
    """Return the menu of a tree's leaves, with the best actions of each.

    Arguments:
        composer: Its table holds the actions, and its people are those whom the tree is grown on.
        cost: What each action of the table costs each person, `nothing` where it does not work, `(actions, people)`.
        growing: How the tree grows.
    """
    problem, audience = composer.effects.problem, composer.audience
    x, share = audience.request.factual.double(), composer.aim.share
    tree, leaf = _grown(x, cost * share, problem.features, growing)
    lists = []
    for number in range(int(leaf.max()) + 1):
        here = leaf == number
        aim = replace(composer.aim, share=share[here], group=audience.group[here])
        chosen = chosen_from(cost[:, here], composer.size, aim, draws=composer.draws) if len(cost) else []
        lists.append(composer.padded(chosen))
    moves, amounts = zip(*lists, strict=True)
    return Menu(torch.stack(moves), torch.stack(amounts), tree or OneCluster())


def _grown(x: Tensor, paid: Tensor, features: FeatureTable, growing: Growing) -> tuple[SplitTree | None, Tensor]:
    """Return a tree, none if it has no split, and the leaf of each person, long `(people,)`."""
    splits, first = _splits(x, features, growing.features)
    feature, threshold, branches, node = [-1], [0.0], [(0, 0)], torch.zeros(len(x), dtype=torch.int64)
    while len(splits) and feature.count(-1) < growing.leaves:
        gains = [_gains(paid, node == leaf, first, growing.least) for leaf in range(len(feature))]
        open_ = [gain if feature[leaf] < 0 else torch.full_like(gain, -torch.inf) for leaf, gain in enumerate(gains)]
        best = torch.stack(open_)
        place = int(best.argmax())
        leaf, split = divmod(place, best.shape[1])
        if not float(best[leaf, split]) > growing.gain:
            break
        feature[leaf], threshold[leaf] = splits[split]
        branches[leaf] = (len(feature), len(feature) + 1)
        here = node == leaf
        node = torch.where(here, torch.where(first[split], len(feature), len(feature) + 1), node)
        feature += [-1, -1]
        threshold += [0.0, 0.0]
        branches += [(0, 0), (0, 0)]
    leaves = [place for place, asks in enumerate(feature) if asks < 0]
    cluster = torch.zeros(len(feature), dtype=torch.int64)
    cluster[leaves] = torch.arange(len(leaves))
    if len(leaves) == 1:
        return None, torch.zeros(len(x), dtype=torch.int64)
    asks, limits = torch.tensor(feature), torch.tensor(threshold, dtype=torch.float64)
    return SplitTree(asks, limits, torch.tensor(branches), cluster), cluster[node]


def _splits(x: Tensor, features: FeatureTable, columns: tuple[int, ...]) -> tuple[list[tuple[int, float]], Tensor]:
    """Return splits, a feature and a threshold or level each, and who goes the first way, bool `(splits, people)`."""
    splits: list[tuple[int, float]] = []
    first = []
    for j in columns:
        feature, column = features.features[j], x[:, j]
        if feature.kind is Kind.CATEGORICAL:
            values = [float(code) for code in feature.alphabetical]
            ways = [column == value for value in values]
        else:
            spread = torch.linspace(0, 1, _THRESHOLDS + 2, dtype=torch.float64)[1:-1]
            values = column.quantile(spread, interpolation="lower").unique().tolist()
            ways = [column <= value for value in values]
        splits += [(j, value) for value in values]
        first += ways
    return splits, torch.stack(first) if first else torch.zeros(0, len(x), dtype=torch.bool)


def _gains(paid: Tensor, here: Tensor, first: Tensor, least: int) -> Tensor:
    """Return by how much each split of some people lowers what they pay for the best action, `(splits,)`."""
    mine = paid[:, here]
    way = first[:, here].double()
    left, whole = mine @ way.T, mine.sum(1)
    gain = whole.amin() - left.amin(0) - (whole[:, None] - left).amin(0)
    count = way.sum(1)
    return torch.where((count >= least) & (int(here.sum()) - count >= least), gain, -torch.inf)
