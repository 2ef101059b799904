"""What a menu does for groups of people: shares with a working action, their gaps, and curves over what it may cost.

All of it is linear in people but for a maximum at the end, so that it is computed from kinds of people with weights:
those of the people at hand, or of a thousand resamples at once.

Sources: arXiv 2601.20449 and its released code for SR, PD and ECR; FACTS (Kavouras et al., NeurIPS 2023, arXiv
2306.14978) for micro and macro effectiveness and their curves over cost.
"""

from __future__ import annotations

__all__ = ["Grouped", "Kinds", "balanced", "gap", "least_cost", "widest"]

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recourse_arena.reporting.menus.cells import Offered
from recourse_arena.reporting.menus.protected import SMALL
from recourse_arena.statistics.alike import Alike
from recourse_arena.statistics.bootstrap import FEWEST, Array

_EDGES = 128
"""At how many costs the curves of resamples are held against each other; those of the people at hand at all of them."""


@dataclass(frozen=True)
class Grouped:
    """People of one seed with their groups.

    Arguments:
        offered: What they were offered.
        names: The groups that are scored, in the order of the alphabet.
        code: The group of each person, -1 for whoever is in none of these.
        small: How many people are in each group that is not scored.
    """

    offered: Offered
    names: tuple[str, ...]
    code: NDArray[np.int64]
    small: dict[str, int]

    @classmethod
    def of(cls, offered: Offered, labels: NDArray[np.object_]) -> Grouped:
        """Return people with their groups; those of fewer than 20 people are not scored.

        Arguments:
            offered: What they were offered.
            labels: The group of each person, empty where it is not known.
        """
        words, code, count = np.unique(labels.astype(str), return_inverse=True, return_counts=True)
        scored = (count >= SMALL) & (words != "")
        place = np.where(scored, np.cumsum(scored) - 1, -1)
        small = {str(w): int(n) for w, n, s in zip(words, count, scored, strict=True) if not s and w}
        return cls(offered, tuple(map(str, words[scored])), place[code.reshape(-1)], small)

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Who is in a group that is scored."""
        return self.code >= 0

    @cached_property
    def kinds(self) -> Kinds:
        """The kinds of people in these groups."""
        return self._kinds(self.offered.cheapest, self.offered.cost)

    def resampled(self, entropy: int) -> tuple[Kinds, Array]:
        """Return kinds of people and their weights in each resample.

        What the cheapest action costs is rounded up to one of 128 values, and of each action only whether it works is
        told: fewer kinds are quicker drawn.
        """
        edges = np.unique(self.offered.cheapest[self.offered.helped])
        if len(edges) > _EDGES:
            edges = np.unique(np.quantile(edges, np.linspace(0, 1, _EDGES), method="higher"))
        edges = np.append(edges, np.inf)
        rough = edges[np.searchsorted(edges, self.offered.cheapest)]
        kinds = self._kinds(rough, np.where(self.offered.works, 0.0, np.inf))
        best, worst = (np.concatenate([[cost], np.full(kinds.actions, cost), [-1.0]]) for cost in (0.0, np.inf))
        alike, weights = kinds.alike.drawn(best, worst, entropy=entropy)
        return Kinds(alike, kinds.actions), weights

    def _kinds(self, cheapest: Array, cost: Array) -> Kinds:
        columns = np.column_stack([cheapest, cost, self.offered.cluster])[self.scored]
        return Kinds(Alike.of(columns, self.code[self.scored], len(self.names)), cost.shape[1])

    def mean(self, values: Array) -> Array:
        """Return the mean of a value in each group, `(groups,)`; nan where it is known of nobody."""
        known = self.scored & np.isfinite(values)
        count = np.bincount(self.code[known], minlength=len(self.names))
        total = np.bincount(self.code[known], values[known], minlength=len(self.names))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(total / np.where(count > 0, count, np.nan))

    @property
    def people(self) -> NDArray[np.int64]:
        """How many people each group has."""
        return np.bincount(self.code[self.scored], minlength=len(self.names))


@dataclass(frozen=True)
class Kinds:
    """Kinds of people: what the cheapest working action costs them, what each costs, and whose cluster they are.

    Arguments:
        alike: Columns `cheapest`, one for each action (infinite where it does not work), and `cluster`.
        actions: How many actions there are.
    """

    alike: Alike
    actions: int

    @property
    def _cheapest(self) -> Array:
        return self.alike.values[:, 0]

    @property
    def _costs(self) -> Array:
        return self.alike.values[:, 1 : 1 + self.actions]

    @cached_property
    def _rooms(self) -> list[list[NDArray[np.int64]]]:
        """For each group which kinds are in it, cluster by cluster."""
        cluster, group = self.alike.values[:, -1], self.alike.group
        return [
            [np.flatnonzero((group == g) & (cluster == c)) for c in np.unique(cluster)]
            for g in range(self.alike.groups)
        ]

    @property
    def thresholds(self) -> Array:
        """All costs at which a curve may rise."""
        known = self.alike.values[:, : 1 + self.actions]
        return np.unique(known[np.isfinite(known)])

    def micro(self, weights: Array) -> Array:
        """Return the share of each group for whom any action of their cluster works, `(resamples, groups)`."""
        helped = np.isfinite(self._cheapest)
        return np.stack([weights[:, helped & (self.alike.group == g)].sum(1) for g in range(self.alike.groups)], axis=1)

    def macro(self, weights: Array) -> Array:
        """Return the share of each group for whom the one action works that does for most of the group.

        With clusters each has an action of its own for the group.
        """
        works = np.isfinite(self._costs).astype(float)
        return np.stack([sum(_best(weights[:, own] @ works[own]) for own in rooms) for rooms in self._rooms], axis=1)

    def shared(self, weights: Array) -> Array:
        """Return the share of each group for whom the one action works that does for most, on average over groups."""
        works = np.isfinite(self._costs).astype(float)
        total = np.zeros((len(weights), self.alike.groups))
        if not self.actions:
            return total
        for own in zip(*self._rooms, strict=True):
            effective = np.stack([weights[:, rows] @ works[rows] for rows in own], axis=1)  # (resamples, groups, n)
            best = effective.mean(1).argmax(1)
            total += np.take_along_axis(effective, best[:, None, None], axis=2)[:, :, 0]
        return total

    def curves(self, weights: Array) -> Array:
        """Return the share of each group with a working action at each cost, `(resamples, groups, thresholds)`."""
        at = self.thresholds
        found = np.zeros((len(weights), self.alike.groups, len(at)))
        for g in range(self.alike.groups):
            own = self.alike.group == g
            found[:, g] = _reached(self._cheapest[own], weights[:, own], at)
        return found

    def macro_curves(self) -> Array:
        """Return the same of the people at hand, each group with the one action that works for most of it at a cost."""
        weights, at = self.alike.weights[0], self.thresholds
        found = np.zeros((self.alike.groups, len(at)))
        for g, rooms in enumerate(self._rooms):
            for own in rooms:
                works = [_reached(self._costs[own, i], weights[own], at) for i in range(self.actions)]
                found[g] += np.max(works, axis=0, initial=0.0)
        return found

    def effective(self, phi: float, distinct: dict[int, NDArray[np.bool_]]) -> Array:
        """Return how many actions work for at least a share of each group, `(groups,)`, averaged over its clusters.

        Arguments:
            phi: The share.
            distinct: For each cluster which actions count: the same action twice counts once.
        """
        weights, works = self.alike.weights, np.isfinite(self._costs).astype(float)
        clusters = np.unique(self.alike.values[:, -1]).astype(int).tolist()
        found = np.zeros(self.alike.groups)
        for g, rooms in enumerate(self._rooms):
            for cluster, own in zip(clusters, rooms, strict=True):
                share = weights[0, own].sum()
                if share:
                    enough = weights[0, own] @ works[own] >= phi * share - 1e-12
                    found[g] += share * (enough & distinct[cluster]).sum()
        return found

    def worst_cluster(self) -> float:
        """Return the largest gap of any cluster, of groups with at least five people in it; nan without two such."""
        helped, count = np.isfinite(self._cheapest), self.alike.count
        gaps = []
        for own in zip(*self._rooms, strict=True):
            shares = [
                count[rows][helped[rows]].sum() / count[rows].sum() for rows in own if count[rows].sum() >= FEWEST
            ]
            if len(shares) > 1:
                gaps.append(max(shares) - min(shares))
        return float(max(gaps, default=np.nan))


def balanced(shares: Array) -> Array:
    """Return the mean over groups, the last axis; nan without any."""
    return shares.mean(-1) if shares.shape[-1] else np.full(shares.shape[:-1], np.nan)


def gap(shares: Array) -> Array:
    """Return the largest less the smallest over groups, the last axis; nan without two groups."""
    return shares.max(-1) - shares.min(-1) if shares.shape[-1] > 1 else np.full(shares.shape[:-1], np.nan)


def least_cost(curve: Array, thresholds: Array, phi: float) -> Array:
    """Return the least cost at which a curve `(groups, thresholds)` reaches a share; infinite where it never does."""
    reached = curve >= phi - 1e-12
    if not reached.shape[-1]:
        return np.full(curve.shape[:-1], np.inf)
    first = reached.argmax(-1)
    return np.where(reached.any(-1), thresholds[first], np.inf)


def _best(effective: Array) -> Array:
    return effective.max(1) if effective.shape[1] else np.zeros(len(effective))


def _reached(cost: Array, weights: Array, at: Array) -> Array:
    """Return how much weight is on costs up to each of some costs; `weights` may have resamples in front."""
    order = np.argsort(cost, kind="stable")
    total = weights[..., order].cumsum(-1)
    total = np.concatenate([np.zeros((*total.shape[:-1], 1)), total], axis=-1)
    return np.asarray(total[..., np.searchsorted(cost[order], at, side="right")])


def widest(curves: Array) -> Array:
    """Return the largest gap between groups at any cost, of curves `(resamples, groups, thresholds)`."""
    if curves.shape[1] < 2:
        return np.full(len(curves), np.nan)
    if not curves.shape[2]:
        return np.zeros(len(curves))
    return np.asarray((curves.max(1) - curves.min(1)).max(1))
